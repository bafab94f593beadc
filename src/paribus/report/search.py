"""What searches of fewer configs would have found: a section of the report."""

from collections.abc import Sequence

from paribus.analysis.scores import is_accuracy, n_examples
from paribus.analysis.search import SearchCurve, search_curves
from paribus.counts import count
from paribus.plots import to_specification
from paribus.plots.search import MAX_CURVES, draw_search
from paribus.report.document import Block, Figure, Panel, Paragraph, Table
from paribus.report.findings import Findings
from paribus.report.numbers import NONE, join, percent
from paribus.report.prose import sentence
from paribus.report.slices import label_values, words
from paribus.results import StudyResult


_MAX_ROWS = 10
# Two points are no curve: their numbers are in the table.
_MIN_POINTS = 3


def arrange_search(findings: Findings) -> list[Block]:
    """The best of k configs in words, as a chart and as a table; empty without any."""
    result = findings.result
    found = search_curves(result)
    if not found:
        return []
    kept = sorted(found, key=lambda curve: -curve.best)[:MAX_CURVES]
    curves = [curve for curve in found if curve in kept]
    labels = [label_values(curve.others) for curve in curves]
    longest = max(len(curve.expected) for curve in curves)
    return [
        Paragraph(text=say_search(result, curves, n_groups=len(found))),
        *([_figure(result, curves, labels)] if longest >= _MIN_POINTS else []),
        _tabulate(result, curves, labels),
    ]


def say_search(
    result: StudyResult, curves: Sequence[SearchCurve], *, n_groups: int
) -> str:
    """Say what the curves are, and what they are not.

    Args:
        result: The study.
        curves: Those that are shown.
        n_groups: How many there are.
    """
    n_seeds = f"at least {count(min(curve.n_seeds for curve in curves), 'seed')}"
    whose = " that chose" if result.study.tuning else ""
    text = (
        f"Had a search tried only k of the {_what(result, curves)}, drawn at random, "
        "this is what the best of them would have scored on average. Each config's "
        f"score is its mean {words(result.score_metric)} over {n_seeds}{whose}. "
        "A description without a verdict: with few seeds the best of many is a lucky "
        "one as well, another range of values gives another curve, and it ends at half "
        "of what was tried, beyond which a few of the best would decide it alone."
    )
    if len(curves) < n_groups:
        text += f" The {len(curves)} of {n_groups} groups with the best config."
    return text


def _what(result: StudyResult, curves: Sequence[SearchCurve]) -> str:
    """What a search tries: `"9 learning rates of each optimizer"`."""
    sizes = sorted({curve.n_configs for curve in curves})
    n = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    tuning = result.study.tuning
    noun = f"{words(tuning.hyperparameter)}s" if tuning else "configs"
    names = dict.fromkeys(name for curve in curves for name in curve.others)
    each = f" of each {join([words(name) for name in names])}" if names else ""
    return f"{n} {noun}{each}"


def _figure(
    result: StudyResult, curves: Sequence[SearchCurve], labels: Sequence[str]
) -> Figure:
    metric = result.score_metric
    gist = "; ".join(
        f"{label}{': ' if label else ''}{_score(metric, curve.expected[0])} with 1, "
        f"{_score(metric, curve.expected[-1])} with {len(curve.expected)}"
        for curve, label in zip(curves, labels, strict=True)
    )
    return Figure(
        name="search",
        caption=f"What the best of k configs scores on average, in {words(metric)}, "
        "up to half of those that were tried.",
        panels=(
            Panel(
                title="",
                description=f"{sentence(words(metric))} of the best config. {gist}.",
                specification=to_specification(
                    draw_search(
                        curves,
                        labels=labels,
                        metric=metric,
                        n_examples=n_examples(result, metric),
                    ),
                    description=f"Best {words(metric)} by how many configs are tried",
                ),
            ),
        ),
    )


def _tabulate(
    result: StudyResult, curves: Sequence[SearchCurve], labels: Sequence[str]
) -> Table:
    metric = result.score_metric
    ks = _rows(max(len(curve.expected) for curve in curves))
    rows = [
        (
            str(k),
            *(
                _score(metric, curve.expected[k - 1])
                if k <= len(curve.expected)
                else NONE
                for curve in curves
            ),
        )
        for k in ks
    ]
    rows.append(("all", *(f"{_score(metric, curve.best)}" for curve in curves)))
    return Table(
        caption=f"The best of k configs, on average: {words(metric)}",
        columns=("configs tried", *(label or "best" for label in labels)),
        rows=tuple(rows),
        note="All: the best that was found, no average over searches.",
        is_folded=len(rows) > 6,
    )


def _rows(longest: int) -> list[int]:
    """Up to ten numbers of tries: all of few, else doubling, and the last."""
    if longest < _MAX_ROWS:
        return list(range(1, longest + 1))
    doubling = [2**power for power in range(_MAX_ROWS - 1) if 2**power < longest]
    return [*doubling, longest]


def _score(metric: str, value: float) -> str:
    return percent(value) if is_accuracy(metric) else f"{value:.3g}"
