"""From intervals to verdicts, and from the verdicts of parts to that of the whole.

A contrast is oriented so that the claim predicts it above 0. Interval and smallest
effect are on the scale they are compared on: logarithms for ratios.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from paribus.claims.records import Verdict


# What is claimed of a contrast: above 0 by more than the smallest effect; not below 0
# by as much; within it on both sides.
Relation = Literal["greater", "at_least", "equivalent"]

DECIDED = (Verdict.SUPPORTED, Verdict.REFUTED, Verdict.NEGLIGIBLE)
# Of several open parts one that was not tested is named first: it needs a design.
_OPEN = (Verdict.UNTESTED, Verdict.UNDECIDED)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The simultaneous interval of a contrast; infinite where the data give no bound.

    Attributes:
        lower: Lower bound.
        upper: Upper bound.
    """

    lower: float
    upper: float


def judge_interval(
    interval: Bounds, smallest_effect: float, *, relation: Relation = "greater"
) -> Verdict:
    """Say what an interval says of what is claimed.

    Args:
        interval: Of the contrast; without bounds, and so undecided, with fewer seeds
            than the method needs.
        smallest_effect: Above 0, on the scale of the interval.
        relation: What is claimed.

    Returns:
        Supported, refuted, negligible (of `greater` only) or undecided. An interval
        that touches a boundary decides nothing.

    Example:
        >>> judge_interval(Bounds(lower=0.01, upper=0.03), 0.005).value
        'supported'
    """
    judge = {"greater": _greater, "at_least": _at_least, "equivalent": _equivalent}
    assert smallest_effect > 0
    return judge[relation](interval, smallest_effect)


def _greater(interval: Bounds, s: float) -> Verdict:
    if interval.lower > s:
        return Verdict.SUPPORTED
    if interval.upper < -s:
        return Verdict.REFUTED
    if -s < interval.lower and interval.upper < s:
        return Verdict.NEGLIGIBLE
    return Verdict.UNDECIDED


def _at_least(interval: Bounds, s: float) -> Verdict:
    if interval.lower > -s:
        return Verdict.SUPPORTED
    return Verdict.REFUTED if interval.upper < -s else Verdict.UNDECIDED


def _equivalent(interval: Bounds, s: float) -> Verdict:
    if -s < interval.lower and interval.upper < s:
        return Verdict.SUPPORTED
    if interval.lower > s or interval.upper < -s:
        return Verdict.REFUTED
    return Verdict.UNDECIDED


def boundaries(smallest_effect: float, relation: Relation) -> tuple[float, ...]:
    """Where the verdict changes: what an estimate must keep away from to be decided."""
    if relation == "at_least":
        return (-smallest_effect,)
    return (-smallest_effect, smallest_effect)


def all_of(parts: Sequence[Verdict]) -> Verdict:
    """Combine parts that must all hold.

    Any refuted part refutes the whole: it cannot hold. Otherwise any untested part
    leaves it untested and any undecided one undecided: either may yet be refuted. With
    nothing open, a part that depends on the conditions makes the whole depend on them;
    it is supported if all parts are, negligible if all are, and else it depends on
    which part is asked: what holds in one part is not practically absent.

    Example:
        >>> all_of([Verdict.SUPPORTED, Verdict.UNTESTED, Verdict.REFUTED]).value
        'refuted'
        >>> all_of([Verdict.SUPPORTED, Verdict.NEGLIGIBLE]).value
        'depends'
    """
    kinds = set(parts)
    if len(kinds) == 1:
        return kinds.pop()
    order = (Verdict.REFUTED, *_OPEN)
    return next((word for word in order if word in kinds), Verdict.DEPENDS)


def any_of(parts: Sequence[Verdict]) -> Verdict:
    """Combine parts of which one suffices.

    Any supported part supports the whole. Otherwise an open part, which may yet be
    supported, leaves it undecided, or untested if no part was tested at all. With
    nothing open, a part that depends on the conditions makes the whole depend on them;
    all refuted refute it; all refuted or negligible make it negligible.
    """
    kinds = set(parts)
    if Verdict.SUPPORTED in kinds:
        return Verdict.SUPPORTED
    if len(kinds) == 1:
        return kinds.pop()
    if kinds & {*_OPEN}:
        return Verdict.UNDECIDED
    return Verdict.DEPENDS if Verdict.DEPENDS in kinds else Verdict.NEGLIGIBLE


def across(parts: Sequence[Verdict]) -> Verdict:
    """Combine one question on several clocks.

    Two clocks that are decided differently, or one on which the answer depends on the
    conditions, make the whole depend whatever the other clocks say: an open one cannot
    bring those into line. Otherwise any open clock leaves it open, also beside a
    refuted one: it may yet be decided differently. With nothing open all clocks agree.

    Example:
        >>> across([Verdict.SUPPORTED, Verdict.UNDECIDED, Verdict.REFUTED]).value
        'depends'
        >>> across([Verdict.REFUTED, Verdict.UNDECIDED]).value
        'undecided'
    """
    kinds = set(parts)
    if len(kinds & {*DECIDED}) > 1 or Verdict.DEPENDS in kinds:
        return Verdict.DEPENDS
    return next((word for word in _OPEN if word in kinds), parts[0])


def with_others(primary: Verdict, others: Collection[Verdict]) -> Verdict:
    """Say what is left of a verdict beside the rest of the robustness table.

    Only decided entries flip it; undecided and untested ones do not.

    Example:
        >>> with_others(Verdict.SUPPORTED, [Verdict.UNDECIDED, Verdict.REFUTED]).value
        'depends'
    """
    if primary not in DECIDED:
        return primary
    differs = any(other in DECIDED and other is not primary for other in others)
    return Verdict.DEPENDS if differs else primary
