"""How often does each config fail, and how steadily do its learners train?"""

from dataclasses import dataclass

import numpy as np

from paribus.analysis.run_measures import run_measure
from paribus.analysis.scores import is_bad
from paribus.results import StudyResult
from paribus.space import Config
from paribus.status import RunStatus


@dataclass(frozen=True, kw_only=True)
class ConfigFailures:
    """What became of a config's runs, and how steadily those that learned did.

    Attributes:
        config: Its values.
        n_bad: Runs that ended badly: diverged, collapsed, fell back, or sublinear.
        n_runs: Runs that ended, of all seeds: also those that chose. Those that were
            stopped early count where others of the config ended badly.
        n_learners: Runs that learned and have a training curve.
        variation: Median over the learners of the total upward variation of the
            training loss, as a share of its fall; None without learners.
        is_steadiest: Whether no config whose runs all learned has a smaller median;
            several may be equal.
    """

    config: Config
    n_bad: int
    n_runs: int
    n_learners: int
    variation: float | None
    is_steadiest: bool


def map_failures(result: StudyResult) -> tuple[ConfigFailures, ...]:
    """Count failures and measure steadiness for every config, in the study's order.

    Seeds that chose a value count too: whether a run fails is not what was chosen by.

    Args:
        result: Statuses as `classify_runs` gives them.
    """
    n_bad = is_bad(result).sum(axis=1)
    # Of a value that was stopped early only runs that diverged before have ended: those
    # alone would be a share of 1.
    n_stopped = (result.status == RunStatus.PRUNED).sum(axis=1)
    n_runs = result.has_outcome().sum(axis=1) + np.where(n_bad > 0, n_stopped, 0)
    variation = np.full(result.status.shape, np.nan)
    if "train_loss" in result.curves:
        variation = run_measure(result, "tuv").values
    is_known = np.isfinite(variation)
    medians = [
        float(np.median(row[known])) if known.any() else None
        for row, known in zip(variation, is_known, strict=True)
    ]
    sound = [
        m
        for m, bad, n in zip(medians, n_bad, n_runs, strict=True)
        if m is not None and not bad and n
    ]
    return tuple(
        ConfigFailures(
            config=config,
            n_bad=int(n_bad[i]),
            n_runs=int(n_runs[i]),
            n_learners=int(is_known[i].sum()),
            variation=medians[i],
            is_steadiest=not n_bad[i]
            and medians[i] is not None
            # Written with three decimals, so told apart by no more.
            and round(medians[i] or 0.0, 3) == round(min(sound, default=-1.0), 3),
        )
        for i, config in enumerate(result.configs)
    )
