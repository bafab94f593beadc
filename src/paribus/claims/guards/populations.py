"""Guards about which runs there are to compare: learners, and settled ones."""

import math

from paribus.analysis.measure_facts import measure_facts
from paribus.analysis.scores import is_learner, is_unlearned
from paribus.claims.evidence import Evidence, Question
from paribus.claims.refusals import Refusal
from paribus.claims.remedies import MORE_SEEDS, longer_budget
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS
from paribus.status import RunStatus


MAX_UNCONVERGED = 0.2


def few_learners(evidence: Evidence, question: Question) -> Refusal | None:
    """Stability and sharpness are measured among learners, and a side has too few."""
    population = measure_facts(question.measure).population
    n_ended = evidence.judged.has_outcome()[list(question.configs)].sum(axis=1)
    if population == "all" or (n_ended < MIN_CONTRAST_SEEDS).any():
        return None
    may_be_dead = population == "unmixed" and not question.needs_learners
    others, learned = is_unlearned(evidence.judged), is_learner(evidence.judged)
    for side, words in zip(
        (question.higher, question.lower), question.sides, strict=True
    ):
        n = int(learned[list(side)].all(axis=0).sum())
        is_dead = may_be_dead and not learned[list(side)].any()
        if n >= MIN_CONTRAST_SEEDS or is_dead or not others[list(side)].any():
            continue
        some = "only 1 seed" if n == 1 else f"only {n} seeds" if n else "no seed"
        return Refusal(
            f"{some} learned at {words or 'one side'}" + ", fewer than 5" * (n > 0),
            _more_learners(evidence, n, int(n_ended.max())),
        )
    return None


def _more_learners(evidence: Evidence, n_learned: int, n_ended: int) -> str:
    """What would give a side five learners, if as many of its runs learn."""
    if not n_learned or evidence.judged.study.is_imported:
        return "a value or a budget at which runs learn"
    n_seeds = math.ceil(MIN_CONTRAST_SEEDS * n_ended / n_learned)
    return MORE_SEEDS.format(n_seeds)


def unconverged(evidence: Evidence, question: Question) -> Refusal | None:
    """More than a fifth of a side's runs were still improving at the end."""
    if not question.judges_final_quality:
        return None
    judged = evidence.judged
    for side, words in zip(
        (question.higher, question.lower), question.sides, strict=True
    ):
        status = judged.status[list(side)]
        ended = judged.has_outcome()[list(side)]
        n = int((status == RunStatus.UNCONVERGED).sum())
        if n > MAX_UNCONVERGED * int(ended.sum()):
            return Refusal(
                f"{n} of {int(ended.sum())} runs of {words or 'one side'} were still "
                "improving at the end",
                longer_budget(judged.study),
            )
    return None
