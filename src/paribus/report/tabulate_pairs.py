"""Every pair of configs that was compared, as a table."""

import numpy as np

from paribus.analysis import Comparison
from paribus.analysis.looks import looks_of
from paribus.analysis.scores import is_accuracy
from paribus.counts import count
from paribus.report.document import Table
from paribus.report.findings import Findings
from paribus.report.numbers import NONE, p_value, percent, points
from paribus.report.pairs import higher_first
from paribus.report.prose_pairs import say_unit, write_difference
from paribus.report.slices import words
from paribus.stats.families import ERROR_RATE


P_VALUE = "p (Holm)"

# Beside a share of reversals of another order than the row's.
OTHER_ORDER = "↔"


def tabulate_comparisons(findings: Findings) -> Table:
    """Every pair that was compared: difference, interval, test, noise floor.

    Without the p-values where none could be small, whatever the runs.
    """
    columns = (
        "higher mean",
        "lower mean",
        "difference",
        "simultaneous 95% interval",
        "noise floor",
        P_VALUE,
        "seeds",
        "ended badly",
        "reversed by one seed",
    )
    rows = [_comparison_row(findings, c) for c in findings.comparisons]
    least = _smallest_adjusted(findings)
    if least is not None and least > ERROR_RATE:
        at = columns.index(P_VALUE)
        columns = columns[:at] + columns[at + 1 :]
        rows = [row[:at] + row[at + 1 :] for row in rows]
    return Table(
        caption=_comparison_caption(findings.metric),
        columns=columns,
        rows=tuple(rows),
        n_labels=2,
        note=_comparison_note(findings),
    )


def _comparison_caption(metric: str) -> str:
    if is_accuracy(metric):
        return f"Paired differences in {words(metric)}, in percentage points"
    return f"Paired {say_unit(metric).lower()[:1]}{say_unit(metric)[1:]}"


def _comparison_row(findings: Findings, comparison: Comparison) -> tuple[str, ...]:
    c = higher_first(comparison)
    size, interval = write_difference(c)
    return (
        findings.label(c.a),
        findings.label(c.b),
        size,
        interval,
        NONE if c.noise_floor is None else f"±{points(c.noise_floor).lstrip('+')}",
        p_value(c.p_value_holm),
        str(c.n_pairs),
        f"{c.n_bad[0]} and {c.n_bad[1]} of {c.n_seeds}",
        _reversed_by_one_seed(findings, c),
    )


def _reversed_by_one_seed(findings: Findings, c: Comparison) -> str:
    """How often; marked where the order that is reversed is not that of the row."""
    if c.reversal_share is None:
        return NONE
    share = percent(c.reversal_share, 0)
    return f"{share} {OTHER_ORDER}" if _is_other_order(findings, c) else share


def _is_other_order(findings: Findings, c: Comparison) -> bool:
    """Whether over all runs the side is ahead that is not among those that learned."""
    c = higher_first(c)
    a, b = (findings.result.config_index(side) for side in (c.a, c.b))
    return c.difference is not None and findings.is_ahead(b, a)


def _say_noise_floor(metric: str) -> str:
    if not is_accuracy(metric):
        return ""
    return (
        f"The noise floor is what a {metric.split('_')[0]} split of finite size alone "
        "makes of a difference between two runs (one standard deviation). "
    )


def _smallest_adjusted(findings: Findings) -> float | None:
    """The smallest adjusted p-value that so few seeds can give; None without tests."""
    smallest = [c.smallest_p_value for c in findings.comparisons if c.smallest_p_value]
    if not smallest:
        return None
    n = sum(c.p_value is not None for c in findings.comparisons)
    adjusted = np.array([min(min(smallest) * n, 1.0)])
    return float(looks_of(findings.result.study).over_all(adjusted)[0])


def _comparison_note(findings: Findings) -> str:
    n = sum(c.p_value is not None for c in findings.comparisons)
    study = findings.result.study
    paid = f" and the {study.looks} planned looks" if study.looks > 1 else ""
    text = (
        "Pairs share their seed: the same initial weights and the same order of data. "
        f"{_say_noise_floor(findings.metric)}The p-value is an exact "
        f"sign-flip test, Holm-adjusted for the {count(n, 'test')} here{paid}. "
        "The intervals are simultaneous: with 95% confidence all of them hold together "
        "(Bonferroni)."
    )
    if any(c.is_among_learners for c in findings.comparisons):
        text += (
            " The difference is only among the seeds where both sides learned; where "
            "runs of a side ended badly, compare how many first. Reversed by one seed: "
            "the order of the means over all seeds, these included."
        )
    if any(_is_other_order(findings, c) for c in findings.comparisons):
        text += f" {OTHER_ORDER}: that order is the opposite of the row's."
    least = _smallest_adjusted(findings)
    if least is not None:
        text += (
            f" The smallest adjusted p-value that is possible here is {p_value(least)}"
        )
        is_idle = least > ERROR_RATE
        text += ", whatever the runs, so none are listed." if is_idle else "."
    if len(findings.compared) < findings.n_configs:
        text += (
            f" Compared are the {len(findings.compared)} configs with the highest "
            "mean; having been chosen by it, they look a little better than they are."
        )
    return text
