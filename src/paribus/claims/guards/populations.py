"""Guards about which runs there are to compare: learners, and settled ones."""

import math
from collections.abc import Collection, Sequence

from paribus.analysis.measure_facts import measure_facts
from paribus.analysis.scores import is_learner, is_unlearned
from paribus.claims.evidence import Evidence, Question
from paribus.claims.refusals import Refusal
from paribus.claims.remedies import MORE_SEEDS, longer_budget
from paribus.space import Config
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS
from paribus.status import RunStatus


MAX_UNCONVERGED = 0.2
# Of the configs of a side, before they are counted instead.
MAX_NAMED = 3


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
        return Refusal(
            _say_few(evidence, side, words),
            _more_learners(evidence, question, n, int(n_ended.max())),
        )
    return None


def _say_few(evidence: Evidence, side: tuple[int, ...], words: str) -> str:
    """On how few seeds a side learned; of several configs, at which it did not."""
    learned = is_learner(evidence.judged)[list(side)]
    if len(side) == 1 or not learned.any():
        some, few = _seeds(int(learned.all(axis=0).sum()))
        return f"{some} learned at {words or 'one side'}{few}"
    where = f"at {words}" if words else "on one side"
    by_config = learned.sum(axis=1)
    fewest = int(by_config.min())
    if fewest >= MIN_CONTRAST_SEEDS:
        some, few = _seeds(int(learned.all(axis=0).sum()))
        return f"{where} {some} learned at all {len(side)} configs{few}"
    some, few = _seeds(fewest)
    labels = _apart(evidence, side)
    lacking = [x for x, n in zip(labels, by_config, strict=True) if n == fewest]
    return f"{where} {some} learned at {_either(lacking)}{few}"


def _seeds(n: int) -> tuple[str, str]:
    """So few seeds in words, and what is said after them."""
    if not n:
        return "no seed", ""
    return ("only 1 seed" if n == 1 else f"only {n} seeds"), ", fewer than 5"


def _apart(
    evidence: Evidence, side: tuple[int, ...], besides: Collection[str] = ()
) -> list[str]:
    """The configs of a side by what tells them apart, but for some names."""
    configs = [evidence.judged.configs[i] for i in side]
    names = dict.fromkeys(name for config in configs for name in config)
    apart = [n for n in names if len({config.get(n) for config in configs}) > 1]
    return [
        Config({n: c[n] for n in apart if n in c and n not in besides}).label()
        for c in configs
    ]


def _either(labels: Sequence[str]) -> str:
    if len(labels) > MAX_NAMED:
        return f"{labels[0]} or {len(labels) - 1} other configs"
    return " or ".join(labels)


def _more_learners(
    evidence: Evidence, question: Question, n_learned: int, n_ended: int
) -> str:
    """What would give a side five learners, if as many of its runs learn."""
    if n_learned and not evidence.judged.study.is_imported:
        n_seeds = math.ceil(MIN_CONTRAST_SEEDS * n_ended / n_learned)
        return MORE_SEEDS.format(n_seeds)
    if labels := _pairs_that_learned(evidence, question):
        return f"a claim that names {_either(labels)}, to compare there alone"
    return "a value or a budget at which runs learn"


def _pairs_that_learned(evidence: Evidence, question: Question) -> list[str]:
    """Of sides that are means over pairs of configs, the pairs with enough learners.

    By what both configs of a pair share and no other pair has, as a claim names it.
    """
    sides, tuning = (question.higher, question.lower), evidence.judged.study.tuning
    if len(sides[0]) != len(sides[1]) or len(sides[0]) == 1:
        return []
    pairs = list(zip(*sides, strict=True))
    configs = evidence.judged.configs
    not_shared = {
        name
        for high, low in pairs
        for name in (*configs[high], *configs[low])
        if configs[high].get(name) != configs[low].get(name)
    }
    if question.choices and tuning is not None:
        not_shared.add(tuning.hyperparameter)
    labels = _apart(evidence, question.higher, not_shared)
    learned, enough = is_learner(evidence.judged), MIN_CONTRAST_SEEDS
    return [
        label
        for label, (high, low) in zip(labels, pairs, strict=True)
        if labels.count(label) == 1 and (learned[high] & learned[low]).sum() >= enough
    ]


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
