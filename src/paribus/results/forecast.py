"""What a study would take to train, as data."""

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
class Forecast:
    """What a study would take to train.

    Attributes:
        study: The study that is asked for.
        n_runs: Runs of the finished study; while `is_open`, at most.
        groups: One for each compiled program, in the order of training.
        memory_bytes: Roughly the most that training needs at once on one machine, data
            and the Python process included.
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
    is_open: bool = False
    n_most: int | None = None

    @property
    def n_to_train(self) -> int:
        """Runs that are to be trained."""
        return sum(group.n_runs for group in self.groups)

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
