"""Verdicts as sentences: what was found, how surely, and what would change it."""

from paribus.analysis.measure_facts import measure_facts
from paribus.claims import AtomVerdict, Verdict
from paribus.claims.remedies import OR_PLANNED
from paribus.counts import count
from paribus.errors import UnknownNameError
from paribus.report.document import Badge
from paribus.report.effects import (
    Standing,
    standing,
    write_effect,
    write_size,
    write_smallest,
)
from paribus.report.numbers import p_value, percent
from paribus.report.prose import sentence
from paribus.report.slices import words
from paribus.stats.families import FALSE_DISCOVERY_RATE
from paribus.stats.intervals import MIN_SEEDS
from paribus.stats.power import MAX_SEEDS


# In smallest effects: as of runs that are equal, where "0.00 or less" says nothing.
NEXT_TO_NOTHING = 0.01

_BUDGETS = {
    "epochs": "equal epochs",
    "steps": "equal steps",
    "seconds": "equal seconds",
    "target": "to the target",
}
_SPEED = ("faster", "slower", "speed", "slow ", "quick")
_STABILITY = ("stab", "steady", "smooth")


def badge(verdict: Verdict) -> Badge:
    """A verdict's word, and a sign whose shape says it too."""
    return Badge(icon=verdict.icon, word=verdict.value)


def say_text(atom: AtomVerdict) -> str:
    """The atom's own sentence, with what must never be left out of one like it.

    A sentence about speed names its clock, one about stability whose runs it is about.
    """
    text = atom.text.strip().rstrip(".")
    lower = text.lower()
    if (
        any(word in lower for word in _SPEED)
        and atom.clock
        and f"in {atom.clock}" not in lower
    ):
        text += f", in {atom.clock}"
    if any(word in lower for word in _STABILITY) and "among learners" not in lower:
        # Failures are the first thing about stability, and are counted over all runs.
        is_failures = atom.measure == "bad_share"
        text += ", by failures of all runs" if is_failures else ", among learners"
    return f"{text}."


def say_finding(atom: AtomVerdict) -> str:
    """Say what the numbers say of an atom: the estimate, its interval, the verdict."""
    match atom.verdict:
        case Verdict.UNTESTED:
            return f"Not tested because {_clause(atom.reason, 'nothing was measured')}."
        case Verdict.DEPENDS:
            return f"It depends: {_clause(atom.reason, 'budgets and clocks differ')}."
        case Verdict.UNDECIDED:
            return _say_undecided(atom)
        case _:
            return _say_decided(atom)


def say_change(atom: AtomVerdict) -> str:
    """Say what would change the verdict of an atom; empty if nothing is known to."""
    match atom.verdict:
        case Verdict.UNTESTED:
            return atom.remedy and f"To test it: {as_command(atom.remedy)}."
        case Verdict.DEPENDS:
            return ""  # what was found says what flips it
        case Verdict.UNDECIDED:
            return _say_seeds(atom)
        case _:
            return _say_other_smallest_effect(atom)


def say_tests(atom: AtomVerdict) -> str:
    """Say the tests and sizes that go with an interval; empty if there are none."""
    parts = []
    if atom.confidence_level is not None:
        parts.append(f"the interval holds with {percent(atom.confidence_level, 1)}")
    if atom.p_value is not None:
        # Of parts that must all hold, others may stand in the numbers beside it.
        whose = f"largest p of its {len(atom.parts)} parts" if atom.parts else "p"
        parts.append(f"{whose} of the exact test {p_value(atom.p_value)}")
    if atom.p_value_holm is not None:
        parts.append(f"Holm-adjusted {p_value(atom.p_value_holm)}")
    if atom.effect_size is not None:
        parts.append(f"Hedges' g {_number(atom.effect_size)}")
    if atom.share_above is not None and atom.sides:
        first, second = atom.sides[0], atom.sides[-1]
        share = percent(atom.share_above, 0)
        parts.append(f"a run of {first} lies above one of {second} in {share} of pairs")
    if atom.p_value_bh is not None:
        q = f"{FALSE_DISCOVERY_RATE:.2f}"
        is_named = atom.p_value_bh <= FALSE_DISCOVERY_RATE
        parts.append(
            f"Benjamini-Hochberg-adjusted {p_value(atom.p_value_bh)}, "
            f"{'at most' if is_named else 'above'} the {q} at which it would count"
        )
    kind = "" if atom.is_primary else "Exploratory. "
    late = say_late_seeds(atom)
    said = f"{kind}{sentence('; '.join(parts))}. " if parts else kind
    return f"{said}{late}".rstrip()


def say_late_seeds(atom: AtomVerdict) -> str:
    """Say that seeds were added after results had been seen; empty if none were."""
    if not atom.n_late_seeds:
        return ""
    of = f"{atom.n_late_seeds:,} of {count(atom.n_seeds, 'seed')}"
    return (
        f"Seeds added after looking: {of}, so the interval is narrower than such a "
        "plan allows."
    )


def _say_decided(atom: AtomVerdict) -> str:
    place = standing(atom)
    if place is None:
        return (
            sentence(_clause(atom.reason, f"{atom.verdict.value} by its parts")) + "."
        )
    return f"{_say_measured(atom)}: {_judgement(atom, place)}."


def _judgement(atom: AtomVerdict, place: Standing) -> str:
    """What a decided interval says, read off the interval itself."""
    smallest = write_smallest(atom)
    if atom.is_share:
        where = "above" if place.is_beyond else "below"
        return f"the whole interval lies {where} the smallest share, {smallest}"
    if atom.verdict is Verdict.NEGLIGIBLE:
        return f"practically absent: the whole interval lies within {_band(atom)}"
    if atom.verdict is Verdict.REFUTED:
        what = "the two sides differ" if place.is_beyond else "the opposite holds"
        return f"{what} by more than {smallest}"
    if place.is_beyond:
        return f"the whole interval lies above the smallest effect of {smallest}"
    if place.is_within:
        return f"the whole interval lies within {_band(atom)}"
    return f"a disadvantage of more than {smallest} is ruled out"


def _band(atom: AtomVerdict) -> str:
    """The effects too small to matter."""
    smallest = write_smallest(atom)
    return f"{smallest} either way" if atom.is_ratio else f"±{smallest}"


def _say_undecided(atom: AtomVerdict) -> str:
    n = count(atom.n_seeds, "seed") if atom.n_seeds else "what was measured"
    place = standing(atom)
    decide = _would_decide(atom)
    verdict = f"not decided with {n}" + (f"; {decide}" if decide else "")
    open_ = f" {sentence(atom.reason.rstrip('.'))}." if atom.reason else ""
    if atom.estimate is None:
        return f"{sentence(verdict)}.{open_}"
    if place is None:  # described, and held against no smallest effect
        return f"{_say_measured(atom)}: {verdict}.{open_}"
    return f"{_say_measured(atom)}: {verdict}.{open_ or _say_direction(atom, place)}"


def _say_direction(atom: AtomVerdict, place: Standing) -> str:
    """What an undecided interval says all the same."""
    smallest = write_smallest(atom)
    if atom.is_share:
        return f" The interval reaches across the smallest share, {smallest}."
    if _is_open(atom):
        return f" The interval reaches across {smallest}."
    for seen, way in ((place.lower > 0, "in"), (place.upper < 0, "against")):
        if seen:
            return (
                f" An effect {way} the claimed direction is seen; whether it reaches "
                f"{smallest} is open."
            )
    return f" The interval reaches across {smallest}."


def _is_open(atom: AtomVerdict) -> bool:
    """Whether the exact test leaves open that there is no effect at all.

    Of shares it may although the interval lies beside 0: that one is approximate.
    """
    if atom.p_value is None or atom.confidence_level is None:
        return False
    return atom.p_value > 1 - atom.confidence_level


def _say_measured(atom: AtomVerdict) -> str:
    """The measure, whose, on which terms, and the numbers."""
    kind = "ratio" if atom.is_ratio else "difference"
    what = f"{kind} of {_measured(atom)}" if atom.measure else kind
    if atom.is_share or atom.smallest_effect is None:
        what = ", ".join((_measured(atom), *atom.sides))
    if len(atom.sides) == 2:
        joined = " to " if atom.is_ratio else " minus "
        what += f", {joined.join(atom.sides)}"
    terms = [count(atom.n_seeds, "seed")] if atom.n_seeds else []
    terms += [word for word in (atom.mode, _BUDGETS.get(atom.budget, "")) if word]
    if atom.clock:
        terms.append(f"in {atom.clock}")
    return f"{sentence(what)} ({', '.join(terms)}): {write_effect(atom)}"


def as_command(remedy: str) -> str:
    """Write what would test a claim; commands and calls stand in backticks."""
    remedy = remedy.strip().rstrip(".")
    command, joined, rest = remedy.partition(OR_PLANNED)
    is_literal = command.startswith(("paribus ", "--", "pb."))
    return f"`{command}`{joined}{rest}" if is_literal else remedy


def _measured(atom: AtomVerdict) -> str:
    """The measure, and when it was taken if that is not the end of the budget."""
    measure = _measure_words(atom.measure)
    if atom.epochs is None:
        return measure
    after = f"{atom.epochs:g} epoch{'s' * (atom.epochs != 1)}"
    return f"{measure.removeprefix('final ')} after {after}"


def _measure_words(name: str) -> str:
    try:
        return measure_facts(name).compared
    except UnknownNameError:  # a tool that we import from has names of its own
        return words(name)


def _say_seeds(atom: AtomVerdict) -> str:
    more = atom.more_seeds
    if more is None:
        return atom.remedy and f"To decide it: {as_command(atom.remedy)}."
    if more > MAX_SEEDS:
        at = "; the estimate sits at the smallest effect" if standing(atom) else ""
        return f"More than 1,000 seeds{at}."
    if atom.n_seeds < MIN_SEEDS:
        return f"At least {more:,} seeds; so few say nothing of how seeds vary."
    return f"About {more:,} seeds, if the true effect is near the present estimate."


def _would_decide(atom: AtomVerdict) -> str:
    more = atom.more_seeds
    if more is None:
        return ""
    if more > MAX_SEEDS:
        return "more than 1,000 would decide"
    if atom.n_seeds < MIN_SEEDS:
        return f"at least {more:,} are needed"
    return f"about {more:,} would decide"


def _say_other_smallest_effect(atom: AtomVerdict) -> str:
    """From which other smallest effect on the same interval would be undecided."""
    place = standing(atom)
    if place is None or atom.lower is None or atom.upper is None:
        return ""
    if place.is_beyond or place.is_opposite:
        nearest = atom.lower if place.is_beyond else atom.upper
        return _say_threshold(atom, nearest, "more")
    if place.is_within:
        if not place.lower and not place.upper:
            return ""
        if max(-place.lower, place.upper) < NEXT_TO_NOTHING:
            return "Only a smallest effect next to nothing would leave it undecided."
        farthest = atom.lower if -place.lower > place.upper else atom.upper
        return _say_threshold(atom, farthest, "less")
    return _say_threshold(atom, atom.lower, "less") if place.lower < 0 else ""


def _say_threshold(atom: AtomVerdict, bound: float, way: str) -> str:
    size = write_size(atom, bound)
    return f"A smallest effect of {size} or {way} would leave it undecided."


def _clause(reason: str, otherwise: str) -> str:
    return reason.strip().rstrip(".") or otherwise


def _number(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
