"""Which reasons are there not to trust the numbers of a study yet?"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from paribus.analysis.ends import BestAtEnd, best_at_ends
from paribus.analysis.scores import is_bad, is_learner, judged, oriented_scores
from paribus.analysis.solo_times import NoisyTiming, noisy_timing
from paribus.analysis.starts import (
    BrokenStarts,
    OtherStarts,
    broken_starts,
    other_starts,
)
from paribus.analysis.stopped import StoppedEarly, stopped_early
from paribus.analysis.ties import MIN_SEEDS_TO_JUDGE, is_rankable
from paribus.analysis.tuned import choose_tuned
from paribus.results import StudyResult
from paribus.results.progress import has_ended
from paribus.space import Config
from paribus.stats.power import seeds_needed
from paribus.stats.selection import select_value
from paribus.status import RunStatus


# Above these shares a comparison is refused (`paribus.claims`), so say it early.
MAX_UNCONVERGED_SHARE = 0.2
MIN_VALUES_WITH_EDGES = 3
FEW_SEEDS = 10

# A best value, its end of the grid and the value to add -> where it is so.
_Places = dict[tuple[float, Literal["lowest", "highest"], float], list[Config]]

LARGEST_EFFECT = 16.0  # standard deviations: with 2 seeds even this is not found


@dataclass(frozen=True, kw_only=True)
class MissingRuns:
    """Runs that the study asks for and that have no outcome.

    Attributes:
        n_missing: Pending, running and interrupted ones.
        n_failed: Those that raised an error.
        n_runs: All that the study asks for.
    """

    n_missing: int
    n_failed: int
    n_runs: int


@dataclass(frozen=True, kw_only=True)
class NothingLearned:
    """No run learned, so that no config is better than another.

    Attributes:
        n_runs: Those that have an outcome.
    """

    n_runs: int


@dataclass(frozen=True, kw_only=True)
class EdgeOfGrid:
    """A best value with nothing tried beyond it, so that a better one may lie there.

    Attributes:
        hyperparameter: Whose value.
        value: The best one that was tried.
        side: Which end of the grid it lies on.
        to_add: The value that would make it interior.
        others: The values of the other hyperparameters, for each place where it is so.
        n_places: Combinations of the others with at least 3 values of this one.
    """

    hyperparameter: str
    value: float
    side: Literal["lowest", "highest"]
    to_add: float
    others: tuple[Config, ...]
    n_places: int


@dataclass(frozen=True, kw_only=True)
class Unconverged:
    """Configs that many runs of were still improving when the budget was spent.

    Attributes:
        configs: Their indices.
        n_configs: Configs with runs.
        has_best: Whether the config with the highest mean is one of them.
    """

    configs: tuple[int, ...]
    n_configs: int
    has_best: bool


@dataclass(frozen=True, kw_only=True)
class FewSeeds:
    """Seeds that show only large effects.

    Attributes:
        n_seeds: Seeds of each config.
        is_below_minimum: Whether no verdict rests on so few.
        detectable: The difference that one comparison finds with 80 % power, in
            standard deviations of one run; None if even the largest sought is missed.
        n_intervals: How many intervals share the error rate with that comparison's.
    """

    n_seeds: int
    is_below_minimum: bool
    detectable: float | None
    n_intervals: int = 1


@dataclass(frozen=True, kw_only=True)
class LateClaims:
    """Claims that were declared or changed after the first run.

    Attributes:
        texts: Their words.
    """

    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EndedEarly:
    """Seeds were added until no claim needed more, before the last look.

    Attributes:
        n_seeds: Seeds of the look that ended the study.
        n_planned: Seeds of the last look.
        look: Which look it was, from 1.
    """

    n_seeds: int
    n_planned: int
    look: int


Caution = (
    MissingRuns
    | NothingLearned
    | BrokenStarts
    | OtherStarts
    | EdgeOfGrid
    | BestAtEnd
    | Unconverged
    | NoisyTiming
    | FewSeeds
    | LateClaims
    | EndedEarly
    | StoppedEarly
)
# Those that keep every other number from meaning much.
GRAVE = (MissingRuns, NothingLearned)


def find_cautions(result: StudyResult, *, n_intervals: int = 1) -> tuple[Caution, ...]:
    """Gather what a reader should know before believing any number.

    Args:
        result: Statuses as `classify_runs` gives them.
        n_intervals: How many intervals share the error rate: each is so much wider.

    Returns:
        The gravest first; empty if there is no reason for caution.
    """
    edges = _edges(result)
    at_edge = {edge.hyperparameter for edge in edges}
    found = (
        _missing_runs(result),
        _nothing_learned(result),
        broken_starts(result),
        other_starts(result),
        *edges,
        *(e for e in best_at_ends(result) if e.hyperparameter not in at_edge),
        _unconverged(judged(result)),
        _few_seeds(result, n_intervals),
        noisy_timing(result),
        _late_claims(result),
        _ended_early(result),
        stopped_early(result),
    )
    return tuple(caution for caution in found if caution is not None)


def detectable_effect(n_seeds: int, *, n_intervals: int = 1) -> float | None:
    """Find the difference that one comparison of `n_seeds` would probably see.

    Args:
        n_seeds: Of each config.
        n_intervals: How many intervals share the error rate (Bonferroni).

    Returns:
        In standard deviations of one run, to a tenth; with 80 % power, where all of the
        intervals hold together with 95 %, for independent sides. None if not even 16
        is found.
    """
    tenths = np.arange(1, int(10 * LARGEST_EFFECT) + 1)
    low, high = 0, len(tenths)
    while low < high:
        middle = (low + high) // 2
        effect = float(tenths[middle]) / 10
        needed = seeds_needed(effect, n_comparisons=n_intervals)
        if needed is not None and needed <= n_seeds:
            high = middle
        else:
            low = middle + 1
    return float(tenths[low]) / 10 if low < len(tenths) else None


def _missing_runs(result: StudyResult) -> MissingRuns | None:
    asked = result.status != RunStatus.ABSENT
    n_failed = int((result.status == RunStatus.FAILED).sum())
    n_missing = int((asked & ~has_ended(result.status)).sum()) - n_failed
    if not n_missing and not n_failed:
        return None
    n_runs = int(asked.sum())
    return MissingRuns(n_missing=n_missing, n_failed=n_failed, n_runs=n_runs)


def _nothing_learned(result: StudyResult) -> NothingLearned | None:
    n_runs = int(result.has_outcome().sum())
    if not n_runs or is_learner(result).any():
        return None
    return NothingLearned(n_runs=n_runs)


def _edges(result: StudyResult) -> list[EdgeOfGrid]:
    """Where the best learning rate, or what else is tuned, lies at an end."""
    if result.study.tuning is not None:
        return _tuned_edges(result)
    name = "learning_rate"
    if name not in result.study.space.hyperparameters():
        return []
    if result.primary_metric not in result.metrics:
        return []
    scores = oriented_scores(result, result.primary_metric)
    values = np.where(scores.is_counted, scores.values, np.nan)
    may_be_best = is_rankable(scores.is_counted.sum(axis=1))
    groups: dict[Config, list[int]] = {}
    for index, config in enumerate(result.configs):
        others = config.without(name)
        if isinstance(config.get(name), int | float) and scores.is_counted[index].any():
            groups.setdefault(others, []).append(index)
    groups = {o: g for o, g in groups.items() if len(g) >= MIN_VALUES_WITH_EDGES}
    found: _Places = {}
    for others, members in groups.items():
        rates = np.array([float(str(result.configs[i][name])) for i in members])
        if (rates <= 0).any():
            continue
        chosen = select_value(rates, values[members], is_bad(result)[members])
        if not may_be_best[members][rates == chosen.value].all():
            continue
        if chosen.value is not None and chosen.edge in ("lowest", "highest"):
            key = (chosen.value, chosen.edge, chosen.values_to_add[0])
            found.setdefault(key, []).append(others)
    return _edges_at(name, found, len(groups))


def _tuned_edges(result: StudyResult) -> list[EdgeOfGrid]:
    """Where tuning chose an end of the grid, by the seeds that choose."""
    sides: dict[str, Literal["lowest", "highest"]] = {
        "lower": "lowest",
        "upper": "highest",
    }
    found: _Places = {}
    choices = choose_tuned(result)
    for choice in choices:
        best, to_add = choice.best_value, choice.value_to_add
        if best is not None and to_add is not None and choice.edge in sides:
            key = best, sides[choice.edge], to_add
            found.setdefault(key, []).append(choice.others)
    assert result.study.tuning is not None
    return _edges_at(result.study.tuning.hyperparameter, found, len(choices))


def _edges_at(name: str, found: _Places, n_places: int) -> list[EdgeOfGrid]:
    return [
        EdgeOfGrid(
            hyperparameter=name,
            value=value,
            side=side,
            to_add=to_add,
            others=tuple(places),
            n_places=n_places,
        )
        for (value, side, to_add), places in found.items()
    ]


def _unconverged(result: StudyResult) -> Unconverged | None:
    n_ended = result.has_outcome().sum(axis=1)
    n_improving = (result.status == RunStatus.UNCONVERGED).sum(axis=1)
    is_many = n_improving > MAX_UNCONVERGED_SHARE * n_ended
    if not is_many.any():
        return None
    return Unconverged(
        configs=tuple(np.flatnonzero(is_many).tolist()),
        n_configs=int((n_ended > 0).sum()),
        has_best=bool(is_many[_best(result)]),
    )


def _best(result: StudyResult) -> int:
    scores = oriented_scores(result, result.primary_metric)
    may_be_best = is_rankable(scores.is_counted.sum(axis=1))
    return int(np.where(may_be_best, scores.means(), -np.inf).argmax())


def _few_seeds(result: StudyResult, n_intervals: int) -> FewSeeds | None:
    n_ended = result.has_outcome()[:, : len(result.study.seeds)].sum(axis=1)
    if not n_ended.any():
        return None
    n = int(n_ended[n_ended > 0].min())
    if n >= FEW_SEEDS or len(result.configs) < 2:
        return None
    return FewSeeds(
        n_seeds=n,
        is_below_minimum=n < MIN_SEEDS_TO_JUDGE,
        detectable=detectable_effect(n, n_intervals=n_intervals),
        n_intervals=n_intervals,
    )


def _late_claims(result: StudyResult) -> LateClaims | None:
    late = tuple(claim.text for claim in result.study.claims if claim.is_late)
    return LateClaims(texts=late) if late else None


def _ended_early(result: StudyResult) -> EndedEarly | None:
    study = result.study
    if not study.planned_seeds or study.n_looks == study.looks:
        return None
    if _missing_runs(result) is not None:
        return None
    return EndedEarly(
        n_seeds=len(study.seeds), n_planned=len(study.planned_seeds), look=study.n_looks
    )
