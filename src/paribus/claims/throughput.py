"""How fast one run alone goes: from rounds of timings, not from seeds."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from paribus.analysis.measure_facts import MeasureFacts, measure_facts
from paribus.claims.evidence import Evidence, Question
from paribus.claims.findings import Found
from paribus.claims.records import Verdict
from paribus.claims.rules import Bounds, boundaries, judge_interval
from paribus.results import Timing
from paribus.results.timings import log_ratios
from paribus.stats.contrasts import Contrast, paired_contrast
from paribus.stats.power import seeds_to_decide


FACTS = MeasureFacts(
    words="examples per second",
    is_ratio=True,
    higher_is_better=True,
    unit="examples/s",
    smallest_effect=1.25,
)


def find_throughput_ratio(evidence: Evidence, question: Question) -> Found:
    """Compare the solo timings of two configs, claimed faster first.

    Assumes:
        As `timing_contrast`; a guard has seen to rounds enough.
    """
    # The side of more examples a second is the one of fewer seconds.
    slower = replace(question, higher=question.lower, lower=question.higher)
    return replace(find_seconds_ratio(evidence, slower), facts=FACTS)


def find_seconds_ratio(evidence: Evidence, question: Question) -> Found:
    """Compare the solo timings of two sides, claimed slower first.

    Assumes:
        As `timing_contrast`; a guard has seen to rounds enough.
    """
    contrast = timing_contrast(evidence, question, evidence.confidence_level)
    facts = measure_facts("seconds_per_epoch")
    smallest = math.log(question.smallest_effect or facts.smallest_effect or 1.25)
    n_rounds = contrast.n_seeds
    notes = (
        f"From {n_rounds} rounds in which each side was timed alone, as a ratio of "
        "geometric means; seeds play no part.",
        *_rounds_that_decide(contrast, smallest, question),
    )
    return Found(
        contrast=replace(contrast, p_value=None, smallest_p_value=1.0),
        facts=facts,
        smallest_effect=smallest,
        seeds=np.zeros(len(evidence.judged.seeds), dtype=bool),
        notes=notes,
        n_timings=n_rounds,
    )


def timing_contrast(
    evidence: Evidence, question: Question, confidence_level: float
) -> Contrast:
    """The log ratio of the seconds of a step, from differences within rounds.

    What disturbs the machine for longer than a round slows both sides alike, and is not
    in the differences. What is shorter falls on either side at random, and is in their
    spread.

    Args:
        evidence: The study.
        question: Its sides are timed configs, of several the geometric mean.
        confidence_level: Of the interval.

    Assumes:
        Student's t over rounds, as few as they are: log differences within rounds are
        about normal, and independent from round to round.
    """
    higher, lower = (
        _timings(evidence, side) for side in (question.higher, question.lower)
    )
    return paired_contrast(
        log_ratios(higher, lower),
        confidence_level=confidence_level,
        rng=np.random.default_rng(0),
    )


def with_timing_error(
    evidence: Evidence, question: Question, contrast: Contrast
) -> tuple[Contrast, float]:
    """Put the error of the solo timings into the interval of a log ratio of seconds.

    Seconds to a target are steps times the seconds of a step, which are measured once
    for all seeds: an error that more seeds do not make smaller. In the place of the
    ratio of both sides' median seconds comes the one within rounds.

    Args:
        evidence: The study.
        question: Its sides are timed configs.
        contrast: Over seeds, with the median seconds of each config taken as exact.

    Returns:
        The contrast, and half the width that no number of seeds would narrow.

    Assumes:
        As `timing_contrast`; the errors of seeds and timings are independent. Then half
        the width is the root of the sum of both squares (Zou and Donner, 2008).

    References:
        Zou and Donner, Construction of confidence limits about effect measures: a
        general approach, Statistics in Medicine 27, 2008.
    """
    timed = timing_contrast(evidence, question, contrast.confidence_level)
    level = evidence.judged.seconds_per_epoch
    configs = evidence.judged.configs
    medians = [
        np.mean([math.log(level(configs[i]) or math.nan) for i in side])
        for side in (question.higher, question.lower)
    ]
    estimate = contrast.estimate + timed.estimate - float(medians[0] - medians[1])
    below = math.hypot(contrast.estimate - contrast.lower, timed.estimate - timed.lower)
    above = math.hypot(contrast.upper - contrast.estimate, timed.upper - timed.estimate)
    wider = replace(
        contrast,
        estimate=estimate,
        lower=estimate - below,
        upper=estimate + above,
        p_value=None,  # signs of seeds know nothing of the error of the timings
        smallest_p_value=1.0,
    )
    return wider, timed.upper - timed.estimate


def _timings(evidence: Evidence, configs: Sequence[int]) -> list[Timing]:
    """The timings of some configs; those of one program share one."""
    timings = [evidence.judged.timing(evidence.judged.configs[i]) for i in configs]
    assert None not in timings, "a guard refuses what was not timed"
    return [timing for timing in timings if timing is not None]


def _rounds_that_decide(
    contrast: Contrast, smallest: float, question: Question
) -> tuple[str, ...]:
    """How many rounds would decide what is open, if the ratio is near this one."""
    interval = Bounds(lower=contrast.lower, upper=contrast.upper)
    verdict = judge_interval(interval, smallest, relation=question.relation)
    if verdict is not Verdict.UNDECIDED:
        return ()
    n = seeds_to_decide(
        contrast.estimate,
        boundaries=boundaries(smallest, question.relation),
        spread=contrast.spread,
        n_seeds=contrast.n_seeds,
        confidence_level=contrast.confidence_level,
    )
    return () if n is None else (f"About {n} rounds would decide it.",)
