"""Which value of a tuned hyperparameter reaches the target soonest?"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from paribus.analysis.measure_facts import TIMES
from paribus.analysis.outcomes import classify_runs
from paribus.analysis.targets import (
    MIN_PILOT_RUNS,
    Target,
    optimizer_of,
    speeds_to,
    target_of,
)
from paribus.analysis.tuned import (
    Tried,
    TunedChoice,
    choice_of,
    choose_tuned,
    choosing_runs,
    combinations,
    tried_together,
)
from paribus.results import StudyResult
from paribus.stats.selection import is_bad_run
from paribus.study import Study


def chooses_by_time(study: Study) -> bool:
    """Whether values are chosen by the time to a target too.

    That costs runs of the study's own seeds, so it is done where speed is asked about:
    where tuning has seeds beside those that choose, to set targets, or a claim of the
    study's own is about a time. Without seeds enough no target will be set, and values
    that are stopped early may have got there first.
    """
    tuning = study.tuning
    if tuning is None or study.halving is not None:
        return False
    if len(tuning.seeds) < MIN_PILOT_RUNS:
        return False
    has_own_seeds = len(tuning.seeds) > tuning.n_choosing
    return has_own_seeds or any(claim.measure in TIMES for claim in study.claims)


def choose_fastest(result: StudyResult) -> tuple[TunedChoice, ...]:
    """Choose the value that reaches the target soonest, for each combination.

    By the same runs that choose by the final score: the smallest mean log of the steps
    to the target of the optimizer. A run that never gets there counts as the end of its
    budget; a value with which half the runs do not, or do not learn, is left out. Since
    a combination has one batch size, what takes the fewest steps takes the fewest
    epochs and seconds.

    Args:
        result: Of a study with tuning, as `choose_tuned` takes it.

    Returns:
        In the order of `choose_tuned`. Where no target is set, or no value is left, the
        choice by the final score: what is slower than every budget has no fastest
        value.
    """
    by_score = choose_tuned(result)
    tuning = result.study.tuning
    assert tuning is not None
    if not chooses_by_time(result.study):
        return by_score
    seen = choosing_runs(result)
    pilot = classify_runs(result.of_seeds(tuning.seeds))
    found: list[TunedChoice] = []
    for choice, members in zip(by_score, combinations(result), strict=True):
        optimizer = optimizer_of(result, result.configs[members[0]])
        target = target_of(pilot, optimizer)
        fastest = None
        if target is not None and choice.best_index is not None:
            compared = tried_together(seen, members, tuning.hyperparameter)
            fastest = _fastest(seen, compared, tuning.hyperparameter, target)
        found.append(choice if fastest is None else fastest)
    return tuple(found)


def _fastest(
    seen: StudyResult, compared: Sequence[int], hyperparameter: str, target: Target
) -> TunedChoice | None:
    """The choice by time among configs; None if half the runs of each are too late."""
    speeds, is_late = speeds_to(target.score, seen, compared)
    is_out = is_bad_run(seen.status) | is_late

    def choose(members: Sequence[int]) -> TunedChoice:
        rows = list(members)
        tried = Tried(speeds[rows], is_out[rows], np.full(len(rows), False))
        return choice_of(seen.configs, rows, hyperparameter, tried)

    choice = choose(compared)
    if choice.best_index is None:
        return None
    if choice.edge is not None:  # to extend at the spacing of the declared grid
        is_declared = seen.study.space.is_declared
        grid = choose([i for i in compared if is_declared(seen.configs[i])])
        choice = replace(choice, value_to_add=grid.value_to_add)
    return replace(choice, by="time")
