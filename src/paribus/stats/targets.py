"""Which target is a run to reach, and when does it first?"""

import numpy as np
from jaxtyping import Float


RUNGS = (0.90, 0.97, 0.99, 0.997)

# Where the faster side misses a rung in more than this share of seeds, it says little.
MAX_MISSED = 0.2

# A target that the best config reaches later than this share of its budget would be
# missed by a config that is slower by the smallest effect of interest, 1.25.
LATEST = 1 / 1.25


def first_crossing(
    at: Float[np.ndarray, " evaluation"],
    scores: Float[np.ndarray, "run evaluation"],
    target: float,
) -> Float[np.ndarray, " run"]:
    """Find when each training curve first reaches a target.

    Linear between evaluations. The evaluation before the first step is no crossing: a
    score can be above guessing by luck. Falling back later changes nothing.

    Args:
        at: When the evaluations were made, ascending: steps, epochs or seconds.
        scores: Higher is better; not a number where a run has no evaluation, e.g. after
            it diverged.
        target: What is to be reached.

    Returns:
        On the clock of `at`; infinity where the curve stays below.

    Assumes:
        All curves are evaluated equally often in examples: a noisy curve crosses
        earlier the more often one looks, and few evaluations quantise the time.

    Example:
        >>> at = np.array([0.0, 10.0, 20.0])
        >>> first_crossing(at, np.array([[0.1, 0.8, 0.9], [0.1, 0.2, 0.3]]), 0.85)
        array([15., inf])
    """
    is_there = (scores >= target) & (at > 0)
    index = is_there.argmax(axis=1)
    before = np.maximum(index - 1, 0)
    rows = np.arange(len(scores))
    low, high = scores[rows, before], scores[rows, index]
    # Where nothing below the target came before, it is reached when it is first seen.
    share = np.divide(
        target - low,
        high - low,
        out=np.ones(len(rows)),
        where=(low < target) & (high > low),
    )
    times = at[before] + share * (at[index] - at[before])
    return np.where(is_there.any(axis=1), times, np.inf)


def first_crossings(
    at: Float[np.ndarray, " evaluation"],
    scores: Float[np.ndarray, "run evaluation"],
    targets: Float[np.ndarray, " target"],
) -> Float[np.ndarray, "target run"]:
    """As `first_crossing`, of each of several targets."""
    return np.array([first_crossing(at, scores, float(t)) for t in targets])


def target_ladder(
    pilot_scores: Float[np.ndarray, " run"], chance: float
) -> Float[np.ndarray, " rung"]:
    """Set the targets, from guessing towards what the best tuned config reaches.

    chance + r (median - chance) for r of .90, .97, .99 and .997. A median of reruns,
    not the best run: a lucky target would be reached by few.

    Args:
        pilot_scores: Final validation scores of 10 or more runs of the best tuned
            config (5 in a quick study), with seeds that evaluate nothing else.
        chance: The score of guessing.

    Returns:
        One target for each of `RUNGS`, ascending.

    References:
        Dahl et al., Benchmarking Neural Network Training Algorithms, 2023, arXiv
        2306.07179 (for targets from reruns).
    """
    best = float(np.median(pilot_scores))
    return chance + np.array(RUNGS) * (best - chance)


def choose_rung(
    pilot_times: Float[np.ndarray, "rung run"], budget: float
) -> int | None:
    """Choose the target whose time varies least from run to run, before evaluation.

    Args:
        pilot_times: Times of the pilot runs to each target; infinity where missed.
        budget: When the pilot runs end, on the same clock.

    Returns:
        Index of the rung with the smallest standard deviation of log time among those
        that every pilot run reached within `LATEST` of the budget; of equals the
        lowest. None if there is none.

    Assumes:
        At least 2 pilot runs. Rungs near the ceiling are reached by luck, and their
        times vary most; near the end of the budget they vary little, since a time
        cannot be later, and whatever is a little slower misses them.
    """
    assert pilot_times.shape[1] >= 2
    is_early = (pilot_times > 0) & (pilot_times <= LATEST * budget)
    is_reached = is_early.all(axis=1)
    if not is_reached.any():
        return None
    spread = np.full(len(pilot_times), np.inf)
    spread[is_reached] = np.log(pilot_times[is_reached]).std(axis=1, ddof=1)
    return int(spread.argmin())


def reachable_rung(
    times_a: Float[np.ndarray, "rung seed"],
    times_b: Float[np.ndarray, "rung seed"],
    chosen: int,
) -> int | None:
    """Go down from the chosen target until the faster side reaches it often enough.

    Args:
        times_a: Times of one side to each target; infinity where missed.
        times_b: Those of the other.
        chosen: Index of the rung that was chosen before evaluation.

    Returns:
        Index of the highest rung, from the chosen one down, that the faster side
        reaches in at least 80 % of its seeds; None if it misses the lowest too: the
        target is unreachable, and nothing is tested.

    Assumes:
        The faster side at a rung is the one that misses it in fewer seeds.
    """
    missed_a = (~np.isfinite(times_a)).mean(axis=1)
    missed_b = (~np.isfinite(times_b)).mean(axis=1)
    is_testable = np.minimum(missed_a, missed_b)[: chosen + 1] <= MAX_MISSED
    rungs = np.flatnonzero(is_testable)
    return int(rungs[-1]) if rungs.size else None
