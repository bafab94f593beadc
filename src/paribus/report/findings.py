"""Everything a report is made of, computed once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from paribus.analysis import (
    Comparison,
    ConfigSummary,
    OneSeedAnalysis,
    classify_runs,
    compare_all,
    one_seed_analysis,
    summarise_configs,
)
from paribus.claims import ClaimVerdict, judge
from paribus.report.notebook import is_notebook
from paribus.report.slices import label_config
from paribus.results import StudyResult


MAX_CONFIGS = 40
MAX_COMPARED = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """What a report says, before it is said.

    Attributes:
        result: What the study found, its runs classified.
        metric: The accuracy that configs are compared by.
        summaries: One for each config of the study.
        comparisons: Pairs of configs, one family.
        one_seed: What one-seed studies would have concluded; None with one seed.
        shown: Config index -> its name in words, for the configs that tables and charts
            have a row for: all, or those with the highest means.
        compared: Indices of the configs in the comparisons.
        is_notebook: Whether the study repeats the course notebook.
        verdicts: What is said of each claim; empty if none was judged.
    """

    result: StudyResult
    metric: str
    summaries: tuple[ConfigSummary, ...]
    comparisons: tuple[Comparison, ...]
    one_seed: OneSeedAnalysis | None
    shown: Mapping[int, str]
    compared: tuple[int, ...]
    is_notebook: bool
    verdicts: tuple[ClaimVerdict, ...] = ()

    @property
    def n_configs(self) -> int:
        """Configs of the study."""
        return len(self.summaries)

    def label(self, values: Mapping[str, object]) -> str:
        """The name in words of the config that has `values`."""
        return self.shown[self.result.config_index(values)]


def gather_findings(result: StudyResult) -> Findings:
    """Compute everything that a report of `result` says."""
    result = classify_runs(result)
    metric = result.primary_metric
    summaries = summarise_configs(result)
    by_mean = np.argsort(
        [-_mean(summary, metric) for summary in summaries], kind="stable"
    )
    shown = sorted(int(index) for index in by_mean[:MAX_CONFIGS])
    compared = tuple(sorted(int(index) for index in by_mean[:MAX_COMPARED]))
    return Findings(
        result=result,
        metric=metric,
        summaries=summaries,
        comparisons=compare_all(result, metric=metric, configs=compared),
        one_seed=one_seed_analysis(result, metric=metric),
        shown={i: label_config(result.study, result.configs[i]) for i in shown},
        compared=compared,
        is_notebook=is_notebook(result.study),
        verdicts=judge(result),
    )


def _mean(summary: ConfigSummary, metric: str) -> float:
    measured = summary.metrics.get(metric)
    if measured is None or measured.ranking_mean is None:
        return -np.inf
    return measured.ranking_mean
