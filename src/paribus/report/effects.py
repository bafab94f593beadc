"""How an atom's numbers are written, and where they lie against its smallest effect."""

import math
from dataclasses import dataclass

from paribus.claims import AtomVerdict
from paribus.report.numbers import digits_for, percent, points


MINUS = "−"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An estimate and its interval in multiples of the smallest effect.

    Attributes:
        estimate: 1 is exactly the smallest effect, as claimed. Ratios are put on the
            logarithmic scale first.
        lower: Lower bound; minus infinity if there is none.
        upper: Upper bound; infinity if there is none.
    """

    estimate: float
    lower: float
    upper: float

    @property
    def is_beyond(self) -> bool:
        """Whether the whole interval is above the smallest effect."""
        return self.lower > 1

    @property
    def is_opposite(self) -> bool:
        """Whether the whole interval is beyond it on the other side."""
        return self.upper < -1

    @property
    def is_within(self) -> bool:
        """Whether the whole interval lies within the smallest effect of zero."""
        return self.lower > -1 and self.upper < 1


def standing(atom: AtomVerdict) -> Standing | None:
    """Place an atom's interval; None where it has no estimate or no smallest effect."""
    if atom.estimate is None or atom.smallest_effect is None:
        return None
    unit = _additive(atom, atom.smallest_effect)
    if not unit > 0 or math.isnan(unit):
        return None

    def place(value: float | None, otherwise: float) -> float:
        if value is None or math.isnan(value):
            return otherwise
        return _additive(atom, value) / unit

    estimate = place(atom.estimate, math.nan)
    if math.isnan(estimate):
        return None
    return Standing(
        estimate=estimate,
        lower=place(atom.lower, -math.inf),
        upper=place(atom.upper, math.inf),
    )


def write_effect(atom: AtomVerdict) -> str:
    """Write an estimate with its interval: `"+1.47 [+1.20, +1.74] points"`.

    A bound that is not known is left open, and an estimate that is one is called so.
    """
    assert atom.estimate is not None
    estimate = f"{atom.limit}{_signed(atom, atom.estimate)}"
    if atom.lower is None and atom.upper is None:
        return _with_unit(atom, estimate) + atom.caveat
    lower, upper = _bound(atom, atom.lower), _bound(atom, atom.upper)
    return _with_unit(atom, f"{estimate} [{lower}, {upper}]")


def write_smallest(atom: AtomVerdict) -> str:
    """Write the smallest effect: `"0.20 points"`, `"a factor of 1.25"`."""
    assert atom.smallest_effect is not None
    return write_size(atom, atom.smallest_effect)


def write_size(atom: AtomVerdict, size: float) -> str:
    """Write the size of an effect, without a sign, on the scale of the atom."""
    if atom.is_ratio:
        return f"a factor of {_ratio(max(size, 1 / size) if size > 0 else size)}"
    if atom.is_share:
        return f"{_points(100 * size)}%"
    text = _points(abs(100 * size)) if atom.unit == "pp" else _plain(abs(size))
    return _with_unit(atom, text)


def _additive(atom: AtomVerdict, value: float) -> float:
    """The value on the scale on which 0 is no effect."""
    if not atom.is_ratio:
        return value
    return math.log(value) if value > 0 else -math.inf


def _bound(atom: AtomVerdict, value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "…"
    return _signed(atom, value).removesuffix("%")


def _signed(atom: AtomVerdict, value: float) -> str:
    if atom.is_ratio:
        return _ratio(value)
    if atom.is_share:
        return percent(value, _digits(atom))
    if atom.unit == "pp":
        return points(value, _digits(atom))
    return f"{MINUS if value < 0 else '+'}{_plain(abs(value))}"


def _digits(atom: AtomVerdict) -> int:
    bounds = [b for b in (atom.lower, atom.upper) if b is not None and math.isfinite(b)]
    return digits_for((bounds[1] - bounds[0]) / 2) if len(bounds) == 2 else 2


def _ratio(value: float) -> str:
    """Three digits that tell 0.98 from 1: two decimals around 1."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _points(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}".removesuffix(".0")


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _with_unit(atom: AtomVerdict, text: str) -> str:
    if atom.is_ratio or atom.is_share:
        return text
    unit = "points" if atom.unit == "pp" else atom.unit
    return f"{text} {unit}".rstrip()
