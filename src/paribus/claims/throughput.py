"""How many examples a second one run alone goes through: from timings, not seeds."""

import math
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
    from scipy import special

    judged = evidence.judged
    timings = {judged.study.static_part(t.config): t for t in judged.timings}
    fast, slow = (
        timings[judged.study.static_part(judged.configs[side[0]])]
        for side in (question.higher, question.lower)
    )
    estimate = math.log(slow.seconds_per_epoch / fast.seconds_per_epoch)
    parts = np.array([_error(timing) ** 2 for timing in (fast, slow)])
    degrees = [max(timing.n_repeats - 1, 1) for timing in (fast, slow)]
    total = float(parts.sum())
    n_repeats = min(fast.n_repeats, slow.n_repeats)
    margin = math.inf
    if n_repeats >= MIN_CONTRAST_SEEDS:
        df = total**2 / (parts**2 / np.array(degrees)).sum() if total else degrees[0]
        quantile = special.stdtrit(df, (1 + evidence.confidence_level) / 2)
        margin = float(quantile) * math.sqrt(total)
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
    from scipy import special

    judged = evidence.judged
    timings = {judged.study.static_part(t.config): t for t in judged.timings}
    parts: list[float] = []
    degrees: list[int] = []
    for side in (question.higher, question.lower):
        for config in side:
            timing = timings.get(judged.study.static_part(judged.configs[config]))
            if timing is not None:
                parts.append((_error(timing) / len(side)) ** 2)
                degrees.append(max(timing.n_repeats - 1, 1))
    total = sum(parts)
    if not total:
        return contrast
    df = total**2 / sum(p**2 / d for p, d in zip(parts, degrees, strict=True))
    quantile = float(special.stdtrit(df, (1 + contrast.confidence_level) / 2))
    margin = quantile * math.sqrt(total)
    return replace(
        contrast,
        lower=contrast.estimate
        - math.hypot(contrast.estimate - contrast.lower, margin),
        upper=contrast.estimate
        + math.hypot(contrast.upper - contrast.estimate, margin),
    )


def _error(timing: Timing) -> float:
    return _MEDIAN_ERROR * timing.variation / math.sqrt(timing.n_repeats)
