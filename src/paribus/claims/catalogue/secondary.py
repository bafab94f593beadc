"""L1c, L2c, L3e: secondary atoms about learning rates, outside the family."""

from dataclasses import replace

import numpy as np

from paribus.analysis.run_measures import values_at
from paribus.claims.answering import population
from paribus.claims.arms import Arms, chosen_again, members_of
from paribus.claims.atoms import Atom, judge_all
from paribus.claims.evidence import Evidence, Question
from paribus.claims.findings import Found, said, seeds_that_decide, untested
from paribus.claims.guards import first_refusal
from paribus.claims.guards.designs import one_workload
from paribus.claims.records import AtomVerdict
from paribus.claims.rescues import permanent
from paribus.claims.rules import Relation
from paribus.stats.contrasts import paired_contrast


# The short budget of L1c, as a share of the study's own, which is the long one.
SHORT_SHARE = 0.2

_REMEDY = "paribus run learning-rate"
_BEST = "the best learning rate"


def worse_early(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L1c: below the best learning rate after a fifth of the budget, not at its end."""

    def ask_parts(evidence: Evidence) -> list[AtomVerdict]:
        return [
            _against_best(evidence, arms, share=SHORT_SHARE, relation="greater"),
            _against_best(evidence, arms, share=1.0, relation="at_least"),
        ]

    return judge_all(evidence, ask_parts, n_parts=2)


def _against_best(
    evidence: Evidence, arms: Arms, *, share: float, relation: Relation
) -> AtomVerdict:
    judged = evidence.judged
    epochs = share * judged.study.budget.epochs
    is_early = share < 1
    members = members_of(evidence, arms.choices["best"])
    arms, notes = chosen_again(evidence, arms, dict.fromkeys(members, epochs))
    sides = ("best", "small") if relation == "greater" else ("small", "best")
    higher, lower = (arms.configs[role] for role in sides)
    words = dict(arms.words)
    if is_early:
        after = f"{_BEST} after {epochs:g} epoch{'s' * (epochs != 1)}"
        words["best"] = words["best"].replace(_BEST, after)
    question = Question(
        measure=judged.score_metric,
        higher=(higher,),
        lower=(lower,),
        sides=(words[sides[0]], words[sides[1]]),
        relation=relation,
        epochs=epochs if is_early else None,
        choices=(arms.choices["best"],),
    )
    refusal = first_refusal(evidence, question)
    if refusal is not None:
        return untested(evidence, question, refusal)
    measure = evidence.measure(question.measure)
    assert measure is not None
    assert measure.smallest_effect is not None
    a, b = (values_at(judged, question.measure, i, epochs) for i in (higher, lower))
    is_there = np.asarray(np.isfinite(a) & np.isfinite(b))
    seeds, mixture = population(evidence, question, measure, is_there)
    contrast = paired_contrast(
        (a - b)[seeds],
        confidence_level=evidence.confidence_level,
        rng=np.random.default_rng(0),
    )
    found = Found(
        contrast=contrast,
        facts=measure.facts,
        smallest_effect=measure.smallest_effect,
        seeds=seeds,
        more_seeds=seeds_that_decide(contrast, measure.smallest_effect, question),
        notes=(*mixture, *notes),
    )
    return said(evidence, question, found)


def often(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L2c: in more than half of the workloads, of which a study has one."""
    question = Question(
        measure=evidence.judged.score_metric,
        higher=(arms.configs["medium"],),
        lower=(arms.configs["medium"],),
    )
    refusal = one_workload(1)
    assert refusal is not None
    return replace(untested(evidence, question, refusal), measure="")


ATOMS: tuple[Atom, ...] = (
    Atom(
        id="L1c",
        text="A learning rate of 0.001 is worse than the best after a fifth of the "
        "budget, and as good at its end",
        needs=("small", "best"),
        judge=worse_early,
        contrast="",
        remedy=_REMEDY,
    ),
    Atom(
        id="L2c",
        text="A learning rate of 0.01 is often as good as the best",
        needs=("medium",),
        judge=often,
        contrast="",
        remedy=_REMEDY,
    ),
    Atom(
        id="L3e",
        text="Runs that fail at a learning rate of 0.1 miss the target even when they "
        "go on at the best one",
        needs=("large",),
        judge=permanent,
        contrast="",
        remedy=_REMEDY,
    ),
)
