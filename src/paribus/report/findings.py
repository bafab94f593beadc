"""Everything a report is made of, computed once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

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
from paribus.analysis.ties import Ties, find_ties, is_rankable
from paribus.analysis.variance import VarianceOfScores, divide_variance
from paribus.claims import ClaimVerdict, judge, unvaried_groups
from paribus.report.notebook import is_notebook
from paribus.report.numbers import ranked_mean
from paribus.report.slices import label_config
from paribus.results import StudyResult
from paribus.status import RunStatus
from paribus.tasks import is_lower_better


MAX_CONFIGS = 40
MAX_COMPARED = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """What a report says, before it is said.

    Attributes:
        result: What the study found, its runs classified.
        metric: What configs are compared by.
        judged: The same with the seeds that configs are compared on: in a study that
            tunes, those that chose nothing.
        summaries: One for each config of the study, of the judged runs.
        tried: The same of all values that were tried: in a study that tunes, of the
            seeds that chose.
        comparisons: Pairs of configs, one family.
        one_seed: What one-seed studies would have concluded; None with one seed.
        shown: Config index -> its name in words, for the configs that tables and charts
            have a row for: all with judged runs, or those with the highest means.
        listed: The same for the configs whose runs are listed: those that were tried
            too.
        compared: Indices of the configs in the comparisons.
        is_notebook: Whether the study repeats the course notebook.
        verdicts: What is said of each claim; empty if none was judged.
        unvaried: Groups of claims that the study is not about -> what would test them.
    """

    result: StudyResult
    metric: str
    judged: StudyResult
    summaries: tuple[ConfigSummary, ...]
    tried: tuple[ConfigSummary, ...]
    comparisons: tuple[Comparison, ...]
    one_seed: OneSeedAnalysis | None
    shown: Mapping[int, str]
    listed: Mapping[int, str]
    compared: tuple[int, ...]
    is_notebook: bool
    verdicts: tuple[ClaimVerdict, ...] = ()
    unvaried: Mapping[str, str] = field(default_factory=dict)

    @property
    def discussed(self) -> tuple[ClaimVerdict, ...]:
        """The claims that the study is about."""
        return tuple(c for c in self.verdicts if c.group not in self.unvaried)

    @property
    def n_configs(self) -> int:
        """Configs that are compared: all, unless tuning chose among them."""
        absent = (self.judged.status == RunStatus.ABSENT).all(axis=1)
        return len(self.summaries) - int(absent.sum())

    @cached_property
    def variance(self) -> VarianceOfScores | None:
        """How the variance of scores divides; None for designs without that."""
        return divide_variance(self.result, metric=self.result.score_metric)

    @cached_property
    def ties(self) -> Ties:
        """The configs that are tied with the best, and those practically as good."""
        return find_ties(self.judged, claims=self.result.study.claims)

    def tied_with_best(self) -> list[str]:
        """Names of the configs that may be the best, with means and failures.

        The best mean first.
        """
        names = []
        for index in filter(self.shown.__contains__, self.by_mean()):
            label, summary = self.shown[index], self.summaries[index]
            if summary.is_tied_with_best:
                said = [f"mean {ranked_mean(summary.metrics.get(self.metric))}"]
                if summary.n_bad:
                    said.append(f"{summary.n_bad} of {summary.n_seeds} ended badly")
                if summary.is_mixed:
                    said.append("mixed, with too few learners to be ranked")
                names.append(f"{label} ({'; '.join(said)})")
        return names

    def is_ahead(self, a: int, b: int) -> bool:
        """Whether config a has the better mean over all runs, failed ones included."""
        first, second = (_mean(self.summaries[i], self.metric) for i in (a, b))
        return first > second

    def by_mean(self) -> list[int]:
        """Config indices, the best mean first; after all others those of few seeds."""
        return _by_mean(self.summaries, self.metric)

    def too_few(self) -> list[int]:
        """Configs that are asked for and have too few seeds to be compared."""
        is_there = (self.judged.status != RunStatus.ABSENT).any(axis=1)
        tied = enumerate(self.ties.is_tied)
        return [i for i, is_tied in tied if is_tied is None and is_there[i]]

    def ahead(self) -> list[int]:
        """Those of them whose mean is better than that of all that are compared."""
        few = {*self.too_few()}
        best = next((i for i in self.by_mean() if i not in few), None)
        if best is None:
            return []
        limit = _mean(self.summaries[best], self.metric)
        return [i for i in few if _mean(self.summaries[i], self.metric) > limit]

    def label(self, values: Mapping[str, object]) -> str:
        """The name in words of the config that has `values`."""
        return self.shown[self.result.config_index(values)]


def gather_findings(result: StudyResult) -> Findings:
    """Compute everything that a report of `result` says.

    Args:
        result: As read from the store.
    """
    result = classify_runs(result)
    metric = result.primary_metric
    tuning = result.study.tuning
    judged = result if tuning is None else result.of_seeds(result.study.seeds)
    summaries = summarise_configs(judged, claims=result.study.claims)
    tried = summaries
    if tuning is not None:
        tried = summarise_configs(result.of_seeds(tuning.seeds[: tuning.n_choosing]))
    by_mean = _by_mean(summaries, metric)
    is_there = (judged.status != RunStatus.ABSENT).any(axis=1)
    # While tuning goes on there is nothing to compare yet, but something to show.
    present = [i for i in by_mean if is_there[i]] or by_mean
    shown = sorted(present[:MAX_CONFIGS])
    compared = tuple(sorted(present[:MAX_COMPARED]))
    listed = sorted({*shown, *_by_mean(tried, metric)[:MAX_CONFIGS]})
    verdicts = judge(result)
    names = {i: label_config(result.study, result.configs[i]) for i in listed}
    return Findings(
        result=result,
        metric=metric,
        judged=judged,
        summaries=summaries,
        tried=tried,
        comparisons=compare_all(result, metric=metric, configs=compared),
        one_seed=one_seed_analysis(judged, metric=metric),
        shown={i: names[i] for i in shown},
        listed=names,
        compared=compared,
        is_notebook=is_notebook(result.study),
        verdicts=verdicts,
        unvaried=unvaried_groups(verdicts, result.study),
    )


def _by_mean(summaries: tuple[ConfigSummary, ...], metric: str) -> list[int]:
    """Config indices, the best mean first; after all others those of few seeds."""
    means = np.array([_mean(summary, metric) for summary in summaries])
    is_few = ~is_rankable(np.array([summary.n_seeds for summary in summaries]))
    return np.lexsort((-means, is_few)).tolist()


def _mean(summary: ConfigSummary, metric: str) -> float:
    measured = summary.metrics.get(metric)
    if measured is None or measured.ranking_mean is None:
        return -np.inf
    mean = measured.ranking_mean
    return -mean if is_lower_better(metric) else mean
