"""Which targets do the best runs of a study set, and when do others reach them?"""

import numpy as np
from jaxtyping import Float

from paribus.analysis.scores import is_learner, oriented_scores
from paribus.results import StudyResult
from paribus.results.clocks import evaluation_steps
from paribus.space import Config
from paribus.stats.targets import first_crossing, target_ladder
from paribus.stats.ties import counted_means


# Fewer runs of the best config than this set no target.
MIN_PILOT_RUNS = 5


def optimizer_of(result: StudyResult, config: Config) -> str:
    """The optimizer that a config is trained with."""
    return str(config.get("optimizer", result.study.optimizer.name))


def pilot_runs(
    pilot: StudyResult, optimizer: str
) -> tuple[Float[np.ndarray, " run"], Float[np.ndarray, "run evaluation"]] | None:
    """Find the runs that set the targets of an optimizer: those of its best config.

    Args:
        pilot: The study with the seeds alone that may set targets, e.g. its tuning
            seeds; statuses as `classify_runs` gives them.
        optimizer: Whose best config.

    Returns:
        Final scores and curves of the runs that learned, however few; None if there is
        nothing that targets are set in.
    """
    metric = pilot.score_metric
    if metric not in pilot.metrics or not pilot.seeds:
        return None
    scores = oriented_scores(pilot, metric)
    own = [optimizer_of(pilot, config) == optimizer for config in pilot.configs]
    counted = scores.is_counted & is_learner(pilot) & np.array(own)[:, None]
    n_most = counted.sum(axis=1).max()
    # The runs that set targets are added at the best config alone: it has the most.
    is_pilot = counted.sum(axis=1) == n_most
    means = counted_means(scores.values, counted & is_pilot[:, None])
    best = int(means.argmax())
    is_run = scores.is_counted[best] & is_learner(pilot)[best]
    curves = pilot.curve(metric)[best, is_run].astype(np.float64)
    return scores.values[best, is_run], curves


def set_targets(
    pilot: StudyResult, optimizer: str
) -> Float[np.ndarray, " rung"] | None:
    """Set the ladder of targets of an optimizer.

    Args:
        pilot: As `pilot_runs` takes it.
        optimizer: Whose best config sets them.

    Returns:
        A score for each of `RUNGS`; None with fewer than 5 runs that may set them.
    """
    found = pilot_runs(pilot, optimizer)
    if found is None or len(found[0]) < MIN_PILOT_RUNS:
        return None
    return target_ladder(found[0], pilot.data.majority_share)


def epochs_to_target(
    result: StudyResult, config: int, target: float
) -> Float[np.ndarray, " seed"]:
    """As `steps_to_target`, in epochs."""
    return _first_crossing(result, config, target, result.epochs)


def steps_to_target(
    result: StudyResult, config: int, target: float
) -> Float[np.ndarray, " seed"]:
    """Find after how many steps each run of a config first reached a target.

    Args:
        result: With the seeds that are asked for.
        config: Its index.
        target: A value of what tells learning: accuracy or R2.

    Returns:
        Linear between evaluations, on the steps at which they were made; infinity where
        the budget ended first.
    """
    return _first_crossing(result, config, target, evaluation_steps(result, config))


def _first_crossing(
    result: StudyResult, config: int, target: float, at: np.ndarray
) -> Float[np.ndarray, " seed"]:
    curves = result.curve(result.score_metric)[config].astype(np.float64)
    return first_crossing(at.astype(np.float64), curves, target)
