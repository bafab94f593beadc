"""Summaries and comparisons as text for a terminal."""

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from textwrap import wrap

import numpy as np
from jaxtyping import Int

from paribus.analysis import ConfigSummary, MetricSummary
from paribus.analysis.scores import is_accuracy, shown_metrics
from paribus.analysis.solo_times import noisy_timing
from paribus.analysis.starts import WHY_BROKEN, broken_starts
from paribus.console.layout import Row, html_table, lay_out, table_width
from paribus.console.ties import (
    AS_GOOD,
    AS_GOOD_MARK,
    best_mark,
    best_text,
    is_shown_as_good,
    ties_legend,
)
from paribus.counts import count
from paribus.results import StudyResult
from paribus.results.asked import only_asked
from paribus.results.progress import has_ended
from paribus.space import show_value
from paribus.status import STATUS_MEANINGS, RunStatus
from paribus.stopping import at_look_of
from paribus.study import Study


MAX_NAMED = 3
MIXTURE = "*"
NO_LEARNER = "**"
# What a reader of a table may not know, in the order of harm.
_EXPLAINED = (
    RunStatus.DIVERGED,
    RunStatus.COLLAPSED,
    RunStatus.LATE_COLLAPSE,
    RunStatus.SUBLINEAR,
    RunStatus.UNCONVERGED,
    RunStatus.PRUNED,
)


def summary_text(
    result: StudyResult, summaries: Sequence[ConfigSummary], *, width: int | None = None
) -> str:
    """Say what a study found: one row per config, how to read it below.

    In a narrow terminal statuses are counted in the table and named below it; what
    still does not fit is left out from the right; and if nothing fits, each config is a
    block of lines.

    Args:
        result: The study.
        summaries: Its configs, in order.
        width: Columns of the terminal; None where lines may have any length.
    """
    rows = _wide_rows(result, summaries)
    notes = _legend(result, summaries)
    if width is not None and rows and table_width(rows) > width:
        for narrow in _narrow_tables(result, summaries):
            if table_width(narrow) <= width:
                rows = narrow
                notes = [*notes, *_narrow_legend(summaries)]
                break
    if width is not None:
        cut = partial(wrap, width=width, subsequent_indent="  ")
        notes = [line for note in notes for line in cut(note)]
    return "\n".join([_heading(result), "", lay_out(rows, width=width), "", *notes])


def summary_html(result: StudyResult, summaries: Sequence[ConfigSummary]) -> str:
    """Say what a study found as an HTML table, for notebooks."""
    rows = _wide_rows(result, summaries)
    notes = "<br>".join(map(html.escape, _legend(result, summaries)))
    return f"<p>{html.escape(_heading(result))}</p>{html_table(rows)}<p>{notes}</p>"


def _wide_rows(result: StudyResult, summaries: Sequence[ConfigSummary]) -> list[Row]:
    """A row a config: statuses, accuracies, time, ties."""
    is_timed = any(summary.seconds_per_epoch is not None for summary in summaries)
    rows = []
    for index, summary in enumerate(summaries):
        row: Row = {"config": summary.config.label()}
        row["runs"] = status_text(summary.status)
        if not summary.status:
            row["runs"] = f"tuning only: {status_text(_tuning_runs(result, index))}"
        for metric in shown_metrics(result):
            row[metric] = metric_text(summary.metrics.get(metric))
        if is_timed:
            row["s/epoch"] = _seconds_text(summary.seconds_per_epoch)
        row["best?"] = best_text(summary, summaries, result.primary_metric)
        rows.append(row)
    return rows


def _narrow_tables(
    result: StudyResult, summaries: Sequence[ConfigSummary]
) -> list[list[Row]]:
    """The same with short headings, then with less and less."""
    everything = [_narrow_row(result, i, summaries) for i in range(len(summaries))]
    without_seconds = [_without(row, "s/\nepoch") for row in everything]
    secondary = [m.replace("_", "\n") for m in shown_metrics(result)[1:]]
    only_means = [
        {
            column: text.partition(" [")[0] if column in secondary else text
            for column, text in row.items()
        }
        for row in without_seconds
    ]
    only_primary = [_without(row, *secondary) for row in without_seconds]
    return [everything, without_seconds, only_means, only_primary]


def _narrow_row(
    result: StudyResult, index: int, summaries: Sequence[ConfigSummary]
) -> Row:
    summary = summaries[index]
    row: Row = {
        name.replace("_", "\n"): show_value(summary.config.get(name))
        for name in result.study.space.hyperparameters()
        if len({config.get(name) for config in result.configs}) > 1
    } or {"config": summary.config.label()}
    row["learned"] = _learned(summary.status) or (
        f"({_learned(_tuning_runs(result, index))})"
    )
    for metric in shown_metrics(result):
        row[metric.replace("_", "\n")] = metric_text(summary.metrics.get(metric))
    row["best"] = best_mark(summary, summaries)
    if summary.seconds_per_epoch is not None:
        row["s/\nepoch"] = _seconds_text(summary.seconds_per_epoch)
    return row


def _learned(counts: Mapping[RunStatus, int]) -> str:
    """How many runs learned, of how many: `5/6`; empty where there are none.

    Of runs that were stopped early nobody knows whether they would have.
    """
    if RunStatus.PRUNED in counts:
        return RunStatus.PRUNED.word
    n_learned = sum(n for status, n in counts.items() if RunStatus(status).is_learner)
    return f"{n_learned}/{sum(counts.values())}" if counts else ""


def _tuning_runs(result: StudyResult, index: int) -> Counter[RunStatus]:
    """What became of the runs of a config that chose, or set targets."""
    seeds = () if result.study.tuning is None else result.study.tuning.seeds
    columns = [result.seeds.index(seed) for seed in seeds]
    counts = Counter(RunStatus(code) for code in result.status[index, columns].tolist())
    del counts[RunStatus.ABSENT]
    return counts


def _without(row: Row, *columns: str) -> Row:
    return {name: text for name, text in row.items() if name not in columns}


def ending_text(result: StudyResult, *, asked: Study, folder: Path) -> str:
    """Say how the training of a study ended, and what to do next.

    Args:
        result: All that is stored.
        asked: The study that was to be trained; less than is stored, perhaps.
        folder: The study folder.
    """
    asked = at_look_of(asked, result.study)
    trained = only_asked(result, asked)
    lines = [
        sentence
        for status in (RunStatus.FAILED, RunStatus.DIVERGED)
        if (sentence := _status_sentence(trained, status))
    ]
    for n, noun in (
        (len(set(result.configs) - set(trained.configs)), "config"),
        (len(set(result.seeds) - set(asked.all_seeds)), "seed"),
    ):
        if n:
            which = count(n, noun)
            verb = "are" if n > 1 else "is"
            lines.append(
                f"{which} that this study does not name {verb} in the folder too"
            )
    if result.study.claims and trained is not result:
        lines.append(
            "claims are judged by all that the folder holds, not by these alone"
        )
    lines.append(f"report: paribus report {folder}")
    return "\n".join(lines)


def status_text(counts: Mapping[RunStatus, int]) -> str:
    """Count runs by what became of them: `2 diverged, 8 converged`; worst first.

    What is still to come stands last.
    """
    ordered = sorted(
        counts.items(),
        key=lambda item: (item[0] < RunStatus.FAILED, item[0].is_learner, item[0]),
    )
    return ", ".join(f"{n} {status.word}" for status, n in ordered if n)


def metric_text(summary: MetricSummary | None) -> str:
    """A mean with its interval, marked for a mixture's learners and for no learner."""
    if summary is None:
        return ""
    mean, lower, upper = summary.described
    if mean is None:
        return ""
    mark = f" {MIXTURE}" if summary.is_bimodal else ""
    if summary.has_no_learner:
        mark = f" {NO_LEARNER}"
    is_share = is_accuracy(summary.metric)
    return interval_text(mean, lower, upper, is_share=is_share) + mark


def interval_text(
    mean: float, lower: float | None, upper: float | None, *, is_share: bool = True
) -> str:
    """Write a mean and its interval: shares with four digits after the point.

    Args:
        mean: The mean.
        lower: Its lower bound; None where there is none.
        upper: Its upper bound.
        is_share: Whether it is one; other numbers may be of any size.
    """
    digits = ".4f" if is_share else ".4g"
    if lower is None or upper is None:
        return f"{mean:{digits}}"
    return f"{mean:{digits}} [{lower:{digits}}, {upper:{digits}}]"


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
    rest = f"; and {count(more, 'more config')}" if more > 0 else ""
    why = ""
    broken = broken_starts(result) if status is RunStatus.DIVERGED else None
    if broken is not None:
        n_broken = "all" if broken.n_broken == n else f"{broken.n_broken} of them"
        why = f"; {n_broken} at the first step: {WHY_BROKEN}"
    return f"{n} of {result.n_runs} runs {status.word}: {shown}{rest}{why}"


def _seconds_text(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3g}"


def _heading(result: StudyResult) -> str:
    n_done = int(has_ended(result.status).sum())
    return (
        f"{result.study.name}: {n_done} of {result.n_runs} runs finished, "
        f"{count(len(result.configs), 'config')}, {_seeds_text(result)}"
    )


def _seeds_text(result: StudyResult) -> str:
    """How many seeds there are, and what for in a study that tunes."""
    tuning = result.study.tuning
    if tuning is None:
        return count(len(result.seeds), "seed")
    n_compared = count(len(result.study.seeds), "seed")
    return f"{n_compared} to compare, {len(tuning.seeds)} to tune"


def _legend(result: StudyResult, summaries: Sequence[ConfigSummary]) -> list[str]:
    """How to read the numbers, the ties, and the mixtures in words."""
    metric = result.primary_metric
    lines = [
        "mean [95% interval for the mean over seeds]",
        *ties_legend(result, summaries),
    ]
    mixed = [
        summary
        for summary in summaries
        if metric in summary.metrics and summary.metrics[metric].is_bimodal
    ]
    if mixed:
        lines.append(
            f"{MIXTURE} the mean of the runs that learned; the mean of all runs ranks "
            "the config; share that ended badly:"
        )
    lines += [_share_text(summary, metric) for summary in mixed[:MAX_NAMED]]
    if len(mixed) > MAX_NAMED:
        lines.append(f"  and {count(len(mixed) - MAX_NAMED, 'more config')}")
    if any(m.has_no_learner for s in summaries for m in s.metrics.values()):
        lines.append(
            f"{NO_LEARNER} no run counts as a learner: the mean of all, whatever "
            "became of them"
        )
    shown = [s.metrics[m] for s in summaries for m in shown_metrics(result)]
    if any(m.spread == 0 for m in shown):
        lines.append("an interval of no width: all of these runs have one score")
    if any(summary.seconds_per_epoch is not None for summary in summaries):
        lines += _noise_text(result)
    seen = {status for summary in summaries for status in summary.status}
    seen |= {RunStatus.PRUNED} & set(map(RunStatus, np.unique(result.status)))
    lines += [f"{s.word}: {STATUS_MEANINGS[s]}" for s in _EXPLAINED if s in seen]
    return lines


def _noise_text(result: StudyResult) -> list[str]:
    """Say that seconds are no basis of a comparison, where no claim compares them."""
    noise = noisy_timing(result)
    if noise is None or not noise.forbids_seconds:
        return []
    why = {
        "repeats": f"repeats varied by up to {noise.worst:.0%}",
        "load": f"timed under a load of {noise.load:.1f} on {noise.n_cores} cores",
        "apart": "not all timed in the same rounds",
        "ratio": f"a ratio varied by {noise.worst:.0%} from round to round",
    }
    return [f"s/epoch: not to be compared, {why[noise.kind]}"]


def _share_text(summary: ConfigSummary, metric: str) -> str:
    share = summary.share_bad or 0.0
    lower, upper = summary.share_bad_lower or 0.0, summary.share_bad_upper or 0.0
    mean = summary.metrics[metric].ranking_mean
    assert mean is not None, "a mixture has runs that ended"
    digits = ".4f" if is_accuracy(metric) else ".4g"
    return (
        f"  {summary.config.label()}: mean of all runs {mean:{digits}}; "
        f"{summary.n_bad} of {summary.n_seeds} bad, "
        f"{share:.0%} [{lower:.0%}, {upper:.0%}]"
    )


def _narrow_legend(summaries: Sequence[ConfigSummary]) -> list[str]:
    """The marks of a narrow table, and the statuses that it leaves out."""
    marks = "tied: with the best config"
    compared = [summary for summary in summaries if summary.status]
    if any(summary.is_tied_with_best is None for summary in compared):
        marks += "; ?: too few seeds to say"
    if any(map(is_shown_as_good, summaries)):
        marks += f"; {AS_GOOD_MARK}: {AS_GOOD}"
    if len(compared) < len(summaries):
        marks += "; (k/n): runs of tuning, which did not choose it"
    counts = Counter[RunStatus]()
    for summary in summaries:
        counts.update(summary.status)
    runs = "all runs" if len(compared) == len(summaries) else "runs compared"
    return [marks, f"{runs}: {status_text(counts)}"]
