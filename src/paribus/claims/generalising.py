"""Differences on the test split, sure over seeds and over examples."""

import math

import numpy as np

from paribus.analysis.measure_facts import measure_facts
from paribus.claims.evidence import Evidence, Question, measure_of
from paribus.claims.findings import MORE_THAN_MAX, Found
from paribus.claims.rules import boundaries
from paribus.stats.contrasts import Contrast
from paribus.stats.two_way import TwoWayInterval, two_way_interval


_EXAMPLES = "More seeds cannot decide this; more test examples could."


def has_answers(evidence: Evidence, question: Question) -> bool:
    """Whether the study kept which test examples were right, at the budget asked for.

    They are of the end of each run, which is the end of an equal budget only if every
    run of both sides ends with it.
    """
    judged = evidence.judged
    if "test" not in judged.correct or len(question.configs) != 2:
        return False
    n_train = judged.data.n_train
    asked = evidence.epochs_at(question.budget, question.configs)
    ends = [
        judged.study.run_epochs(judged.configs[i], n_train) for i in question.configs
    ]
    return all(
        math.isclose(a, e, rel_tol=1e-6) for a, e in zip(asked, ends, strict=True)
    )


def find_two_way(
    evidence: Evidence, question: Question, smallest_effect: float
) -> Found:
    """The difference of test accuracies of two configs, with a two-way interval."""
    judged = evidence.judged
    measure = measure_of(evidence, question)
    assert measure is not None
    scores = measure.values[list(question.configs)]
    seeds = np.asarray(np.isfinite(scores).all(axis=0))
    right = judged.correct["test"]
    a, b = (
        right[side[0]][seeds].astype(np.float64)
        for side in (question.higher, question.lower)
    )
    interval = two_way_interval(a - b, confidence_level=evidence.confidence_level)
    n = interval.n_seeds
    limits = boundaries(smallest_effect, question.relation)
    more = interval.seeds_to_decide(limits)
    contrast = Contrast(
        estimate=interval.estimate,
        lower=interval.lower,
        upper=interval.upper,
        confidence_level=evidence.confidence_level,
        spread=interval.error * math.sqrt(max(n, 1)),
        n_seeds=n,
        p_value=None,
        smallest_p_value=1.0,
    )
    return Found(
        contrast=contrast,
        facts=measure_facts(question.measure),
        smallest_effect=smallest_effect,
        seeds=seeds,
        more_seeds=MORE_THAN_MAX if more is None else more,
        notes=_notes(interval, limits),
    )


def _notes(interval: TwoWayInterval, limits: tuple[float, ...]) -> tuple[str, ...]:
    counted = (
        f"The interval is over {interval.n_seeds} seeds and {interval.n_examples:,} "
        "test examples together."
    )
    is_open = any(interval.lower <= limit <= interval.upper for limit in limits)
    if is_open and interval.needs_more_examples(limits):
        return counted, _EXAMPLES
    return (counted,)
