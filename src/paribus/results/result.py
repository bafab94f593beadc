"""The record in which the training half and the reading half meet."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from paribus.declared import RESCUE
from paribus.errors import StudyError, unknown_name
from paribus.results.timings import Timing
from paribus.space import Config, show_value
from paribus.status import RunStatus
from paribus.study import Study


MAX_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What the data set of a study was.

    Attributes:
        name: For people: `"MNIST"`, or the file's name.
        source: Credit and licence, or the path; one line.
        n_train: Examples trained on, after the validation split was taken out.
        n_validation: Examples of the validation split, 0 if there is none.
        n_test: Examples of the test split.
        n_train_evaluated: Examples of the fixed training subset that is evaluated.
        n_classes: Number of labels; 0 where numbers are predicted.
        example_shape: Shape of one example, e.g. (28, 28).
        majority_share: Share of the most frequent training label: accuracy by guessing.
            0 where numbers are predicted: R2 by guessing.
        label_entropy: Entropy of the training labels, in nats, or for another loss what
            it is there: loss by guessing.
        content_hash: SHA-256 over all arrays and splits, in hexadecimal.
        notes: What a reader must know, e.g. that the test split was held out by us.
        guessing: Other metrics by guessing: e.g. `rmse`, the deviation from the mean.
    """

    name: str
    source: str
    n_train: int
    n_validation: int
    n_test: int
    n_train_evaluated: int
    n_classes: int
    example_shape: tuple[int, ...]
    majority_share: float
    label_entropy: float
    content_hash: str
    notes: tuple[str, ...] = ()
    guessing: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what describes no data: a study that was received may say anything."""
        texts = (self.name, self.source, self.content_hash, *self.notes)
        counts = (
            *(self.n_train, self.n_validation, self.n_test, self.n_train_evaluated),
            *(self.n_classes, *self.example_shape),
        )
        numbers = (self.majority_share, self.label_entropy, *self.guessing.values())
        wrong = [text for text in texts if not isinstance(text, str)]
        wrong += [n for n in counts if type(n) is not int or n < 0]
        wrong += [n for n in numbers if not isinstance(n, float) and type(n) is not int]
        if wrong:
            raise ValueError(
                f"a fact of the data must be of its kind, got {wrong[0]!r}"
            )

    def by_guessing(self, curve: str) -> float:
        """What guessing scores: the most frequent label, or the training mean.

        Args:
            curve: `<split>_<metric>`.

        Returns:
            NaN for metrics of which it is not known.
        """
        metric = curve.partition("_")[2]
        known = {"accuracy": self.majority_share, "loss": self.label_entropy}
        return {**known, **self.guessing}.get(metric, math.nan)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One call that trained some of a study's runs.

    Attributes:
        number: 1 for the first.
        started: When, as ISO 8601 in UTC.
        environment: Versions, device and machine: name -> text.
        n_runs: Runs it finished.
        seconds: From its start to its last commit, compilation included.
        other_orders: Seeds that began with another order of the data than in the
            attempts before it, though they should not.
        other_weights: Seeds that began with other weights.
    """

    number: int
    started: str
    environment: Mapping[str, str]
    n_runs: int
    seconds: float
    other_orders: tuple[int, ...] = ()
    other_weights: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Replays:
    """What was computed again after interruptions, compared with what was stored.

    Attributes:
        n_values: Values of training curves that were computed twice.
        n_different: How many have other bits.
        largest: The largest relative difference of two finite values.
    """

    n_values: int = 0
    n_different: int = 0
    largest: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyResult:
    """Everything a study found, as arrays with axes config, seed, evaluation.

    Attributes:
        study: What was asked. Its configs and seeds label the first two axes.
        data: What it was trained on.
        status: A `RunStatus` for each run.
        diverged_at: The first step with a non-finite loss or parameter, counted from 1;
            0 for runs that had none.
        epochs: When runs were evaluated, in epochs: the labels of the last axis.
        curves: `<split>_<metric>` -> values, e.g. `test_accuracy`, as fractions and
            nats. NaN where a run has not been evaluated, or has diverged before.
        messages: What failed runs raised: (config index, seed index) -> text.
        timings: Solo timings, by config; may be empty.
        attempts: Who trained it, in order; may be empty for results from elsewhere.
        measures: What was measured of each run as one number, by name, e.g.
            `overshoot_share`; NaN where it was not. `paribus.measures` says what each
            name means.
        correct: Split -> whether each of its examples was classified right after
            `study.epochs` epochs; only splits that were recorded. False throughout for
            a run that has diverged or is not trained.
        baseline_loss: Training loss that softmax regression reached in the study's
            epochs: the median over seeds at its best learning rate. None if it was not
            trained.
        replays: What interruptions have shown about repeating the numbers.
    """

    study: Study
    data: DataFacts
    status: Int[np.ndarray, "config seed"]
    diverged_at: Int[np.ndarray, "config seed"]
    epochs: Float[np.ndarray, " evaluation"]
    curves: Mapping[str, Float[np.ndarray, "config seed evaluation"]]
    messages: Mapping[tuple[int, int], str]
    timings: tuple[Timing, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    measures: Mapping[str, Float[np.ndarray, "config seed"]] = field(
        default_factory=dict
    )
    correct: Mapping[str, Bool[np.ndarray, "config seed example"]] = field(
        default_factory=dict
    )
    baseline_loss: float | None = None
    replays: Replays = Replays()

    @property
    def configs(self) -> tuple[Config, ...]:
        """The configs, in the order of the first axis."""
        return self.study.configs()

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in the order of the second axis: evaluation, then tuning seeds."""
        return self.study.all_seeds

    def of_seeds(self, seeds: tuple[int, ...]) -> "StudyResult":
        """The same study with some of its seeds only, as if it had no others.

        It tunes nothing and claims nothing, since claims may speak of tuned values.

        Args:
            seeds: e.g. `study.seeds`, to compare configs on seeds that chose nothing.
        """
        kept = [self.seeds.index(seed) for seed in seeds]
        by_new = {old: new for new, old in enumerate(kept)}
        return replace(
            self,
            study=replace(
                self.study,
                seeds=seeds,
                tuning=None,
                claims=(),
                diagnostics=tuple(n for n in self.study.diagnostics if n != RESCUE),
            ),
            status=self.status[:, kept],
            diverged_at=self.diverged_at[:, kept],
            curves={name: values[:, kept] for name, values in self.curves.items()},
            measures={name: values[:, kept] for name, values in self.measures.items()},
            correct={name: values[:, kept] for name, values in self.correct.items()},
            messages={
                (config, by_new[seed]): text
                for (config, seed), text in self.messages.items()
                if seed in by_new
            },
        )

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the curves: `train_loss`, `test_accuracy`, ..."""
        return tuple(self.curves)

    @property
    def primary_metric(self) -> str:
        """What configs are compared by: accuracy or RMSE, validation's, else test's.

        With a validation split the test split chooses nothing.
        """
        return self._deciding(self.study.task.primary)

    @property
    def score_metric(self) -> str:
        """What tells whether a run has learned: accuracy, or R2, of the same split."""
        return self._deciding(self.study.task.score)

    def _deciding(self, metric: str) -> str:
        has_validation = f"validation_{metric}" in self.curves
        return f"validation_{metric}" if has_validation else f"test_{metric}"

    def final(self, metric: str) -> Float[np.ndarray, "config seed"]:
        """The metric after `study.epochs` epochs; NaN for runs not evaluated then.

        Runs that go on for the sake of equal steps have later evaluations too.

        Raises:
            UnknownNameError: If no curve is called `metric`.
        """
        return self.curve(metric)[:, :, self.n_evaluations - 1]

    @property
    def n_evaluations(self) -> int:
        """Evaluations up to the end of `study.epochs` epochs."""
        epochs = self.study.budget.epochs
        return int(np.searchsorted(self.epochs, epochs + 1e-9))

    def curve(self, metric: str) -> Float[np.ndarray, "config seed evaluation"]:
        """The metric at every evaluation.

        Raises:
            UnknownNameError: If no curve is called `metric`.
        """
        if metric not in self.curves:
            raise unknown_name("metric", metric, self.curves)
        return self.curves[metric]

    @property
    def n_runs(self) -> int:
        """Runs that the study asks for; absent ones do not count."""
        return int((self.status != RunStatus.ABSENT).sum())

    def has_outcome(self) -> np.ndarray:
        """Which runs are results, config by seed: finished, whatever became of them."""
        return self.status >= RunStatus.DIVERGED

    def seconds_per_epoch(self, config: Config) -> float | None:
        """The solo time of an epoch of `config`, None if it was not timed.

        Configs that differ in traced hyperparameters only share a program and its time.
        """
        timing = self.timing(config)
        return None if timing is None else timing.seconds_per_epoch

    def timing(self, config: Config) -> Timing | None:
        """The solo timing of the program of `config`, None if there is none."""
        static = self.study.static_part(config)
        for timing in self.timings:
            if self.study.static_part(timing.config) == static:
                return timing
        return None

    def config_index(self, values: Mapping[str, Any]) -> int:
        """The one config that has all of `values`.

        Raises:
            UnknownNameError: If a name is no hyperparameter of the space.
            StudyError: If no config or more than one has them.
        """
        indices = self.config_indices(values)
        if len(indices) == 1:
            return indices[0]
        labels = "; ".join(self.configs[index].label() for index in indices[:3])
        raise StudyError(
            f"{Config(values).label()} must name one config, "
            f"got {len(indices)}: {labels}",
            hint="name the other hyperparameters too",
        )

    def config_indices(self, values: Mapping[str, Any]) -> tuple[int, ...]:
        """Every config that has all of `values`.

        Raises:
            UnknownNameError: If a name is no hyperparameter of the space.
            StudyError: If no config has them.
        """
        for name in values:
            if name not in self.study.space.hyperparameters():
                raise unknown_name(
                    "hyperparameter", name, self.study.space.hyperparameters()
                )
        wanted = Config(values)
        indices = tuple(
            i for i, config in enumerate(self.configs) if config.matches(wanted)
        )
        if not indices:
            raise StudyError(
                f"no config has {wanted.label()}", hint=self._what_there_is(wanted)
            )
        return indices

    def _what_there_is(self, wanted: Config) -> str:
        """The values of what has none like those wanted; else the nearest configs."""
        for name, value in wanted.items():
            known = list(dict.fromkeys(c[name] for c in self.configs if name in c))
            if value not in known:
                shown = ", ".join(map(show_value, known[:MAX_SHOWN]))
                return f"`{name}` has {shown}{_left_out(known)}"
        near = sorted(
            self.configs,
            key=lambda config: sum(config.get(n) != v for n, v in wanted.items()),
        )
        labels = "; ".join(config.label() for config in near[:MAX_SHOWN])
        return f"the nearest are: {labels}{_left_out(near)}"


def _left_out(known: Sequence[object]) -> str:
    n_more = len(known) - MAX_SHOWN
    return f" and {n_more} more" if n_more > 0 else ""
