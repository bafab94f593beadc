"""One record for each config: what became of its runs, and each metric."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from paribus.analysis.records import CONFIDENCE_LEVEL, ConfigSummary, MetricSummary
from paribus.analysis.scores import (
    LOSS_FLOOR,
    comparable_scores,
    is_accuracy,
    is_bad,
    is_learner,
    is_loss,
    is_unlearned,
    judged,
)
from paribus.analysis.ties import find_ties
from paribus.declared import DeclaredClaim
from paribus.results import StudyResult
from paribus.stats.intervals import (
    MIN_SEEDS,
    geometric_mean_interval,
    mean_interval,
    share_interval,
)
from paribus.stats.ties import counted_means
from paribus.status import RunStatus


def summarise_configs(
    result: StudyResult, *, claims: Sequence[DeclaredClaim] | None = None
) -> tuple[ConfigSummary, ...]:
    """Summarise every config: statuses, each metric with its interval, ties.

    Statuses are taken as they stand: `classify_runs` tells them apart first.

    Args:
        result: Finished or not; runs that have not ended are None among the values.

            Tuning seeds are left out: they chose.
        claims: As `paribus.analysis.ties.smallest_loss` takes them.

    Returns:
        One record for each config, in the order of the study.

    Assumes:
        As `paribus.stats.intervals.mean_interval`. The intervals say how uncertain each
        mean is; to compare two configs, pair them by seed with `compare`, which is
        sharper than looking whether their intervals overlap.
    """
    claims = result.study.claims if claims is None else claims
    result = judged(result)
    metrics = {metric: _summarise_metric(result, metric) for metric in result.metrics}
    ties = find_ties(result, claims=claims)
    is_practically_tied = ties.is_practically_tied
    n_seeds = result.has_outcome().sum(axis=1)
    n_learners = is_learner(result).sum(axis=1)
    shares_bad = _shares_bad(is_bad(result).sum(axis=1), n_seeds)
    counts = _counts(result.status)
    return tuple(
        ConfigSummary(
            config=config,
            n_seeds=int(n_seeds[i]),
            n_learners=int(n_learners[i]),
            status=counts[i],
            metrics={metric: summaries[i] for metric, summaries in metrics.items()},
            is_tied_with_best=ties.is_tied[i],
            is_practically_tied=is_practically_tied[i],
            regret_upper=ties.regret_upper[i],
            seconds_per_epoch=result.seconds_per_epoch(config),
            **shares_bad[i],
        )
        for i, config in enumerate(result.configs)
    )


def _summarise_metric(result: StudyResult, metric: str) -> list[MetricSummary]:
    final = result.final(metric).astype(np.float64)
    has_value = result.has_outcome() & np.isfinite(final)
    mean, lower, upper = _intervals(final, has_value, metric)
    has_learned = has_value & is_learner(result)
    learners = _intervals(final, has_learned, metric)
    comparable = comparable_scores(result, metric)
    ranking = counted_means(comparable.values, comparable.is_counted)
    is_ranked = ranking > -np.inf
    if is_loss(metric):
        ranking = np.exp(ranking)
    n_values = has_value.sum(axis=1)
    has_bounds = n_values >= MIN_SEEDS
    # A large study has thousands of configs: each column becomes Python's at once.
    columns = {
        "values": map(tuple, _or_none(final, has_value)),
        "mean": _or_none(mean, n_values > 0),
        "lower": _or_none(lower, has_bounds),
        "upper": _or_none(upper, has_bounds),
        "spread": _or_none(_spreads(final, has_value), has_bounds),
        "is_bimodal": _is_bimodal(result).tolist(),
        "n_learners": has_learned.sum(axis=1).tolist(),
        "mean_of_learners": _or_none(learners[0], np.isfinite(learners[0])),
        "lower_of_learners": _or_none(learners[1], np.isfinite(learners[1])),
        "upper_of_learners": _or_none(learners[2], np.isfinite(learners[2])),
        "ranking_mean": _or_none(ranking, is_ranked),
    }
    return [
        MetricSummary(
            metric=metric,
            confidence_level=CONFIDENCE_LEVEL,
            **dict(zip(columns, row, strict=True)),
        )
        for row in zip(*columns.values(), strict=True)
    ]


def _or_none(
    values: Float[np.ndarray, "*shape"], is_there: Bool[np.ndarray, "*shape"]
) -> list[Any]:
    """The values as Python's numbers, None for those that are not there."""
    found = values.astype(object)
    found[~is_there] = None
    return found.tolist()


def _spreads(
    values: Float[np.ndarray, "config seed"], is_there: Bool[np.ndarray, "config seed"]
) -> Float[np.ndarray, " config"]:
    """The standard deviation over the values that are there; NaN below two."""
    n_values = is_there.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(is_there, values, 0.0).sum(axis=1) / n_values
        squares = np.where(is_there, values - means[:, None], 0.0) ** 2
        return np.sqrt(squares.sum(axis=1) / (n_values - 1))


def _intervals(
    final: Float[np.ndarray, "config seed"],
    has_value: Bool[np.ndarray, "config seed"],
    metric: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and bounds of each config; NaN where there are too few values."""
    values = np.maximum(final, LOSS_FLOOR) if is_loss(metric) else final
    mean, lower, upper = np.full((3, len(final)), np.nan)
    n_values = has_value.sum(axis=1)
    single = n_values == 1
    mean[single] = values[single][has_value[single]]
    many = n_values >= MIN_SEEDS
    if not many.any():
        return mean, lower, upper
    find_interval = geometric_mean_interval if is_loss(metric) else mean_interval
    interval = find_interval(
        values[many],
        has_value[many],
        confidence_level=CONFIDENCE_LEVEL,
        rng=np.random.default_rng(0),
    )
    if is_accuracy(metric):
        interval = interval.within(0.0, 1.0)
    if metric.endswith("_r2"):
        interval = interval.within(-np.inf, 1.0)
    mean[many], lower[many], upper[many] = (
        interval.estimate,
        interval.lower,
        interval.upper,
    )
    return mean, lower, upper


def _shares_bad(
    n_bad: Int[np.ndarray, " config"], n_seeds: Int[np.ndarray, " config"]
) -> list[dict[str, Any]]:
    """The count of runs that ended badly, their share and its exact interval."""
    share = share_interval(
        n_bad, np.maximum(n_seeds, 1), confidence_level=CONFIDENCE_LEVEL
    )
    return [
        {
            "n_bad": int(n_bad[i]),
            "share_bad": float(share.estimate[i]),
            "share_bad_lower": float(share.lower[i]),
            "share_bad_upper": float(share.upper[i]),
        }
        if n
        else {"n_bad": int(n_bad[i])}
        for i, n in enumerate(n_seeds)
    ]


def _is_bimodal(result: StudyResult) -> Bool[np.ndarray, " config"]:
    """Configs with both runs that ended badly and runs that learned."""
    return np.asarray(is_unlearned(result).any(axis=1) & is_learner(result).any(axis=1))


def _counts(status: Int[np.ndarray, "config seed"]) -> list[dict[RunStatus, int]]:
    """How many runs of each config became what, lowest status first."""
    present = np.unique(status)
    counts = {
        RunStatus(s): (status == s).sum(axis=1).tolist()
        for s in present[present != RunStatus.ABSENT]
    }
    return [
        {word: n[i] for word, n in counts.items() if n[i]} for i in range(len(status))
    ]
