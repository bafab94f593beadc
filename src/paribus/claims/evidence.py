"""What a study offers as evidence: the runs that judge, those that chose, measures."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool

from paribus.analysis.fastest import choose_fastest, chooses_by_time
from paribus.analysis.measure_facts import is_curve
from paribus.analysis.run_measures import RunMeasure, run_measure, values_at
from paribus.analysis.targets import optimizer_of
from paribus.analysis.tuned import ChosenBy, TunedChoice, best_rates, choosing_runs
from paribus.budget import epochs_after
from paribus.claims.rules import Relation
from paribus.errors import UnknownNameError
from paribus.hyperparameters import Value
from paribus.results import StudyResult
from paribus.space import Config, show_value


BudgetKind = Literal["epochs", "steps", "seconds", "target"]
Mode = Literal["", "tuned", "untuned"]

# Equal steps are by default what this batch size takes.
REFERENCE_BATCH_SIZE = 128


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The best value that a study found for one combination of the other settings.

    Attributes:
        config: Position of the config with it.
        value: The learning rate itself.
        others: The other hyperparameters.
        edge: Which end of the grid it lies on: `lower`, `upper` or None.
        value_to_add: What would extend the grid there.
        spacing_decades: Distance to the farther neighbour, in powers of ten.
        n_runs: Runs that chose: for each declared value, how many seeds.
        is_independent: Whether seeds chose it that judge nothing.
        n_refining: The same for each value that refined the best of these.
        passed_over: As `TunedChoice` has it.
        pruned_beside: As `TunedChoice` has it.
        by: As `TunedChoice` has it.
    """

    config: int
    value: float
    others: Config
    edge: Literal["lower", "upper"] | None
    value_to_add: float | None
    spacing_decades: float
    n_runs: tuple[int, ...]
    is_independent: bool
    n_refining: tuple[int, ...] = ()
    passed_over: tuple[float, float] | None = None
    pruned_beside: tuple[float, ...] = ()
    by: ChosenBy = "score"

    def say_passed_over(self) -> str:
        """A clause on a value that was better, not chosen since it often failed."""
        if self.passed_over is None:
            return ""
        value, lead = self.passed_over
        if self.by == "time":
            return (
                f"learning rate {show_value(value)} reached the target "
                f"{math.exp(lead):.2g} times as fast as {show_value(self.value)}, the "
                "fastest by the rule, but half its runs or more ended badly"
            )
        return (
            f"learning rate {show_value(value)} scored {lead:.2g} higher than "
            f"{show_value(self.value)}, the best by the rule, but half its runs or "
            "more did not learn"
        )


@dataclass(frozen=True, kw_only=True)
class Question:
    """One comparison put to the runs, oriented so that the claim predicts it above 0.

    Attributes:
        measure: What is compared.
        higher: Positions of the configs claimed higher; a mean of several.
        lower: Those claimed lower.
        sides: Both in words, claimed-higher first.
        relation: What is claimed.
        smallest_effect: A difference, or a ratio above 1; None for the default.
        budget: What is held equal.
        clock: Which clock times are on; empty where none is.
        epochs: After how many values are compared; None for the end of the budget.
        mode: Whether each side has its own learning rate; empty if that is the subject.
        choices: Choices of a best value that the sides rest on.
        needs_large_batch: Whether the claim is about a batch of a tenth of the data.
        is_against_best: Whether one side alone is the best that was found, so that a
            best one that is none would help the other.
        needs_fine_grid: Whether a coarse grid would make the best value look worse.
        needs_learners: Whether runs that ended badly are left out on both sides.
        judges_final_quality: Whether runs must have converged.
        generalises: Whether the sentence is about unseen examples: their luck counts.
        rung: Position in the ladder of targets, for times to target; -1 for the one
            whose time varies least in the runs that set them.
    """

    measure: str
    higher: tuple[int, ...] = ()
    lower: tuple[int, ...] = ()
    sides: tuple[str, str] = ("", "")
    relation: Relation = "greater"
    smallest_effect: float | None = None
    budget: BudgetKind = "epochs"
    clock: str = ""
    epochs: float | None = None
    mode: Mode = ""
    choices: tuple[Choice, ...] = ()
    needs_large_batch: bool = False
    is_against_best: bool = False
    needs_fine_grid: bool = False
    needs_learners: bool = False
    judges_final_quality: bool = False
    generalises: bool = False
    rung: int = 0

    @property
    def configs(self) -> tuple[int, ...]:
        """Positions of all configs of both sides."""
        return self.higher + self.lower


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """A study as its claims see it.

    Attributes:
        whole: All seeds, statuses as `classify_runs` gives them.
        judged: The evaluation seeds only: those that chose nothing.
        confidence_level: Of each interval, so that all hold together with 95 %.
    """

    whole: StudyResult
    judged: StudyResult
    confidence_level: float = 0.95
    _measures: dict[str, RunMeasure | None] = field(default_factory=dict)

    @classmethod
    def of(cls, result: StudyResult) -> "Evidence":
        """Split a result into what chose and what judges."""
        study = result.study
        judged = result if study.tuning is None else result.of_seeds(study.seeds)
        return cls(whole=result, judged=judged)

    def at_level(self, confidence_level: float) -> "Evidence":
        """The same evidence with intervals of another level."""
        return replace(self, confidence_level=confidence_level)

    def shared_among(self, n: int) -> "Evidence":
        """The same evidence with the error rate of an interval shared among `n`.

        For parts of which each alone may decide the whole wrongly.

        Example:
            An interval at 95 % becomes two that hold together with 95 %: 97.5 % each.
        """
        return self.at_level(1 - (1 - self.confidence_level) / n)

    def measure(self, name: str) -> RunMeasure | None:
        """A measure of the judging runs; None if the study has not recorded it.

        Raises:
            UnknownNameError: If nothing has the name.
        """
        if name not in self._measures:
            self._measures[name] = self._made(name)
        return self._measures[name]

    def epochs_at(self, budget: BudgetKind, configs: tuple[int, ...]) -> list[float]:
        """When each of the configs has spent an equal budget, in epochs of its own.

        Equal steps are those of the study's budget, or what batch size 128 takes in its
        epochs. Equal seconds are what the first of the configs to end has taken, by the
        solo timings; not a number where a config was not timed.
        """
        judged, n_train = self.judged, self.judged.data.n_train
        named = [judged.configs[i] for i in configs]
        if not n_train and budget != "epochs":  # of runs that another tool trained
            return [math.nan] * len(configs)
        ends = [judged.study.run_epochs(config, n_train) for config in named]
        if budget == "steps":
            sizes = [judged.study.settings(config).batch_size for config in named]
            steps = judged.study.budget.steps or math.ceil(
                judged.study.budget.epochs * n_train / REFERENCE_BATCH_SIZE
            )
            return [
                epochs_after(steps, n_train=n_train, batch_size=size) for size in sizes
            ]
        if budget == "seconds":
            seconds = [judged.seconds_per_epoch(c) or math.nan for c in named]
            shared = min(e * s for e, s in zip(ends, seconds, strict=True))
            return [shared / s for s in seconds]
        return [float(judged.study.budget.epochs)] * len(configs)

    def measure_at(
        self, name: str, budget: BudgetKind, configs: tuple[int, ...]
    ) -> RunMeasure | None:
        """A measure at the end of an equal budget; None if it has no value there.

        Of budgets other than the study's epochs curves alone tell anything: they are
        read between evaluations.
        """
        measure = self.measure(name)
        if measure is None or budget in ("epochs", "target"):
            return measure
        if not is_curve(name):
            return None
        values = np.full_like(measure.values, np.nan)
        for i, epochs in zip(configs, self.epochs_at(budget, configs), strict=True):
            values[i] = values_at(self.judged, name, i, epochs)
        has_value = np.isfinite(values[list(configs)]).any(axis=1).all()
        return replace(measure, values=values) if has_value else None

    def _made(self, name: str) -> RunMeasure | None:
        try:
            made = run_measure(self.judged, name)
        except UnknownNameError:
            raise
        except KeyError:
            return None
        return made if np.isfinite(made.values).any() else None

    @cached_property
    def optimizers(self) -> tuple[str, ...]:
        """The optimizers of the study, each once, in the order of its configs."""
        return tuple(dict.fromkeys(map(self.optimizer, self.judged.configs)))

    def optimizer(self, config: Config) -> str:
        """The optimizer of a config."""
        return optimizer_of(self.judged, config)

    def seeds_of(self, configs: tuple[int, ...]) -> Bool[np.ndarray, " seed"]:
        """The judging seeds with which all of the configs have ended."""
        return np.asarray(self.judged.has_outcome()[list(configs)].all(axis=0))

    @cached_property
    def choosing(self) -> StudyResult:
        """The runs that choose in a study with tuning, as training sees them."""
        return choosing_runs(self.whole)

    @cached_property
    def best_rates(self) -> Mapping[int, tuple[float, float]]:
        """As `analysis.tuned.best_rates`."""
        return best_rates(self.whole)

    @cached_property
    def fastest(self) -> Mapping[Config, TunedChoice]:
        """The other hyperparameters -> the choice by time; empty where none is made."""
        if not chooses_by_time(self.whole.study):
            return {}
        return {choice.others: choice for choice in choose_fastest(self.whole)}

    @cached_property
    def _by_seeds(self) -> dict[tuple[int, ...], StudyResult]:
        return {}

    def of_seeds(self, seeds: tuple[int, ...]) -> StudyResult:
        """The study with some of its seeds only, e.g. those that choose."""
        if seeds not in self._by_seeds:
            self._by_seeds[seeds] = self.whole.of_seeds(seeds)
        return self._by_seeds[seeds]


def is_same_value(a: Value | None, b: Value) -> bool:
    """Whether two values are one: numbers to a relative 1e-6, as files round them."""
    if isinstance(a, float | int) and isinstance(b, float | int):
        return math.isclose(a, b, rel_tol=1e-6)
    return a == b


def measure_of(evidence: Evidence, question: Question) -> RunMeasure | None:
    """What a question compares; None if the study has not recorded it."""
    return evidence.measure_at(question.measure, question.budget, question.configs)
