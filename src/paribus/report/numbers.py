"""How numbers are written: with the digits that their uncertainty leaves."""

import math
import re
from collections.abc import Sequence

from paribus.analysis import MetricSummary
from paribus.analysis.scores import is_accuracy
from paribus.counts import count


NONE = "–"


def percent(share: float, digits: int = 2) -> str:
    """Write a share in percent: `"97.66%"`."""
    return f"{100 * share:.{digits}f}%"


def points(difference: float, digits: int = 2) -> str:
    """Write a signed difference of shares in percentage points: `"+1.47"`."""
    text = f"{100 * difference:+.{digits}f}"
    is_zero = not text.strip("+-0.")
    return text[1:] if is_zero else text.replace("-", "−")


def with_points(size: str) -> str:
    """Put the unit behind a difference of shares: `"+1 point"`, `"+1.0 points"`."""
    return f"{size} point" if size.lstrip("+−") == "1" else f"{size} points"


def digits_for(half_width: float | None) -> int:
    """Decimals of a percentage whose interval reaches `half_width` each way."""
    if half_width is None or not math.isfinite(half_width):
        return 2
    if half_width >= 0.1:
        return 0
    if half_width >= 0.01:
        return 1
    return 2 if half_width >= 0.0001 else 3


def estimate(measured: MetricSummary | None) -> str:
    """Write a mean with its interval: `"97.69% [97.61, 97.77]"`.

    Of a config whose runs are a mixture of learners and others, the learners' is
    written, and that it is theirs: `"62% [55, 69] among 7 learners"`.
    """
    if measured is None or measured.mean is None:
        return NONE
    mean, lower, upper = measured.described
    among = ""
    if measured.is_bimodal:
        among = f" among {count(measured.n_learners, 'learner')}"
    if mean is None:
        return NONE + among
    if lower is None or upper is None:
        return _value(measured.metric, mean, 2) + among
    if is_accuracy(measured.metric):
        digits = digits_for((upper - lower) / 2)
        bounds = f"[{100 * lower:.{digits}f}, {100 * upper:.{digits}f}]"
        return f"{percent(mean, digits)} {bounds}{among}"
    return f"{mean:.3g} [{lower:.3g}, {upper:.3g}]{among}"


def mean(measured: MetricSummary | None) -> str:
    """Write a mean without its interval: `"97.69%"`, `"62% among 7 learners"`."""
    return re.sub(r" \[.*\]", "", estimate(measured))


def ranked_mean(measured: MetricSummary | None) -> str:
    """Write a mean as `mean` does, with the one that ranks where that is another.

    Of a mixture: `"96.2% among 7 learners, 95.8% over all runs"`.
    """
    said = mean(measured)
    if measured is None or not measured.is_bimodal or measured.ranking_mean is None:
        return said
    _, lower, upper = measured.described
    digits = 2 if lower is None or upper is None else digits_for((upper - lower) / 2)
    ranked = _value(measured.metric, measured.ranking_mean, digits)
    return f"{said}, {ranked} over all runs"


def spread(measured: MetricSummary | None) -> str:
    """Write the lowest and the highest run: `"97.5 to 97.9%"`."""
    values = [] if measured is None else [v for v in measured.values if v is not None]
    if measured is None or not values:
        return NONE
    lowest, highest = min(values), max(values)
    if not is_accuracy(measured.metric):
        return f"{lowest:.3g} to {highest:.3g}"
    digits = digits_for((highest - lowest) / 2)
    return f"{100 * lowest:.{digits}f} to {percent(highest, digits)}"


def difference(
    estimate: float | None, lower: float | None, upper: float | None
) -> tuple[str, str]:
    """Write a difference of accuracies and its interval, in percentage points."""
    if estimate is None:
        return NONE, NONE
    if lower is None or upper is None:
        return points(estimate), NONE
    digits = digits_for((upper - lower) / 2)
    interval = f"[{points(lower, digits)}, {points(upper, digits)}]"
    return points(estimate, digits), interval


def p_value(p: float | None) -> str:
    """Write a p-value: three decimals, or two digits below 0.001."""
    if p is None:
        return NONE
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def duration(seconds: float) -> str:
    """Write a time: `"48 s"`, `"1 min 12 s"`, `"2 h 5 min"`."""
    if seconds < 10:
        return f"{seconds:#.2g} s".replace(". ", " ")
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _value(metric: str, value: float, digits: int) -> str:
    return percent(value, digits) if is_accuracy(metric) else f"{value:.3g}"


def join_labels(labels: Sequence[str]) -> str:
    """Join names that may have commas in them: `"(1) a 1, b 2; (2) a 2, b 1"`."""
    if len(labels) < 2 or not any("," in label for label in labels):
        return join(list(labels))
    return "; ".join(f"({i}) {label}" for i, label in enumerate(labels, start=1))


def join(parts: list[str], last: str = "and") -> str:
    """Join words as a sentence does: `"a, b and c"`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
