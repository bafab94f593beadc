"""Which runs end badly, and what do they go on with to see whether they recover?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from paribus.analysis.outcomes import classify_runs, outcomes_of
from paribus.analysis.planned import plan_runs
from paribus.analysis.targets import optimizer_of, set_targets
from paribus.analysis.tuned import best_rates
from paribus.results import StudyResult
from paribus.stats.selection import is_bad_run
from paribus.stats.targets import RUNGS
from paribus.status import WAITING
from paribus.study import Run


# A run that reaches this part of the way from guessing to the best is rescued.
RESCUE_RUNG = RUNGS.index(0.97)


@dataclass(frozen=True, kw_only=True)
class Rescue:
    """What a bad run goes on with.

    Attributes:
        learning_rate: The best one for its other hyperparameters.
        target: The validation accuracy at which it is rescued.
    """

    learning_rate: float
    target: float


@dataclass(frozen=True, kw_only=True, eq=False)
class RescuePlan:
    """Which runs of a study are rescued from what, as its tuning seeds have found.

    Attributes:
        result: The study as it was when its tuning seeds had ended.
        by_config: What the runs of each config go on with, by its position; without
            those whose best learning rate or target is not known.
    """

    result: StudyResult
    by_config: Mapping[int, Rescue]

    def of(self, run: Run) -> Rescue | None:
        """What a run goes on with; None for tuning seeds, whose work is done."""
        if run.seed not in self.result.study.seeds:
            return None
        return self.by_config.get(self.result.configs.index(run.config))

    def ended_badly(
        self,
        curves: Mapping[str, Float[np.ndarray, "run evaluation"]],
        measures: Mapping[str, Float[np.ndarray, " run"]],
        *,
        has_diverged: Bool[np.ndarray, " run"],
    ) -> Bool[np.ndarray, " run"]:
        """Tell which runs ended badly, by the rules that classify them ever after.

        Args:
            curves: `<split>_<metric>` -> values up to the end of the study's epochs.
            measures: What was measured while they trained, by name.
            has_diverged: Which of them the program froze.
        """
        is_bad = has_diverged.copy()
        ended = ~has_diverged
        outcomes = outcomes_of(
            self.result,
            {name: values[ended] for name, values in curves.items()},
            {name: values[ended] for name, values in measures.items()},
        )
        is_bad[ended] = is_bad_run(outcomes)
        return is_bad


def plan_rescues(result: StudyResult) -> RescuePlan:
    """Find for each config what its bad runs go on with.

    It depends on the tuning seeds alone, whatever else was trained.

    Args:
        result: As read from the store. While tuning seeds are still to be trained, and
            where a best value lies on the edge of its grid, nothing is planned.
    """
    if _is_tuning(result):
        return RescuePlan(result=result, by_config={})
    assert result.study.tuning is not None
    pilot = classify_runs(result.of_seeds(result.study.tuning.seeds))
    targets: dict[str, float | None] = {}
    by_config: dict[int, Rescue] = {}
    for i, (_, best) in best_rates(result).items():
        optimizer = optimizer_of(result, result.configs[i])
        if optimizer not in targets:
            targets[optimizer] = _target(pilot, optimizer)
        target = targets[optimizer]
        if target is not None:
            by_config[i] = Rescue(learning_rate=best, target=target)
    return RescuePlan(result=result, by_config=by_config)


def _is_tuning(result: StudyResult) -> bool:
    """Whether runs of tuning seeds are still to come; also without any."""
    if result.study.tuning is None:
        return True
    plan = plan_runs(result)
    is_waiting = plan.is_planned & np.isin(result.status, WAITING)
    columns = [result.seeds.index(seed) for seed in result.study.tuning.seeds]
    return bool((is_waiting | plan.is_open)[:, columns].any())


def _target(pilot: StudyResult, optimizer: str) -> float | None:
    targets = set_targets(pilot, optimizer)
    return None if targets is None else float(targets[RESCUE_RUNG])
