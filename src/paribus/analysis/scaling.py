"""How do the best learning rate and the steps to a target go with the batch size?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from paribus.analysis.fastest import choose_fastest
from paribus.analysis.halving import is_pruned
from paribus.analysis.targets import (
    Target,
    budget_steps,
    find_target,
    optimizer_of,
    speeds_to,
    steps_to_target,
)
from paribus.analysis.tuned import tried_together
from paribus.results import StudyResult
from paribus.space import Config
from paribus.stats.critical_batch import CriticalBatch, critical_batch
from paribus.stats.intervals import MIN_SEEDS
from paribus.stats.scaling import LearningRateScaling, scale_learning_rate
from paribus.stats.selection import is_bad_run, tuning_scores


# Fewer batch sizes than this have no course to draw.
MIN_DRAWN = 3

Objective = Literal["score", "steps"]


@dataclass(frozen=True, kw_only=True, eq=False)
class RateScaling:
    """How the best learning rate moves with the batch size, for one optimizer.

    Attributes:
        others: The hyperparameters besides learning rate and batch size.
        optimizer: Whose learning rate.
        objective: What makes a learning rate the best: the final score, or the steps to
            the target.
        target: The target; None for the final score.
        rates: All learning rates that were tried, ascending.
        found: The slope, the bend and the verdict.
        n_seeds: Seeds that chose.
    """

    others: Config
    optimizer: str
    objective: Objective
    target: Target | None
    rates: tuple[float, ...]
    found: LearningRateScaling
    n_seeds: int


@dataclass(frozen=True, kw_only=True, eq=False)
class StepsScaling:
    """How the steps to a target fall with the batch size, for one optimizer.

    Attributes:
        others: The hyperparameters besides learning rate and batch size.
        optimizer: Whose steps.
        target: The target, the same for all batch sizes.
        batch_sizes: Those whose learning rate is settled, ascending.
        rates: The chosen learning rate of each.
        steps: Of each run; infinity where it never got there.
        budgets: Steps that each batch size had.
        on_edge: Batch sizes that are left out, since their best learning rate lies at
            the end of its grid.
        found: The critical batch size; None with fewer than 2 seeds.
    """

    others: Config
    optimizer: str
    target: Target
    batch_sizes: Float[np.ndarray, " batch"]
    rates: Float[np.ndarray, " batch"]
    steps: Float[np.ndarray, "batch seed"]
    budgets: Float[np.ndarray, " batch"]
    on_edge: tuple[int, ...]
    found: CriticalBatch | None


def scale_rates(result: StudyResult) -> tuple[RateScaling, ...]:
    """Fit the best learning rate against the batch size, for each optimizer.

    By the seeds that choose, in a study without tuning by all of them; by the final
    score and, where targets were set, by the steps to a target as well.

    Args:
        result: Statuses as `classify_runs` gives them.

    Returns:
        One record for each objective and combination of the other hyperparameters that
        has at least 3 batch sizes with at least 3 learning rates and finished runs.
    """
    metric = result.score_metric
    if metric not in result.metrics:
        return ()
    tuning = result.study.tuning
    choosing = result
    if tuning is not None:
        choosing = result.of_seeds(tuning.seeds[: tuning.n_choosing])
    scores = tuning_scores(
        choosing.final(metric).astype(np.float64),
        choosing.status,
        chance=result.data.majority_share,
    )
    is_bad, stopped = is_bad_run(choosing.status), is_pruned(choosing)
    found: list[RateScaling] = []
    for others, members in _groups(choosing, _any_run(scores) | stopped).items():
        optimizer = optimizer_of(result, result.configs[next(iter(members.values()))])
        grid = _Grid(members)
        if not grid.is_wide:
            continue
        target = find_target(result, optimizer)
        found.append(
            RateScaling(
                others=others,
                optimizer=optimizer,
                objective="score",
                target=None,
                rates=grid.rates,
                found=grid.scale(scores, is_bad, stopped),
                n_seeds=len(choosing.seeds),
            )
        )
        if target is not None and not stopped.any():  # they may have got there first
            speeds, is_late = speeds_to(target.score, choosing, members.values())
            found.append(
                RateScaling(
                    others=others,
                    optimizer=optimizer,
                    objective="steps",
                    target=target,
                    rates=grid.rates,
                    found=grid.scale(speeds, is_bad | is_late, stopped),
                    n_seeds=len(choosing.seeds),
                )
            )
    return tuple(found)


def scale_steps(result: StudyResult) -> tuple[StepsScaling, ...]:
    """Measure steps to one target against the batch size, each at its best rate.

    Args:
        result: Of a study that tunes its learning rate; statuses as `classify_runs`
            gives them. Others have no runs left to choose values and targets by.

    Returns:
        One record for each combination of the other hyperparameters that has a target
        and at least 3 batch sizes whose learning rate is settled.
    """
    tuning = result.study.tuning
    if tuning is None or tuning.hyperparameter != "learning_rate":
        return ()
    judged = result.of_seeds(result.study.seeds)
    settled: dict[Config, dict[int, int]] = {}
    on_edge: dict[Config, list[int]] = {}
    for choice in choose_fastest(result):
        size = choice.others.get("batch_size")
        if not isinstance(size, int) or choice.best_index is None:
            continue
        others = choice.others.without("batch_size")
        if not choice.is_settled:
            on_edge.setdefault(others, []).append(size)
        elif judged.has_outcome()[choice.best_index].any():
            settled.setdefault(others, {})[size] = choice.best_index
    found = []
    for others, by_size in settled.items():
        optimizer = optimizer_of(result, result.configs[next(iter(by_size.values()))])
        target = find_target(result, optimizer)
        if target is not None and len(by_size) >= MIN_DRAWN:
            left_out = tuple(sorted(on_edge.get(others, ())))
            found.append(
                _steps_scaling(judged, others, optimizer, by_size, target, left_out)
            )
    return tuple(found)


class _Grid:
    """Batch sizes by learning rates, and which config stands at each place."""

    def __init__(self, members: Mapping[tuple[int, float], int]) -> None:
        self.batch_sizes = tuple(sorted({size for size, _ in members}))
        self.rates = tuple(sorted({rate for _, rate in members}))
        self._members = members

    @property
    def is_wide(self) -> bool:
        """Whether there are 3 batch sizes with 3 learning rates each."""
        n_rates = [
            sum((size, rate) in self._members for rate in self.rates)
            for size in self.batch_sizes
        ]
        return len(self.batch_sizes) >= MIN_DRAWN and min(n_rates) >= MIN_DRAWN

    def scale(
        self,
        scores: Float[np.ndarray, "config seed"],
        is_bad: Bool[np.ndarray, "config seed"],
        stopped: Bool[np.ndarray, " config"],
    ) -> LearningRateScaling:
        """Fit the best rate; places without a config have no scores."""
        shape = (len(self.batch_sizes), len(self.rates), scores.shape[1])
        placed, bad = np.full(shape, np.nan), np.full(shape, False)
        pruned = np.full(shape[:2], False)
        for (size, rate), config in self._members.items():
            place = self.batch_sizes.index(size), self.rates.index(rate)
            placed[place], bad[place] = scores[config], is_bad[config]
            pruned[place] = stopped[config]
        return scale_learning_rate(
            np.array(self.batch_sizes, dtype=np.float64),
            np.array(self.rates),
            placed,
            bad,
            is_pruned=pruned,
        )


def _groups(
    result: StudyResult, has_runs: Bool[np.ndarray, " config"]
) -> dict[Config, dict[tuple[int, float], int]]:
    """Other hyperparameters -> batch size and learning rate -> config with runs."""
    groups: dict[Config, dict[tuple[int, float], int]] = {}
    compared = _tried_together(result, has_runs)
    for index, config in enumerate(result.configs):
        size, rate = config.get("batch_size"), config.get("learning_rate")
        if index in compared and isinstance(size, int) and isinstance(rate, float):
            others = config.without("batch_size", "learning_rate")
            groups.setdefault(others, {})[size, rate] = index
    return groups


def _tried_together(
    result: StudyResult, has_runs: Bool[np.ndarray, " config"]
) -> set[int]:
    """Configs with runs, without what refined an earlier best learning rate."""
    members: dict[Config, list[int]] = {}
    for index in np.flatnonzero(has_runs).tolist():
        config = result.configs[index]
        if "learning_rate" in config:
            members.setdefault(config.without("learning_rate"), []).append(index)
    return {
        index
        for own in members.values()
        for index in tried_together(result, own, "learning_rate")
    }


def _any_run(scores: Float[np.ndarray, "config seed"]) -> Bool[np.ndarray, " config"]:
    return np.asarray(np.isfinite(scores).any(axis=1))


def _steps_scaling(
    judged: StudyResult,
    others: Config,
    optimizer: str,
    by_size: Mapping[int, int],
    target: Target,
    on_edge: tuple[int, ...],
) -> StepsScaling:
    sizes = sorted(by_size)
    configs = [by_size[size] for size in sizes]
    steps = np.array([steps_to_target(judged, c, target.score) for c in configs])
    has_ended = judged.has_outcome()[configs].all(axis=0)
    steps = steps[:, has_ended]
    batch_sizes = np.array(sizes, dtype=np.float64)
    is_enough = steps.shape[1] >= MIN_SEEDS
    return StepsScaling(
        others=others,
        optimizer=optimizer,
        target=target,
        batch_sizes=batch_sizes,
        rates=np.array([judged.configs[c]["learning_rate"] for c in configs]),
        steps=steps,
        budgets=np.array([budget_steps(judged, c) for c in configs]),
        on_edge=on_edge,
        found=critical_batch(batch_sizes, steps) if is_enough else None,
    )
