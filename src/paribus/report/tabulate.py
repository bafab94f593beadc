"""Records as tables: which columns a reader needs, the numbers already words."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from paribus.analysis import ConfigSummary
from paribus.analysis.scores import is_accuracy, is_loss
from paribus.analysis.ties import MIN_SEEDS_TO_JUDGE
from paribus.counts import count
from paribus.report.document import Table
from paribus.report.findings import Findings
from paribus.report.notebook import Task, place_published
from paribus.report.numbers import (
    NONE,
    duration,
    estimate,
    join,
    percent,
    spread,
)
from paribus.report.prose import say_meaning, status_words
from paribus.report.slices import Slice, label_values, varying, words
from paribus.report.ties import limit_heading, limit_note, write_limit
from paribus.space import value_words
from paribus.stats.intervals import MIN_BOOTSTRAP_SEEDS
from paribus.status import RunStatus


Cell = Callable[[int], str]

TIED = "tied"

# A longer list of configs is opened by whoever looks for one; what went wrong is said.
MAX_OPEN_ROWS = 24


def tabulate_statuses(findings: Findings) -> Table:
    """Count how the runs of each config ended, a column a status that occurs."""
    status = findings.result.status
    occurring = [s for s in RunStatus if (status == s).any()]
    present = [s for s in occurring if s is not RunStatus.ABSENT]
    rows = [
        (label, *(str(int((status[index] == s).sum())) for s in present))
        for index, label in findings.listed.items()
    ]
    total = [int((status == s).sum()) for s in present]
    if findings.n_configs > 1:
        rows.append(("all configs", *map(str, total)))
    there = int((status != RunStatus.ABSENT).any(axis=1).sum())
    left_out = count(there - len(findings.listed), "more config")
    unlisted = f"In the export, and counted in the last row: {left_out}."
    more = [unlisted] if there > len(findings.listed) else []
    return Table(
        caption="Runs by how they ended",
        columns=("config", *map(status_words, present)),
        rows=tuple(rows),
        note=" ".join([*map(say_meaning, present), *more]),
        is_folded=len(rows) > MAX_OPEN_ROWS,
    )


def tabulate_task(findings: Findings, part: Slice, task: Task) -> Table:
    """One task of the notebook: our intervals, its own single numbers among them."""
    published = {
        findings.result.config_index(config): accuracy
        for config, accuracy in task.accuracies.items()
    }

    def place(config: int) -> str:
        if config not in published:
            return NONE
        found = place_published(findings.result, config, published[config])
        if found is None:
            return NONE
        if found.is_inside:
            return f"inside, {100 * found.quantile:.0f}% quantile"
        side = "above" if found.accuracy > found.highest else "below"
        return f"outside, {side} all {found.n_runs}"

    extra = {
        "the notebook's one run": lambda config: (
            percent(published[config]) if config in published else NONE
        ),
        "where it falls among ours": place,
    }
    return _tabulate(findings, [part], f"{task.title}: {_caption(part)}", extra)


def tabulate_slices(findings: Findings, parts: Sequence[Slice]) -> Table:
    """One hyperparameter's values, at each combination of the others."""
    shown = set(findings.shown)
    kept = [part for part in parts if shown.intersection(part.configs)]
    caption = (
        _caption(kept[0]) if len(kept) == 1 else words(kept[0].varied).capitalize()
    )
    return _tabulate(findings, kept, caption, {})


def tabulate_configs(findings: Findings) -> Table:
    """Every config in one table: for studies that vary nothing, or all at once."""
    rest = _columns(findings, tuple(findings.shown), {})
    return Table(
        caption="All configs",
        columns=("config", *rest),
        rows=tuple(
            (label or "the only config", *(cell(index) for cell in rest.values()))
            for index, label in findings.shown.items()
        ),
        note=_note(findings),
    )


def tabulate_metrics(findings: Findings) -> tuple[Table, ...]:
    """Every metric of a split at the end of the budget: losses, accuracies, shares.

    Shares that are 0 in every run are named in the note and have no column.
    """
    names = [
        name
        for name in findings.result.metrics
        if name.split("_")[0] in ("train", "validation", "test")
    ]
    zero = [name for name in names if _is_zero(findings, name)]
    kinds = {
        "Losses": [n for n in names if n.endswith("_loss")],
        "Accuracies": [n for n in names if is_accuracy(n)],
        "Errors": [n for n in names if is_loss(n) and not n.endswith("_loss")],
        "Scores": [n for n in names if n.endswith("_r2")],
    }
    known = {*(n for each in kinds.values() for n in each), *zero}
    kinds["Other shares"] = [n for n in names if n not in known]
    tables = [
        Table(
            caption=f"{kind} at the end of the budget: mean and 95% interval",
            columns=("config", *map(words, metrics)),
            rows=tuple(
                (
                    label,
                    *(estimate(findings.summaries[i].metrics.get(m)) for m in metrics),
                )
                for i, label in findings.shown.items()
            ),
        )
        for kind, metrics in kinds.items()
        if metrics
    ]
    note = (
        f"{_say_means(findings)} Of a mixture of runs that learned and runs that ended "
        f"badly the mean is among those that learned.{_few_seeds_note(findings)}"
    )
    if zero:
        note += f" 0 in every run: {join([words(name) for name in zero])}."
    return (*tables[:-1], replace(tables[-1], note=note)) if tables else ()


def _say_means(findings: Findings) -> str:
    """Which means are arithmetic and which geometric."""
    if findings.result.study.task.is_classification:
        return "Accuracies are arithmetic means; losses, in nats, are geometric means."
    return (
        "RMSE and MAE, in the unit of the data, and losses are geometric means; R2, "
        "the share of the variance that is explained, is an arithmetic one."
    )


def _is_zero(findings: Findings, name: str) -> bool:
    """Whether a share, neither a loss nor an accuracy, is 0 in every run shown."""
    values = [
        value
        for i in findings.shown
        for measured in [findings.summaries[i].metrics.get(name)]
        for value in (measured.values if measured else ())
    ]
    is_share = not (is_accuracy(name) or is_loss(name) or name.endswith("_r2"))
    return is_share and bool(values) and not any(values)


def _few_seeds_note(findings: Findings) -> str:
    """What an interval of one config supposes, where t gives it."""
    if all(
        findings.summaries[i].n_seeds >= MIN_BOOTSTRAP_SEEDS for i in findings.shown
    ):
        return ""
    # benchmarks/calibration.py; log-normal scores, sd of the logarithm 0.8.
    return (
        f" With fewer than {MIN_BOOTSTRAP_SEEDS} seeds an interval supposes scores "
        "without strong skew: of strongly skewed accuracies it would contain the mean "
        "in 87% of studies, not in 95%. Verdicts rest on paired differences, which are "
        "less skewed."
    )


def note_on_shown(findings: Findings) -> str:
    """Say which configs a table leaves out; empty if none."""
    left_out = findings.n_configs - len(findings.shown)
    if not left_out:
        return ""
    return (
        f"The {len(findings.shown)} configs with the best mean; "
        f"{count(left_out, 'more config')} are in the export."
    )


def _tabulate(
    findings: Findings, parts: Sequence[Slice], caption: str, extra: dict[str, Cell]
) -> Table:
    """Rows for the configs of slices: their own values, then the numbers."""
    others = dict.fromkeys(name for part in parts for name in part.fixed)
    indices = [i for part in parts for i in part.configs if i in findings.shown]
    tuned = [
        name
        for name in varying(findings.result.study)
        if name not in (*others, parts[0].varied)
        and any(name in findings.result.configs[i] for i in indices)
    ]
    others = {} if len(parts) == 1 else others
    names = [*others, parts[0].varied, *tuned]
    rest = _columns(findings, indices, extra)
    return Table(
        caption=caption,
        columns=(*map(words, names), *rest),
        rows=tuple(
            (
                *(
                    value_words(name, findings.result.configs[i].get(name))
                    for name in names
                ),
                *(cell(i) for cell in rest.values()),
            )
            for i in indices
        ),
        n_labels=len(names),
        note=" ".join(filter(None, (_say_tuned(tuned), _note(findings)))),
    )


def _say_tuned(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"Each at the {join([words(n) for n in names])} that was chosen for it."


def _columns(
    findings: Findings, indices: Sequence[int], extra: dict[str, Cell]
) -> dict[str, Cell]:
    """Heading -> what stands there for a config, for the columns that say something."""
    summaries = findings.summaries
    columns: dict[str, Cell] = {}

    columns[f"{words(findings.metric)}, mean and 95% interval"] = lambda i: estimate(
        summaries[i].metrics.get(findings.metric)
    )
    columns["lowest to highest run"] = lambda i: spread(
        summaries[i].metrics.get(findings.metric)
    )
    columns |= extra
    if any(summaries[i].is_tied_with_best is not None for i in indices):
        columns["tied with the best"] = lambda i: _tied(summaries[i])
    if findings.ties.smallest_effect is not None:
        columns[limit_heading(findings.metric)] = lambda i: write_limit(
            findings.ties, i, findings.metric
        )
    columns["learned"] = lambda i: _learned(summaries[i])
    if any(summaries[i].seconds_per_epoch is not None for i in indices):
        columns["one epoch alone"] = lambda i: _seconds(summaries[i])
    return columns


def _caption(part: Slice) -> str:
    fixed = label_values(part.fixed)
    return words(part.varied) + (f", at {fixed}" if fixed else "")


def _note(findings: Findings) -> str:
    n, n_few = findings.n_configs, len(findings.too_few())
    all_of_them = f"all {n} configs of the study"
    if n_few:
        all_of_them = f"the {n - n_few} configs with {MIN_SEEDS_TO_JUDGE} seeds or more"
    is_said = n > 1 and n_few < n
    among = f"Tied with the best: among {all_of_them}." if is_said else ""
    if among and findings.comparisons:
        among += (
            " Its tests are one-sided and share the error rate among the rivals of a "
            "config; the intervals of pairs, further down, are two-sided and share it "
            "over all pairs: one may decide what the other leaves open."
        )
    limits = limit_note(findings.ties, findings.metric) if n > 1 else ""
    failing = _note_on_failing(findings) if is_said else ""
    return " ".join(filter(None, (among, limits, failing, note_on_shown(findings))))


def _note_on_failing(findings: Findings) -> str:
    """Say why configs that mostly fail are not tied, where others are compared."""
    is_failing = [
        is_tied is False and upper is None
        for is_tied, upper in zip(
            findings.ties.is_tied, findings.ties.regret_upper, strict=True
        )
    ]
    if findings.ties.smallest_effect is None or not any(is_failing):
        return ""
    return (
        "A config of which half the runs or more ended badly is not tied, whatever "
        "its mean, and has no such limit."
    )


def _tied(summary: ConfigSummary) -> str:
    if summary.is_tied_with_best is None:
        return "too few seeds"
    if summary.is_tied_with_best and summary.is_mixed:
        return "mixed, not ranked"
    return TIED if summary.is_tied_with_best else "no"


def _learned(summary: ConfigSummary) -> str:
    return f"{summary.n_learners} of {summary.n_seeds}"


def _seconds(summary: ConfigSummary) -> str:
    seconds = summary.seconds_per_epoch
    return NONE if seconds is None else duration(seconds)
