"""Summaries and comparisons as text for a terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int

from paribus.analysis import Comparison, ConfigSummary, MetricSummary
from paribus.console.layout import Row, lay_out
from paribus.results import StudyResult
from paribus.space import Config
from paribus.status import RunStatus
from paribus.study import Study


_TIED_TEXT = {True: "tied with the best", False: "", None: "too few seeds to say"}
MAX_NAMED = 3


def summary_text(
    result: StudyResult, summaries: Sequence[ConfigSummary], *, width: int | None = None
) -> str:
    """Say what a study found: one row per config, how to read it below.

    Args:
        result: The study.
        summaries: Its configs, in order.
        width: Columns of the terminal; None where lines may have any length.
    """
    primary = result.primary_metric
    metrics = [primary, *({"test_accuracy"} - {primary})]
    metrics = [metric for metric in metrics if metric in result.metrics]
    is_timed = any(summary.seconds_per_epoch is not None for summary in summaries)
    rows = []
    for summary in summaries:
        row: Row = {"config": summary.config.label()}
        row["runs"] = status_text(summary.status)
        for metric in metrics:
            row[metric] = metric_text(summary.metrics.get(metric))
        if is_timed:
            row["s/epoch"] = _seconds_text(summary.seconds_per_epoch)
        row["best?"] = _TIED_TEXT[summary.is_tied_with_best]
        rows.append(row)
    return "\n".join([_heading(result), "", lay_out(rows, width=width), "", _legend()])


def ending_text(result: StudyResult, *, asked: Study, folder: Path) -> str:
    """Say how the training of a study ended, and what to do next.

    Args:
        result: All that is stored.
        asked: The study that was to be trained; less than is stored, perhaps.
        folder: The study folder.
    """
    lines = [
        sentence
        for status in (RunStatus.FAILED, RunStatus.DIVERGED)
        if (sentence := _status_sentence(result, status))
    ]
    if kept := len(set(result.configs) - set(asked.configs())):
        lines.append(f"{kept} configs that the study no longer names are kept")
    if kept := len(set(result.seeds) - set(asked.seeds)):
        lines.append(f"{kept} seeds that the study no longer names are kept")
    lines.append(f"report: paribus report {folder}")
    return "\n".join(lines)


def comparison_text(comparison: Comparison) -> str:
    """Say what a paired comparison found."""
    a, b = Config(comparison.a).label(), Config(comparison.b).label()
    lines = [f"{comparison.metric}: {a} minus {b}"]
    if comparison.difference is None:
        lines.append("no seed has been finished by both")
        return "\n".join(lines)
    size = f"difference: {comparison.difference:+.4f}"
    if comparison.lower is not None and comparison.upper is not None:
        level = f"{comparison.confidence_level:.0%}"
        size += (
            f" [{comparison.lower:+.4f}, {comparison.upper:+.4f}] ({level} interval)"
        )
    lines.append(size)
    if comparison.p_value is not None:
        lines.append(f"p-value: {comparison.p_value:.3g}" + _smallest_text(comparison))
    lines.append(f"pairs: {comparison.n_pairs} (same seed on both sides)")
    if comparison.noise_floor is not None:
        lines.append(
            f"noise floor: {comparison.noise_floor:.4f} "
            "(standard deviation from the finite evaluation split alone)"
        )
    if comparison.reversal_share is not None:
        share = f"{comparison.reversal_share:.0%}"
        lines.append(f"with one seed: {share} of studies would see the other order")
    lines += [
        f"compared: {left.label()} with {right.label()}"
        for left, right in comparison.pairs
    ]
    return "\n".join(lines)


def status_text(counts: Mapping[RunStatus, int]) -> str:
    """Count runs by what became of them: `8 converged, 2 diverged`; best first."""
    ordered = sorted(counts.items(), reverse=True)
    return ", ".join(f"{n} {status.word}" for status, n in ordered if n)


def metric_text(summary: MetricSummary | None) -> str:
    """A mean with its interval; the mean alone where there is no interval."""
    if summary is None or summary.mean is None:
        return ""
    mark = " (mixed)" if summary.is_bimodal else ""
    return interval_text(summary.mean, summary.lower, summary.upper) + mark


def interval_text(mean: float, lower: float | None, upper: float | None) -> str:
    """Write a mean and its interval with four digits after the point."""
    if lower is None or upper is None:
        return f"{mean:.4f}"
    return f"{mean:.4f} [{lower:.4f}, {upper:.4f}]"


def _first_step(diverged_at: Int[np.ndarray, " run"]) -> str:
    steps = diverged_at[diverged_at > 0]
    return f"; the first at step {steps.min():,}" if steps.size else ""


def _status_sentence(result: StudyResult, status: RunStatus) -> str:
    """Name the runs with a status: `3 of 240 runs diverged: b=1 (seeds 0, 1, 4)`."""
    has_status = result.status == status
    n = int(has_status.sum())
    if not n:
        return ""
    places = [
        f"{config.label()} (seeds "
        f"{', '.join(str(result.seeds[j]) for j in has_status[i].nonzero()[0])}"
        f"{_first_step(result.diverged_at[i][has_status[i]])})"
        for i, config in enumerate(result.configs)
        if has_status[i].any()
    ]
    shown = "; ".join(places[:MAX_NAMED])
    more = len(places) - MAX_NAMED
    rest = f"; and {more} more configs" if more > 0 else ""
    return f"{n} of {result.status.size} runs {status.word}: {shown}{rest}"


def _smallest_text(comparison: Comparison) -> str:
    smallest = comparison.smallest_p_value
    if smallest is None:
        return " (exact sign-flip test)"
    return f" (exact sign-flip test; {comparison.n_pairs} pairs reach {smallest:.2g})"


def _seconds_text(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3g}"


def _heading(result: StudyResult) -> str:
    n_done = int(result.has_outcome().sum())
    return (
        f"{result.study.name}: {n_done} of {result.status.size} runs finished, "
        f"{len(result.configs)} configs, {len(result.seeds)} seeds"
    )


def _legend() -> str:
    return (
        "mean [95% interval for the mean over seeds]; (mixed): some runs learned and "
        "some did not"
    )
