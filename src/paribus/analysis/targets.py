"""Which targets do the best runs of a study set, and when do others reach them?"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from paribus.analysis.scores import is_learner, oriented_scores
from paribus.results import StudyResult
from paribus.results.clocks import evaluation_steps
from paribus.space import Config
from paribus.stats.targets import (
    RUNGS,
    choose_rung,
    first_crossing,
    first_crossings,
    target_ladder,
)
from paribus.stats.ties import counted_means


# Fewer runs of the best config than this set no target.
MIN_PILOT_RUNS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """A score to be reached, set by runs that nothing else is measured on.

    Attributes:
        score: The score.
        rung: How far it is from guessing to what the best config reaches.
        n_pilots: Runs that set it.
    """

    score: float
    rung: float
    n_pilots: int


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


def find_target(result: StudyResult, optimizer: str) -> Target | None:
    """Set the target whose time varies least among the runs that set targets.

    Args:
        result: Statuses as `classify_runs` gives them.
        optimizer: Whose best config sets it.

    Returns:
        The target; None in a study without tuning, or with fewer than 5 such runs.
    """
    tuning = result.study.tuning
    return tuning and target_of(result.of_seeds(tuning.seeds), optimizer)


def target_of(pilot: StudyResult, optimizer: str) -> Target | None:
    """As `find_target`, from the seeds that set targets alone, as `pilot_runs`."""
    found = pilot_runs(pilot, optimizer)
    if found is None or len(found[0]) < MIN_PILOT_RUNS:
        return None
    final, curves = found
    ladder = target_ladder(final, pilot.data.majority_share)
    rung = steadiest_rung(pilot.epochs.astype(np.float64), curves, ladder)
    return Target(score=float(ladder[rung]), rung=RUNGS[rung], n_pilots=len(final))


def steadiest_rung(
    at: Float[np.ndarray, " evaluation"],
    curves: Float[np.ndarray, "run evaluation"],
    ladder: Float[np.ndarray, " rung"],
) -> int:
    """Choose the target whose time varies least among the runs that set targets.

    Args:
        at: When the evaluations were made, in epochs.
        curves: Of runs that learned; not a number after the end of their budget.
        ladder: As `set_targets` gives it.

    Returns:
        Its position; the lowest where they reach none well before their budget ends.
    """
    times = first_crossings(at, curves, ladder)
    budget = at[np.isfinite(curves).any(axis=0)].max()
    return choose_rung(times, float(budget)) or 0


def speeds_to(
    target: float, result: StudyResult, configs: Iterable[int]
) -> tuple[Float[np.ndarray, "config seed"], Bool[np.ndarray, "config seed"]]:
    """Minus the log of the steps to a target, and which runs never got there.

    A run that never got there has what the budget allowed, so that its value was tried
    and is not chosen: left out, it would make its neighbour an edge.

    Args:
        target: As `steps_to_target` takes it.
        result: With the seeds that are asked for.
        configs: Positions of those that are asked for; all others have no speed.
    """
    speeds = np.full(result.status.shape, np.nan)
    is_late = np.full(result.status.shape, False)
    for config in configs:
        steps = steps_to_target(result, config, target)
        is_late[config] = ~np.isfinite(steps)
        steps = np.where(is_late[config], budget_steps(result, config), steps)
        speeds[config] = np.where(result.has_outcome()[config], -np.log(steps), np.nan)
    return speeds, is_late


def budget_steps(result: StudyResult, config: int) -> float:
    """All steps that a run of a config takes."""
    settings = result.study.settings(result.configs[config])
    epochs = result.study.run_epochs(result.configs[config], result.data.n_train)
    return epochs * -(-result.data.n_train // settings.batch_size)


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
