"""What a study would take to train, as data."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from paribus.study import Study


Basis = Literal["timings", "attempts", "arithmetic"]


@dataclass(frozen=True, kw_only=True)
class GroupForecast:
    """What the configs of one compiled program would take.

    Attributes:
        description: The static hyperparameters that the study varies; empty for none.
        n_configs: Configs that share the program.
        n_runs: Runs of them that are to be trained. While a study tunes, those that
            its choices will add are dealt out evenly.
        seconds: Roughly how long these take, all devices at work, compilation left
            out; None where nothing is known to go by.
        basis: What that rests on: the stored `timings` of the program, the stored
            `attempts` of the study, or the `arithmetic` of a training step beside the
            speed of one matrix product; None where there are no seconds.
    """

    description: str
    n_configs: int
    n_runs: int
    seconds: float | None
    basis: Basis | None


@dataclass(frozen=True, kw_only=True)
class HalvingForecast:
    """What stopping values early would save, where no two tie.

    Attributes:
        rungs: After how many epochs values are compared.
        n_values: For each number of values that a combination of the others has: how
            many reach each rung, and the end.
        n_epochs: Epochs that the runs that choose would train in all.
        n_whole: Epochs that they would train without.
    """

    rungs: tuple[int, ...]
    n_values: tuple[tuple[int, ...], ...]
    n_epochs: int
    n_whole: int


def forecast_halving(study: Study) -> HalvingForecast | None:
    """Count what successive halving would train; None for a study without it."""
    tuning, halving, epochs = study.tuning, study.halving, study.budget.epochs
    if tuning is None or halving is None:
        return None
    sizes = Counter(
        config.without(tuning.hyperparameter)
        for config in study.space.declared().configs()
        if tuning.tunes(config)
    )
    return HalvingForecast(
        rungs=halving.rungs(epochs),
        n_values=tuple(
            halving.n_at_rungs(n, epochs)
            for n in sorted(set(sizes.values()), reverse=True)
        ),
        n_epochs=tuning.n_choosing
        * sum(halving.n_epochs(n, epochs) for n in sizes.values()),
        n_whole=tuning.n_choosing * epochs * sum(sizes.values()),
    )


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a study would take to train.

    Attributes:
        study: The study that is asked for.
        n_runs: Runs of the finished study; while `is_open`, at most.
        groups: One for each compiled program, in the order of training.
        memory_bytes: Roughly the most that training needs at once on one machine, data
            and the Python process included.
        mapped_bytes: Data beside these that stay in their files: their pages are read
            as steps ask for them, and no memory has to be free for them.
        device: What would train, e.g. `"2 × cpu"`.
        is_open: Whether tuning has yet to choose, and may leave out some of `n_runs`.
        n_most: Where seeds are added until the claims are decided, runs of the study
            at its last look; `n_runs` are then those of the present look.
    """

    study: Study
    n_runs: int
    groups: tuple[GroupForecast, ...]
    memory_bytes: int
    device: str
    mapped_bytes: int = 0
    is_open: bool = False
    n_most: int | None = None

    @property
    def n_to_train(self) -> int:
        """Runs that are to be trained."""
        return sum(group.n_runs for group in self.groups)

    @property
    def halving(self) -> HalvingForecast | None:
        """What stopping values early would save; None where none are stopped."""
        return forecast_halving(self.study)

    @property
    def seconds(self) -> float | None:
        """Roughly how long that takes; None if any part is not known."""
        if any(group.seconds is None and group.n_runs for group in self.groups):
            return None
        return sum(group.seconds or 0.0 for group in self.groups)

    @property
    def bases(self) -> tuple[Basis, ...]:
        """What the seconds rest on, each once."""
        return tuple(dict.fromkeys(g.basis for g in self.groups if g.basis is not None))
