"""Put one question to the runs: guards first, then the interval, then the verdict."""

import math
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from paribus.analysis.measure_facts import TIMES
from paribus.analysis.run_measures import RunMeasure
from paribus.analysis.scores import is_bad, is_learner, is_unlearned
from paribus.claims.evidence import Evidence, Question, measure_of
from paribus.claims.failures import say_failures
from paribus.claims.findings import (
    MORE_THAN_MAX,
    Found,
    said,
    seeds_that_decide,
    unbounded,
    untested,
)
from paribus.claims.generalising import find_two_way, has_answers
from paribus.claims.guards import first_refusal
from paribus.claims.guards.timing import noisy_timing
from paribus.claims.records import AtomVerdict
from paribus.claims.refusals import Refusal
from paribus.claims.remedies import MORE_SEEDS
from paribus.claims.throughput import find_seconds_ratio, find_throughput_ratio
from paribus.claims.times import find_time_ratio
from paribus.counts import count
from paribus.stats.compare import hedges_g_av, share_above
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS, paired_contrast
from paribus.stats.intervals import MIN_SEEDS
from paribus.stats.proportions import compare_shares_paired, seeds_to_decide_shares


# The last bit of a float32, in which scores are recorded: closer sums are ties.
_FLOAT32_STEP = 2.0**-23

_SEEDS_ONLY = (
    "The interval is over seeds only: which test examples were right at this budget "
    "was not kept, so the luck of the test split is not in it."
)


def ask(evidence: Evidence, question: Question) -> AtomVerdict:
    """Answer a question: a verdict without id and text, which the atom adds.

    A guard that fails makes it untested, unless it is about how values were chosen and
    there is one seed only: that shows a direction at most, and never decides.
    """
    refusal = first_refusal(evidence, question)
    is_single = 0 < evidence.seeds_of(question.configs).sum() < MIN_SEEDS
    if refusal is not None and not (refusal.allows_direction and is_single):
        return untested(evidence, question, _with_seeds(evidence, question, refusal))
    if question.measure in TIMES:
        found = find_time_ratio(evidence, question)
        if not isinstance(found, Found):
            return untested(evidence, question, found)
    elif question.measure == "seconds_per_epoch":
        found = find_seconds_ratio(evidence, question)
    elif question.generalises and has_answers(evidence, question):
        measure = measure_of(evidence, question)
        assert measure is not None, "a guard refuses what was not recorded"
        smallest = _smallest_effect(question, measure)
        found = find_two_way(evidence, question, smallest)
    else:
        found = _find(evidence, question)
        if question.generalises:
            found = replace(found, notes=(*found.notes, _SEEDS_ONLY))
    if refusal is not None:
        direction = f"A direction only: {refusal.reason}."
        found = replace(found, notes=(direction, *found.notes))
    return said(evidence, question, found)


def _with_seeds(evidence: Evidence, question: Question, refusal: Refusal) -> Refusal:
    """A refusal that does not hide that seeds are too few for a verdict as well."""
    study, n = evidence.judged.study, int(evidence.seeds_of(question.configs).sum())
    is_whole = len(study.seeds) < MIN_CONTRAST_SEEDS
    if not (0 < n < MIN_CONTRAST_SEEDS and is_whole) or study.planned_seeds:
        return refusal
    remedy = refusal.remedy
    if remedy.startswith("--set ") and not study.is_imported:
        remedy = f"{remedy} and {MORE_SEEDS.format(MIN_CONTRAST_SEEDS)}"
    reason = f"and a verdict needs {MIN_CONTRAST_SEEDS} seeds, of which it has {n}"
    return Refusal(f"{refusal.reason}; {reason}", remedy)


def ask_throughput(evidence: Evidence, question: Question) -> AtomVerdict:
    """Answer a question about examples per second: from timings, not from seeds."""
    refusal = noisy_timing(evidence, question)
    if refusal is not None:
        return untested(evidence, question, refusal)
    found = said(evidence, question, find_throughput_ratio(evidence, question))
    return replace(found, measure="examples_per_s")


def _find(evidence: Evidence, question: Question) -> Found:
    measure = measure_of(evidence, question)
    assert measure is not None, "a guard refuses what was not recorded"
    if measure.facts.is_share:
        return _find_shares(evidence, question, measure)
    higher, lower = (_side(measure, s) for s in (question.higher, question.lower))
    is_there = np.isfinite(higher) & np.isfinite(lower)
    seeds, notes = population(evidence, question, measure, is_there)
    a, b = higher[seeds], lower[seeds]
    contrast = paired_contrast(
        a - b,
        confidence_level=evidence.confidence_level,
        resolution=_FLOAT32_STEP * float(np.abs(a).sum() + np.abs(b).sum()),
        rng=np.random.default_rng(0),
    )
    smallest = _smallest_effect(question, measure)
    has_spread = len(a) >= MIN_SEEDS
    return Found(
        contrast=contrast,
        facts=measure.facts,
        smallest_effect=smallest,
        seeds=seeds,
        more_seeds=seeds_that_decide(contrast, smallest, question),
        effect_size=hedges_g_av(a, b) if has_spread else None,
        share_above=share_above(a, b) if has_spread else None,
        notes=(
            *notes,
            *_say_equal(a, b),
            *_say_without_offset(question, measure, seeds),
        ),
    )


def _say_equal(
    a: Float[np.ndarray, " seed"], b: Float[np.ndarray, " seed"]
) -> tuple[str, ...]:
    """Why an interval has no width: no spread was seen, which is not certainty."""
    if len(a) < MIN_SEEDS or not np.array_equal(a, b):
        return ()
    return (f"Both sides are exactly equal with each of the {len(a)} seeds.",)


def _say_without_offset(
    question: Question, measure: RunMeasure, seeds: Bool[np.ndarray, " seed"]
) -> tuple[str, ...]:
    """Where something is added before the ratio is taken: what the runs have without.

    Near 0 the ratio is that of what was added, whatever the runs did.
    """
    if not measure.facts.offset or not seeds.any():
        return ()
    higher, lower = (
        measure.values[list(side)][:, seeds]
        for side in (question.higher, question.lower)
    )
    if not (higher.any() or lower.any()):
        return ("It is 0 in every run of both sides: neither ever rose.",)
    medians = " and ".join(
        f"{np.median(values):.3g} at {side or 'one side'}"
        for values, side in zip((higher, lower), question.sides, strict=True)
    )
    return (f"Medians without the {measure.facts.offset:g}: {medians}.",)


def _side(measure: RunMeasure, configs: tuple[int, ...]) -> Float[np.ndarray, " seed"]:
    """Mean over the configs of a side, seed by seed; NaN unless all have a value."""
    return measure.scores()[list(configs)].mean(axis=0)


def _smallest_effect(question: Question, measure: RunMeasure) -> float:
    declared = question.smallest_effect
    smallest = measure.smallest_effect if declared is None else declared
    assert smallest is not None, "a guard refuses what has no smallest effect"
    return math.log(smallest) if measure.facts.is_ratio else smallest


def population(
    evidence: Evidence,
    question: Question,
    measure: RunMeasure,
    is_there: Bool[np.ndarray, " seed"],
) -> tuple[Bool[np.ndarray, " seed"], tuple[str, ...]]:
    """Which of the seeds that are there enter, and what must be said of it.

    Those of runs that learned on both sides where only they can be compared, as where a
    side is a mixture of runs that learned and runs that ended badly.
    """
    kind = measure.facts.population
    if kind == "all":
        return is_there, ()
    needs_learners = kind == "learners" or question.needs_learners
    bad = [_n_bad(evidence, side) for side in (question.higher, question.lower)]
    if not (needs_learners or is_mixed(evidence, question)):
        ended = _say_bad(question, bad, len(is_there))
        return is_there, (f"Of {ended}.",) if any(bad) else ()
    learned = is_learner(evidence.judged)[list(question.configs)].all(axis=0)
    both = is_there & learned
    n_both = count(int(both.sum()), "seed")
    among = f"Among the {n_both} whose runs learned on both sides"
    never = is_unlearned(evidence.judged)[list(question.configs)].any(axis=0)
    if not never.any():
        return both, (f"{among}: all of them.",) if kind == "learners" else ()
    if not any(bad):
        n = int(never.sum())
        return both, (f"{among}; with {count(n, 'seed')} a run never learned.",)
    return both, (f"{among}; of {_say_bad(question, bad, len(both))}.",)


def _say_bad(question: Question, bad: list[int], n_seeds: int) -> str:
    words = " and ".join(
        f"{n_bad} at {side or 'one side'}"
        for n_bad, side in zip(bad, question.sides, strict=True)
    )
    return f"{count(n_seeds, 'seed')}, runs ended badly: {words}"


def is_mixed(evidence: Evidence, question: Question) -> bool:
    """Whether a side has both runs that learned and runs that did not."""
    others, learned = is_unlearned(evidence.judged), is_learner(evidence.judged)
    return any(
        bool(others[list(side)].any() and learned[list(side)].any())
        for side in (question.higher, question.lower)
    )


def _n_bad(evidence: Evidence, configs: tuple[int, ...]) -> int:
    return int(is_bad(evidence.judged)[list(configs)].any(axis=0).sum())


def _find_shares(evidence: Evidence, question: Question, measure: RunMeasure) -> Found:
    """Shares by Newcombe's interval; a seed has it if any run of the side has it."""
    higher = measure.values[list(question.higher)]
    lower = measure.values[list(question.lower)]
    is_there = np.isfinite(higher).all(axis=0) & np.isfinite(lower).all(axis=0)
    seeds = np.asarray(is_there)
    a, b = (np.asarray(side[:, seeds].any(axis=0)) for side in (higher, lower))
    n, level = int(seeds.sum()), evidence.confidence_level
    smallest = _smallest_effect(question, measure)
    found = Found(
        contrast=unbounded(math.nan, level, n),
        facts=measure.facts,
        smallest_effect=smallest,
        seeds=seeds,
        more_seeds=MIN_CONTRAST_SEEDS,
    )
    if not n:
        return found
    shares = compare_shares_paired(a, b, confidence_level=level)
    contrast = unbounded(shares.estimate, level, n, p_value=shares.p_value)
    if n >= MIN_CONTRAST_SEEDS:
        contrast = replace(contrast, lower=shares.lower, upper=shares.upper)
    more = seeds_to_decide_shares(
        float(a.mean()),
        float(b.mean()),
        smallest_effect=smallest,
        confidence_level=level,
    )
    side_a, side_b = question.sides
    count = (
        f"{int(a.sum())} of {n} at {side_a or 'one side'}, "
        f"{int(b.sum())} of {n} at {side_b or 'the other'}."
    )
    is_failing = measure.name == "bad_share"
    failures = say_failures(evidence, question) if is_failing else ()
    return replace(
        found,
        contrast=contrast,
        more_seeds=MORE_THAN_MAX if more is None else max(more, MIN_CONTRAST_SEEDS),
        notes=(count, *failures),
    )
