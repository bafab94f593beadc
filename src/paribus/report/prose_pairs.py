"""Comparisons and mixtures as sentences."""

import math

from paribus.analysis import Comparison, ConfigSummary
from paribus.analysis.measure_facts import measure_facts
from paribus.analysis.scores import is_accuracy, is_loss
from paribus.counts import count
from paribus.report.numbers import (
    difference,
    estimate,
    join,
    percent,
    points,
    with_points,
)
from paribus.report.pairs import differing, higher_first, shared_values
from paribus.report.prose import sentence
from paribus.report.slices import label_values, words
from paribus.space import place_words
from paribus.study import Study


MIN_SEEDS_FOR_A_VERDICT = 5


def say_comparison(study: Study, comparison: Comparison) -> str:
    """Say what a paired comparison found: which is higher, by how much, how surely."""
    c = higher_first(comparison)
    apart = differing(c.a, c.b)
    high = label_values({name: c.a[name] for name in apart if name in c.a})
    low = label_values({name: c.b[name] for name in apart if name in c.b})
    shared = place_words(shared_values(study, c.a, c.b))
    place = f", {shared}" if shared else ""
    if not c.n_seeds:
        return sentence(f"{high} against {low}{place}: no seed has both sides.")
    around = _say_rates(c) + _say_unconverged(c, high, low)
    if c.is_among_learners:
        bad = _say_bad(c, high, low)
        found = _say_difference(c, high, low)
        return sentence(f"{high} against {low}{place}: {bad}; {found}{around}")
    return sentence(f"{_say_difference(c, high, f'{low}{place}')}{around}")


def say_mixture(label: str, summary: ConfigSummary, metric: str) -> str:
    """Describe a config whose runs are a mixture of learners and others."""
    measured = summary.metrics[metric]
    lower, upper = summary.share_bad_lower or 0.0, summary.share_bad_upper or 0.0
    bad = (
        f"{summary.n_bad} of {count(summary.n_seeds, 'run')} ended badly (95% interval "
        f"for the share: {percent(lower, 0)} to {percent(upper, 0)})"
    )
    return sentence(
        f"{label}: {bad}. No mean describes them all; {words(metric)} is "
        f"{estimate(measured)}."
    )


def _say_difference(c: Comparison, high: str, low: str) -> str:
    """Say what the metric's difference is; among learners, on how many seeds."""
    metric = words(c.metric)
    if c.difference is None:
        return f"on no seed did both learn, so {metric} is not compared{_say_all(c)}."
    size, interval = write_difference(c)
    size = with_points(size) if is_accuracy(c.metric) else size
    against, seeds = f"{high} against {low}: ", count(c.n_pairs, "seed")
    if c.is_among_learners:
        against, seeds = "", f"the {seeds} where both learned"
    if c.lower is None or c.n_pairs < MIN_SEEDS_FOR_A_VERDICT:
        return f"{against}{size} of {metric} over {seeds}, too few for a verdict."
    if c.lower > 0:
        among = f" over {seeds}" if c.is_among_learners else ""
        mean = "geometric mean" if c.is_log_scale else "mean"
        return (
            f"{high} has a higher {mean} {metric} than {low}{among}: {size} "
            f"{interval}.{_say_floor(c)}{_say_no_smallest(c)}"
        )
    return (
        f"{against}not decided which is higher with {seeds}, {size} {interval}; "
        f"{_say_seeds_to_decide(c)}.{_say_no_smallest(c)}"
    )


def _say_all(c: Comparison) -> str:
    """What the means over all runs differ by, where no learners can be compared."""
    if c.difference_of_all is None:
        return ""
    if c.is_log_scale:
        return (
            f" among learners; over all runs {math.exp(c.difference_of_all):.3g} times"
        )
    size = f"{c.difference_of_all:+.3g}".replace("-", "−")
    if is_accuracy(c.metric):
        size = with_points(points(c.difference_of_all))
    return f" among learners; over all runs {size}"


def say_unit(metric: str) -> str:
    """What paired differences of a metric are in, as a heading begins."""
    if is_accuracy(metric):
        return "Differences in percentage points"
    return f"{'Ratios' if is_loss(metric) else 'Differences'} of {words(metric)}"


def write_difference(c: Comparison) -> tuple[str, str]:
    """A difference and its interval on the scale of the metric: a ratio for a loss.

    Accuracies in percentage points, without the words.
    """
    if c.difference is None or is_accuracy(c.metric):
        return difference(c.difference, c.lower, c.upper)
    if c.ratio is not None:
        ratio, lower, upper = c.ratio
        return f"{ratio:.3g} times", f"[{lower:.3g}, {upper:.3g}]"
    lower, upper = (math.nan if b is None else b for b in (c.lower, c.upper))
    bounds = f"[{lower:+.3g}, {upper:+.3g}]".replace("-", "−")
    return f"{c.difference:+.3g}".replace("-", "−"), bounds


def _say_no_smallest(c: Comparison) -> str:
    """Of a metric that none is named or usual for, what matters cannot be judged."""
    if measure_facts(c.metric).smallest_effect or is_accuracy(c.metric):
        return ""
    return " No smallest effect is named for it, so whether it matters is not judged."


def _say_rates(c: Comparison) -> str:
    """Where the learning rates lie against the best of each side, unless both are."""
    first, second = c.rates_to_best
    if first is None or second is None or first == second == 1:
        return ""
    if first == second:
        return f" The learning rate is {first:.3g} times the best one of either side."
    return (
        f" Their learning rates are {first:.3g} and {second:.3g} times the best one of "
        "each side."
    )


def _say_unconverged(c: Comparison, high: str, low: str) -> str:
    """How many runs were still improving: their final numbers are of this budget."""
    if not any(c.n_unconverged):
        return ""
    n_runs = c.n_seeds * len(c.pairs)
    sides = zip(c.n_unconverged, (high, low), strict=True)
    parts = [f"{n} of {n_runs} at {side}" for n, side in sides]
    return f" Still improving at the end: {join(parts)}."


def _say_seeds_to_decide(c: Comparison) -> str:
    """How many seeds would settle an undecided difference."""
    noun = "seeds where both learn" if c.is_among_learners else "seeds"
    if c.seeds_to_decide is None:
        return f"more than 1,000 {noun} would tell, the difference is so near 0"
    beside = " beside all other pairs" if c.p_value_holm is not None else ""
    return (
        f"about {c.seeds_to_decide:,} {noun} would tell{beside}, if the true "
        "difference is near this one"
    )


def _say_bad(c: Comparison, a: str, b: str) -> str:
    """Say how many seeds a difference among learners leaves out, and why."""
    if not any(c.n_bad):
        seeds = count(c.n_seeds, "seed")
        return f"on {c.n_seeds - c.n_pairs} of {seeds} a side never learned"
    sides = [
        f"{n or 'none'} at {x}" + (f" ({n_sublinear} sublinear)" if n_sublinear else "")
        for n, n_sublinear, x in zip(c.n_bad, c.n_sublinear, (a, b), strict=True)
    ]
    text = f"of {count(c.n_seeds, 'seed')}, {join(sides)} ended badly"
    if c.share_bad_lower is None or c.n_seeds < MIN_SEEDS_FOR_A_VERDICT:
        return text
    size, interval = difference(
        c.share_bad_difference, c.share_bad_lower, c.share_bad_upper
    )
    is_open = c.share_bad_lower <= 0 <= (c.share_bad_upper or 0)
    verdict = ", which does not decide whose share is higher" if is_open else ""
    return f"{text}, {with_points(size)} {interval}{verdict}"


def _say_floor(c: Comparison) -> str:
    if c.noise_floor is None or c.difference is None:
        return ""
    if abs(c.difference) >= 2 * c.noise_floor:
        return ""
    floor = points(c.noise_floor).lstrip("+")
    return (
        f" That is less than twice the noise floor of {floor} points, what the finite "
        "split alone makes of a difference between two runs."
    )
