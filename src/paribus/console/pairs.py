"""A comparison as text for a terminal."""

import math

from paribus.analysis import Comparison
from paribus.space import Config


def comparison_text(comparison: Comparison) -> str:
    """Say what a paired comparison found."""
    a, b = Config(comparison.a).label(), Config(comparison.b).label()
    how = "over" if comparison.is_log_scale else "minus"
    lines = [f"{comparison.metric}: {a} {how} {b}"]
    if not comparison.n_seeds:
        lines.append("no seed has been finished by both")
        return "\n".join(lines)
    lines += _left_out(comparison, a, b)
    several = comparison.pairs if len(comparison.pairs) > 1 else ()
    if several and comparison.is_among_learners:
        lines.append(
            "to compare a pair alone, name in both sides what only that pair has"
        )
    if comparison.difference is None:
        lines.append(_say_all(comparison))
        lines += [f"compared: {x.label()} with {y.label()}" for x, y in several]
        return "\n".join(lines)
    lines.append(_size_text(comparison, comparison.difference))
    lines.append(f"higher: {a} on {comparison.n_higher} of {comparison.n_pairs} seeds")
    if comparison.p_value is not None:
        lines.append(f"p-value: {comparison.p_value:.3g}" + _smallest_text(comparison))
    both = "same seed on both sides"
    if comparison.is_among_learners:
        who = "both sides" if len(comparison.pairs) == 1 else "all runs of both sides"
        both = f"the seeds on which {who} learned; no others enter above"
    lines.append(f"pairs: {comparison.n_pairs} ({both})")
    if comparison.lower is not None:
        lines.append("for this pair alone: not adjusted for its having been chosen")
    if comparison.noise_floor is not None:
        lines.append(
            f"noise floor: {comparison.noise_floor:.4f} "
            "(standard deviation from the finite evaluation split alone)"
        )
    if comparison.reversal_share is not None:
        share = f"{comparison.reversal_share:.0%}"
        lines.append(
            f"with one seed: {share} of studies would see the means over all seeds in "
            "the other order"
        )
    if comparison.is_undecided:
        lines.append(_seeds_to_decide_text(comparison))
    lines += _rates_to_best(comparison, a, b)
    lines += _unconverged(comparison, a, b)
    differences = [_number(comparison, one) for one in comparison.pair_differences]
    lines += [
        f"compared: {left.label()} with {right.label()}"
        + f": {difference}" * (len(differences) > 1)
        for (left, right), difference in zip(comparison.pairs, differences, strict=True)
    ]
    return "\n".join(lines)


def _say_all(c: Comparison) -> str:
    """Where no seed has learners on both sides: what all runs show, and who asks it."""
    assert c.difference_of_all is not None, "there are seeds"
    size = "ratio" if c.is_log_scale else "difference"
    both = "both" if len(c.pairs) == 1 else "all runs of both sides"
    return (
        f"on no seed did {both} learn, so no learners are compared; over all runs the "
        f"{size} is {_number(c, c.difference_of_all)}, without an interval here: a "
        "claim in [[claims]] compares all runs where those of a side ended alike"
    )


def _size_text(c: Comparison, difference: float) -> str:
    """The difference and its interval; of logarithms the ratio that it stands for."""
    n = len(c.pairs)
    size = f"{'ratio' if c.is_log_scale else 'difference'}: {_number(c, difference)}"
    of = f"; the mean of {n} differences, listed below" if n > 1 else ""
    if c.lower is None or c.upper is None:
        return f"{size}{of}"
    bounds = f"[{_number(c, c.lower)}, {_number(c, c.upper)}]"
    return f"{size} {bounds} ({c.confidence_level:.0%} interval{of})"


def _number(c: Comparison, value: float) -> str:
    return f"{math.exp(value):.4g}" if c.is_log_scale else f"{value:+.4f}"


def _rates_to_best(c: Comparison, a: str, b: str) -> list[str]:
    """Where the learning rates lie against the best of each side, unless both are."""
    known = zip(c.rates_to_best, (a, b), strict=True)
    sides = [f"{ratio:.3g} times at {x}" for ratio, x in known if ratio is not None]
    if not sides or c.rates_to_best == (1, 1):
        return []
    return [f"learning rate against the best one of each side: {', '.join(sides)}"]


def _unconverged(c: Comparison, a: str, b: str) -> list[str]:
    """Runs that were still improving: their final numbers are about this budget."""
    if not any(c.n_unconverged):
        return []
    n_runs = c.n_seeds * len(c.pairs)
    of_a, of_b = c.n_unconverged
    return [
        f"still improving at the end: {of_a} of {n_runs} runs at {a}, {of_b} at {b}; "
        "this is about this budget, not about where training leads"
    ]


def _left_out(c: Comparison, a: str, b: str) -> list[str]:
    """Seeds on which a side did not learn, and the runs that ended badly."""
    if not c.is_among_learners:
        return []
    n_out = c.n_seeds - c.n_pairs
    side = "a side" if len(c.pairs) == 1 else "a run of a side"
    lines = [f"left out: {n_out} of {c.n_seeds} seeds, on which {side} did not learn"]
    if any(c.n_bad):
        sides = zip(c.n_bad, c.n_sublinear, (a, b), strict=True)
        # A side of several configs has several runs of each seed.
        what = "ended badly" if len(c.pairs) == 1 else "with a run that ended badly"
        lines += [
            f"{what}: {n} of {c.n_seeds} seeds at {x}{_say_sublinear(n_sublinear)}"
            for n, n_sublinear, x in sides
        ]
        if len(c.pairs) == 1:  # of several a seed counts if any of its runs did
            lines.append(_shares_text(c))
    return lines


def _say_sublinear(n: int) -> str:
    """How many are bad by their training loss alone."""
    return f" ({n} sublinear: by the training loss alone)" if n else ""


def _shares_text(c: Comparison) -> str:
    if c.share_bad_lower is None or c.share_bad_upper is None:
        return "difference of shares of seeds: too few seeds"
    return (
        f"difference of shares of seeds: {c.share_bad_difference:+.2f} "
        f"[{c.share_bad_lower:+.2f}, {c.share_bad_upper:+.2f}] "
        f"({c.confidence_level:.0%} interval; p-value {c.share_bad_p_value:.3g})"
    )


def _seeds_to_decide_text(c: Comparison) -> str:
    what = "pairs" if c.is_among_learners else "seeds"
    if c.seeds_to_decide is None:
        return (
            f"not decided which is higher: more than 1,000 {what} would tell, the "
            "difference is near 0"
        )
    return (
        f"not decided which is higher: about {c.seeds_to_decide:,} {what} would tell, "
        "if the true difference is near this one; whether it is beyond a smallest "
        "effect, as a claim asks, takes other numbers"
    )


def _smallest_text(comparison: Comparison) -> str:
    smallest = comparison.smallest_p_value
    if smallest is None:
        return " (exact sign-flip test)"
    return (
        f" (exact sign-flip test; the smallest possible with {comparison.n_pairs} "
        f"seeds is {smallest:.2g})"
    )
