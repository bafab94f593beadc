"""Which runs does a study have, as far as tuning has come?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int

from paribus.analysis.fastest import choose_fastest, chooses_by_time
from paribus.analysis.halving import Ladder, climb, evaluated_counts
from paribus.analysis.tuned import (
    best_by_optimizer,
    choose_tuned,
    declared_members,
    refinements,
)
from paribus.refinement import around
from paribus.results import StudyResult
from paribus.space import Config
from paribus.status import WAITING, RunStatus


__all__ = ["PlannedRuns", "mark_absent", "plan_runs"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PlannedRuns:
    """Which runs a study has, as far as tuning has come.

    Attributes:
        is_planned: Runs that the study has for certain.
        is_open: Runs of which tuning will choose some, once all choosing runs ended.
        n_expected: Runs of the finished study; while some are open, at most: if no
            choice lies at an edge, and no value is both the best and the fastest.
        missing: Configs that refine what was found to be best and that the study does
            not have yet, in the order in which they are to be added.
        stops: After how many evaluations runs that choose wait for one another; 0 for
            those that train to their end. None where nothing is compared on the way.
        to_prune: Runs that have fallen behind at a rung and are to be stopped there;
            None likewise.
    """

    is_planned: Bool[np.ndarray, "config seed"]
    is_open: Bool[np.ndarray, "config seed"]
    n_expected: int
    missing: tuple[Config, ...] = ()
    stops: Int[np.ndarray, "config seed"] | None = None
    to_prune: Bool[np.ndarray, "config seed"] | None = None

    def is_at_rung(self, result: StudyResult) -> Bool[np.ndarray, "config seed"]:
        """The runs that have come to where they wait for one another."""
        if self.stops is None:
            return np.full(result.status.shape, False)
        return (self.stops > 0) & (evaluated_counts(result) >= self.stops)


def plan_runs(result: StudyResult) -> PlannedRuns:
    """Tell which runs a study has, from what its tuning seeds have found so far."""
    if result.study.halving is None:
        return _plan(result)
    ladders = climb(result, declared_members(result))
    return _with_rungs(result, ladders)


def _with_rungs(result: StudyResult, ladders: Sequence[Ladder]) -> PlannedRuns:
    """The plan, and where the runs stop that choose."""
    tuning = result.study.tuning
    assert tuning is not None
    choosing = [result.seeds.index(s) for s in tuning.seeds[: tuning.n_choosing]]
    is_waiting = np.isin(result.status, WAITING)
    stops = np.zeros(result.status.shape, dtype=np.int64)
    to_prune = np.full(result.status.shape, False)
    for ladder in ladders:
        for rung in ladder.rungs:
            place = np.ix_(rung.stopped, choosing)
            to_prune[place] = is_waiting[place]
        if ladder.next_rung is not None:
            stops[np.ix_(ladder.alive, choosing)] = ladder.next_rung
    # What failed, was never trained and belongs to a stopped value is not asked for.
    is_unasked = to_prune & (evaluated_counts(result) == 0)
    seen = replace(
        result, status=np.where(is_unasked, int(RunStatus.ABSENT), result.status)
    )
    plan = _plan(seen)
    return replace(
        plan,
        is_planned=plan.is_planned & ~is_unasked,
        is_open=plan.is_open & ~is_unasked,
        stops=stops,
        to_prune=to_prune & ~is_unasked,
    )


def _plan(result: StudyResult) -> PlannedRuns:
    """The plan of a study, as if all that chooses were trained to the end."""
    tuning = result.study.tuning
    shape = result.status.shape
    if tuning is None:
        everything = np.full(shape, True)
        return PlannedRuns(
            is_planned=everything, is_open=~everything, n_expected=everything.size
        )
    seeds = list(result.seeds)
    choosing = [seeds.index(seed) for seed in tuning.seeds[: tuning.n_choosing]]
    targets = [seeds.index(seed) for seed in tuning.seeds[tuning.n_choosing :]]
    evaluation = [seeds.index(seed) for seed in result.study.seeds]
    planned = np.full(shape, False)
    tuned = [i for members in declared_members(result) for i in members]
    planned[np.ix_(tuned, choosing)] = True
    planned[np.ix_(_compared_anyway(result), evaluation)] = True
    n_chosen = _n_chosen(result, planned[:, evaluation[0]])
    n_fastest = n_chosen if chooses_by_time(result.study) else 0
    n_open = (n_chosen + n_fastest) * len(evaluation)
    n_open += _n_optimizers(result) * len(targets)
    if np.isin(result.status[np.ix_(tuned, choosing)], WAITING).any():
        n_open += _n_refining(result) * len(choosing)
        return _still_open(planned, n_open)
    place = {config: i for i, config in enumerate(result.configs)}
    asked = refinements(result)
    refining = [place[config] for config in asked if config in place]
    planned[np.ix_(refining, choosing)] = True
    missing = tuple(config for config in asked if config not in place)
    if missing or np.isin(result.status[np.ix_(refining, choosing)], WAITING).any():
        n_open += len(missing) * len(choosing)
        return _still_open(planned, n_open, missing)
    choices = choose_tuned(result)
    chosen = [c.best_index for c in choices if c.is_settled]
    planned[np.ix_(_whole(chosen), evaluation)] = True
    best = [choice.best_index for choice in best_by_optimizer(result).values()]
    planned[np.ix_(_whole(best), targets)] = True
    if np.isin(result.status[np.ix_(_whole(best), targets)], WAITING).any():
        return _still_open(planned, n_fastest * len(evaluation))
    fastest = [c.best_index for c in choose_fastest(result) if c.is_settled]
    planned[np.ix_(_whole(fastest), evaluation)] = True
    return PlannedRuns(
        is_planned=planned,
        is_open=np.full(shape, False),
        n_expected=int(planned.sum()),
    )


def _still_open(
    planned: Bool[np.ndarray, "config seed"],
    n_open: int,
    missing: tuple[Config, ...] = (),
) -> PlannedRuns:
    """The plan while choosing runs are still to come, and `n_open` others after."""
    return PlannedRuns(
        is_planned=planned,
        is_open=~planned,
        n_expected=int(planned.sum()) + n_open,
        missing=missing,
    )


def mark_absent(result: StudyResult) -> StudyResult:
    """Return the result with the runs that tuning did not choose marked absent.

    While tuning goes on, refinement included, they are pending: which of them there
    will be is not known. Runs that were trained before the grid was extended stay,
    although another value may be chosen now.
    """
    if result.study.tuning is None:
        return result
    plan = plan_runs(result)
    is_absent = ~plan.is_planned & ~plan.is_open & np.isin(result.status, WAITING)
    status = np.where(is_absent, int(RunStatus.ABSENT), result.status)
    return replace(result, status=status)


def _compared_anyway(result: StudyResult) -> list[int]:
    """Configs that are compared whatever tuning chooses."""
    tuning = result.study.tuning
    assert tuning is not None
    return [
        i
        for i, config in enumerate(result.configs)
        if (tuning.compare == "all" and result.study.space.is_declared(config))
        or not tuning.tunes(config)
        or config[tuning.hyperparameter] in tuning.held
    ]


def _n_chosen(result: StudyResult, is_compared: Bool[np.ndarray, " config"]) -> int:
    """How many configs choices may add to those that are compared anyway."""
    return sum(
        not is_compared[members].all() or bool(_most_refining(result, members))
        for members in declared_members(result)
    )


def _n_optimizers(result: StudyResult) -> int:
    return len({result.study.settings(c).optimizer_name for c in result.configs})


def _n_refining(result: StudyResult) -> int:
    """How many configs refinement may add, wherever the best values lie."""
    return sum(_most_refining(result, members) for members in declared_members(result))


def _most_refining(result: StudyResult, members: Sequence[int]) -> int:
    tuning = result.study.tuning
    assert tuning is not None
    if not tuning.refine:
        return 0
    configs = [result.configs[i] for i in members]
    return max(len(around(tuning.hyperparameter, configs, one)) for one in configs)


def _whole(indices: Sequence[int | None]) -> list[int]:
    return [index for index in indices if index is not None]
