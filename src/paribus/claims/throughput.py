"""How many examples a second one run alone goes through: from timings, not seeds."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from paribus.analysis.measure_facts import MeasureFacts
from paribus.claims.evidence import Evidence, Question
from paribus.claims.findings import Found
from paribus.results import Timing
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS, Contrast


FACTS = MeasureFacts(
    words="examples per second",
    is_ratio=True,
    higher_is_better=True,
    unit="examples/s",
    smallest_effect=1.25,
)

# The standard error of a median of normal values is this much above that of their mean.
_MEDIAN_ERROR = math.sqrt(math.pi / 2)


def find_throughput_ratio(evidence: Evidence, question: Question) -> Found:
    """Compare the solo timings of two configs, claimed faster first.

    Each timing is a median over repeats; the interval of the log ratio is Welch's, from
    their coefficients of variation.

    Assumes:
        Repeats are independent and about log-normal.
    """
    judged = evidence.judged
    fast, slow = (
        _timings(evidence, side[:1])[0] for side in (question.higher, question.lower)
    )
    estimate = math.log(slow.seconds_per_epoch / fast.seconds_per_epoch)
    n_repeats = min(fast.n_repeats, slow.n_repeats)
    margin = math.inf
    if n_repeats >= MIN_CONTRAST_SEEDS:
        margin = _margin([[fast], [slow]], evidence.confidence_level)
    contrast = Contrast(
        estimate=estimate,
        lower=estimate - margin,
        upper=estimate + margin,
        confidence_level=evidence.confidence_level,
        spread=math.nan,
        n_seeds=n_repeats,
        p_value=None,
        smallest_p_value=1.0,
    )
    return Found(
        contrast=contrast,
        facts=FACTS,
        smallest_effect=math.log(FACTS.smallest_effect or 1.25),
        seeds=np.zeros(len(judged.seeds), dtype=bool),
        notes=(f"From {n_repeats} timings of one run alone; seeds play no part.",),
        n_timings=n_repeats,
    )


def with_timing_error(
    evidence: Evidence, question: Question, contrast: Contrast
) -> Contrast:
    """Widen the interval of a log ratio of seconds by the error of the solo timings.

    Seconds to a target are steps times the seconds of a step, which are measured once
    for all seeds: an error that more seeds do not make smaller.

    Args:
        evidence: The study.
        question: Its sides are timed configs.
        contrast: Over seeds, with the timings taken as exact.

    Assumes:
        As `find_throughput_ratio`; both errors are independent.
    """
    sides = [_timings(evidence, side) for side in (question.higher, question.lower)]
    margin = _margin(sides, contrast.confidence_level)
    return replace(
        contrast,
        lower=contrast.estimate
        - math.hypot(contrast.estimate - contrast.lower, margin),
        upper=contrast.estimate
        + math.hypot(contrast.upper - contrast.estimate, margin),
    )


def _timings(evidence: Evidence, configs: Sequence[int]) -> list[Timing]:
    """The timings of some configs; those of one program share one."""
    judged = evidence.judged
    timings = {judged.study.static_part(t.config): t for t in judged.timings}
    parts = (judged.study.static_part(judged.configs[i]) for i in configs)
    return [timings[part] for part in parts if part in timings]


def _margin(sides: Sequence[Sequence[Timing]], confidence_level: float) -> float:
    """Half the width of Welch's interval of a log ratio of mean seconds."""
    from scipy import special

    parts: list[float] = []
    degrees: list[int] = []
    for side in sides:
        for timing in side:
            error = _MEDIAN_ERROR * timing.variation / math.sqrt(timing.n_repeats)
            parts.append((error / len(side)) ** 2)
            degrees.append(max(timing.n_repeats - 1, 1))
    total = sum(parts)
    if not total:
        return 0.0
    df = total**2 / sum(p**2 / d for p, d in zip(parts, degrees, strict=True))
    return float(special.stdtrit(df, (1 + confidence_level) / 2)) * math.sqrt(total)
