"""What the runs say to a question, and how it becomes a verdict with its numbers."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from paribus.analysis.measure_facts import MeasureFacts
from paribus.claims.evidence import Evidence, Question
from paribus.claims.records import AtomVerdict, Bound, Verdict
from paribus.claims.refusals import Refusal
from paribus.claims.remedies import LONGER, deciding
from paribus.claims.rules import Bounds, boundaries, judge_interval
from paribus.claims.scope import scope_sentence
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS, Contrast
from paribus.stats.intervals import MIN_SEEDS
from paribus.stats.power import MAX_SEEDS, seeds_to_decide


MORE_THAN_MAX = MAX_SEEDS + 1

_ONE_SEED = "one seed shows a direction at most"


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """What the runs say to a question, on the scale of comparison.

    Attributes:
        contrast: Oriented so that the claim predicts it above 0.
        facts: Of the measure.
        smallest_effect: A difference, or the logarithm of a ratio.
        seeds: Which of the judging seeds entered.
        more_seeds: How many would decide it; None if not known.
        n_timings: How many solo timings it rests on where seeds play no part; else 0.
        effect_size: Hedges' g_av.
        share_above: Probability that a run claimed higher is above one claimed lower.
        notes: What must be said with it.
        bound: As `AtomVerdict` has it.
        obstacle: What keeps it open whatever the seeds, a clause; else empty.
    """

    contrast: Contrast
    facts: MeasureFacts
    smallest_effect: float
    seeds: Bool[np.ndarray, " seed"]
    more_seeds: int | None = None
    n_timings: int = 0
    effect_size: float | None = None
    share_above: float | None = None
    notes: tuple[str, ...] = ()
    bound: Bound = ""
    obstacle: str = ""


def untested(evidence: Evidence, question: Question, refusal: Refusal) -> AtomVerdict:
    """Say why a question is not judged; without id and text, which the atom adds."""
    return AtomVerdict(
        id="",
        text="",
        verdict=Verdict.UNTESTED,
        measure=question.measure,
        reason=refusal.reason,
        remedy=refusal.remedy,
        scope=scope_sentence(
            evidence, question, n_seeds=int(evidence.seeds_of(question.configs).sum())
        ),
        budget=question.budget,
        clock=question.clock,
        epochs=question.epochs,
        mode=question.mode,
        sides=_sides(question),
    )


def said(evidence: Evidence, question: Question, found: Found) -> AtomVerdict:
    """Turn what was found into a verdict with its numbers, on the scale of people."""
    contrast, facts = found.contrast, found.facts
    smallest = found.smallest_effect
    verdict = judge_interval(
        Bounds(lower=contrast.lower, upper=contrast.upper),
        smallest,
        relation=question.relation,
    )
    is_open = verdict is Verdict.UNDECIDED
    seeds = np.flatnonzero(found.seeds).tolist()
    estimate, lower, upper, effect = (
        _for_people(value, is_ratio=facts.is_ratio)
        for value in (contrast.estimate, contrast.lower, contrast.upper, smallest)
    )
    reason = _what_is_open(evidence, question, contrast) if is_open else ""
    if is_open:
        reason = "; ".join(filter(None, (reason, found.obstacle)))
    return AtomVerdict(
        id="",
        text="",
        verdict=verdict,
        measure=question.measure,
        estimate=estimate,
        lower=lower,
        upper=upper,
        confidence_level=contrast.confidence_level,
        smallest_effect=effect,
        is_ratio=facts.is_ratio,
        unit="" if facts.is_ratio else facts.unit,
        n_seeds=0 if found.n_timings else contrast.n_seeds,
        reason=reason,
        remedy=deciding(reason, evidence.judged.study),
        more_seeds=found.more_seeds if is_open else None,
        scope=scope_sentence(
            evidence, question, n_seeds=contrast.n_seeds, n_timings=found.n_timings
        ),
        budget=question.budget,
        clock=question.clock,
        epochs=question.epochs,
        mode=question.mode,
        notes=found.notes,
        sides=_sides(question),
        runs=tuple((config, seed) for config in question.configs for seed in seeds),
        p_value=contrast.p_value,
        effect_size=found.effect_size,
        share_above=found.share_above,
        bound=found.bound,
    )


def seeds_that_decide(
    contrast: Contrast,
    smallest: float,
    question: Question,
    *,
    fixed_width: float = 0.0,
) -> int | None:
    """How many seeds would decide a contrast: at least the 5 that any verdict needs.

    Args:
        contrast: What is open.
        smallest: The smallest effect, on the scale of the contrast.
        question: Says what is claimed.
        fixed_width: Of half the interval's width the part that seeds do not narrow.

    Returns:
        None where nothing is known, or no number would; `MORE_THAN_MAX` for more than
        are worth counting.
    """
    if contrast.n_seeds < MIN_SEEDS:
        return MIN_CONTRAST_SEEDS
    if not math.isfinite(contrast.spread):
        return None
    limits = boundaries(smallest, question.relation)
    if contrast.n_seeds >= MIN_CONTRAST_SEEDS:
        limits = _reachable(contrast, limits)
    if not limits:
        return None
    distance = min(abs(contrast.estimate - limit) for limit in limits)
    if fixed_width and distance <= fixed_width:
        return None
    # Half widths of independent errors add in squares: what is left for the seeds.
    left = math.sqrt(distance**2 - fixed_width**2)
    more = seeds_to_decide(
        contrast.estimate,
        boundaries=(contrast.estimate + left,),
        spread=contrast.spread,
        n_seeds=contrast.n_seeds,
        confidence_level=contrast.confidence_level,
    )
    return MORE_THAN_MAX if more is None else more


def _reachable(contrast: Contrast, limits: tuple[float, ...]) -> tuple[float, ...]:
    """The boundaries that the interval may come to lie beyond.

    With an open end that is the one its other end has still to pass, if the estimate
    has; with two there is none.
    """
    if contrast.lower == -math.inf and contrast.upper == math.inf:
        return ()
    if contrast.upper == math.inf:
        return tuple(b for b in limits if b == max(limits) and contrast.estimate > b)
    if contrast.lower == -math.inf:
        return tuple(b for b in limits if b == min(limits) and contrast.estimate < b)
    return limits


def unbounded(
    estimate: float, level: float, n_seeds: int, *, p_value: float | None = None
) -> Contrast:
    """A contrast that decides nothing."""
    return Contrast(
        estimate=estimate,
        lower=-math.inf,
        upper=math.inf,
        confidence_level=level,
        spread=math.nan,
        n_seeds=n_seeds,
        p_value=p_value,
        smallest_p_value=1.0,
    )


def _sides(question: Question) -> tuple[str, ...]:
    return tuple(side for side in question.sides if side)


def _what_is_open(evidence: Evidence, question: Question, contrast: Contrast) -> str:
    n = contrast.n_seeds
    if n < MIN_CONTRAST_SEEDS:
        has_ended = evidence.seeds_of(question.configs).any()
        none = "no seed learned" if has_ended else "no seed has been finished"
        is_one = len(question.higher) == len(question.lower) == 1
        where = "on both sides" if is_one else "at every config of both sides"
        few = (f"{none} {where}", _ONE_SEED)
        return [*few, f"{n} seeds are too few for an interval, which needs 5"][
            min(n, 2)
        ]
    seen = "an effect {} is seen; whether it reaches the smallest effect is open"
    if contrast.lower > 0:
        return seen.format("in the claimed direction")
    if contrast.upper < 0:
        return seen.format("against the claimed direction")
    n_open = int(contrast.lower == -math.inf) + int(contrast.upper == math.inf)
    if n_open:
        sides = ("one side has", "both sides have")[n_open - 1]
        return f"{sides} runs that never reached the target: {LONGER}"
    return ""


def _for_people(value: float, *, is_ratio: bool) -> float | None:
    """Back from the scale of comparison; None for what there is no number for."""
    if is_ratio and not math.isnan(value):
        value = math.exp(value)
        return None if value in (0.0, math.inf) else value
    return value if math.isfinite(value) else None
