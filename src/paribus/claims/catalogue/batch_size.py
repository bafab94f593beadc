"""B1 to B3: what is said of small, medium and large batches."""

import math
from dataclasses import replace

import numpy as np

from paribus.claims.answering import ask, ask_throughput
from paribus.claims.arms import Arms
from paribus.claims.atoms import Atom, Judge, judge_all
from paribus.claims.balance import ask_balance
from paribus.claims.batch_arms import at_budget
from paribus.claims.companions import companions, say_batch_trend, say_companion
from paribus.claims.evidence import BudgetKind, Evidence, Question
from paribus.claims.fastest_arms import at_target
from paribus.claims.findings import untested
from paribus.claims.matched import (
    common_loss,
    far_from_end,
    matched_ends,
    say_level,
    say_matched_accuracy,
)
from paribus.claims.records import AtomVerdict
from paribus.claims.refusals import Refusal
from paribus.claims.remedies import longer_budget


_REMEDY = "paribus run batch-size"
_CLOCKS = ("epochs", "steps", "seconds")

SMALL, MEDIUM, LARGE, LARGEST = (
    "batch-small",
    "batch-medium",
    "batch-large",
    "batch-largest",
)

# Not invariant under rescaling, as ASAM sharpness is: they decide nothing.
SHARPNESS_BESIDE = ("lambda_max", "keskar_phi")
# Where annealing twice as long changes the loss by more, annealing was too short.
MAX_ANNEAL_CHANGE = 0.05


def _question(
    arms: Arms, measure: str, higher: str, lower: tuple[str, ...], **more: object
) -> Question:
    roles = (higher, *lower)
    words = " and ".join(arms.words[role] for role in lower)
    return replace(
        Question(
            measure=measure,
            higher=(arms.configs[higher],),
            lower=tuple(arms.configs[role] for role in lower),
            sides=(arms.words[higher], words),
            choices=tuple(arms.choices[r] for r in roles if r in arms.choices),
            budget=arms.budget,
            mode=arms.mode,
        ),
        **more,
    )


def _faster(clock: str, fast: str, slow: str) -> Judge:
    """The atom that one batch size reaches the target before another, on one clock."""

    def judge(evidence: Evidence, arms: Arms) -> AtomVerdict:
        arms, notes = at_target(evidence, arms, (slow, fast))
        question = _question(
            arms,
            f"{clock}_to_target",
            slow,
            (fast,),
            budget="target",
            clock=clock,
            rung=-1,
        )
        found = ask(evidence, question)
        return replace(found, notes=found.notes + notes)

    return judge


def stuck(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """B1d: ends higher even after annealing, which takes the noise out."""
    question = _question(arms, "annealed_train_loss", SMALL, (LARGE,))
    refusal = _short_anneal(evidence, question)
    if refusal is not None:
        return untested(evidence, question, refusal)
    found = ask(evidence, question)
    floors = [_noise_floor(evidence, arms, role) for role in (SMALL, LARGE)]
    return replace(found, notes=(*found.notes, *filter(None, floors), _NO_BARRIER))


_NO_BARRIER = (
    "Whether a barrier of the loss lies between the annealed ends was not measured."
)


def _short_anneal(evidence: Evidence, question: Question) -> Refusal | None:
    short = evidence.measure("annealed_train_loss")
    long = evidence.measure("annealed_train_loss_long")
    if short is None or long is None:
        return None
    for i in question.configs:
        change = np.abs(short.scores()[i] - long.scores()[i])
        change = change[np.isfinite(change)]
        if change.size and np.median(change) > math.log(1 + MAX_ANNEAL_CHANGE):
            return Refusal(
                "annealing twice as long still changes the loss by more than 5%",
                longer_budget(evidence.judged.study),
            )
    return None


def _noise_floor(evidence: Evidence, arms: Arms, role: str) -> str:
    """What annealing took off the training loss: the noise of a constant rate."""
    annealed = evidence.measure("annealed_train_loss")
    final = evidence.measure("train_loss")
    if annealed is None or final is None:
        return ""
    i = arms.configs[role]
    fall = final.values[i] - annealed.values[i]
    fall = fall[np.isfinite(fall)]
    if not fall.size:
        return ""
    return f"Annealing lowered the loss at {arms.words[role]} by {np.median(fall):.3g}."


def balanced(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """B2a: dominated by neither neighbour in final error and the three times."""
    roles = (MEDIUM, SMALL, LARGE)
    frame = Question(measure="", mode=arms.mode, budget=arms.budget)
    quality = replace(
        frame, measure=evidence.judged.score_metric, judges_final_quality=True
    )
    fast, notes = at_target(evidence, arms, roles)
    times = [
        replace(
            frame, measure=f"{clock}_to_target", budget="target", clock=clock, rung=-1
        )
        for clock in _CLOCKS
    ]
    measures = [(arms, quality), *((fast, time) for time in times)]
    found = ask_balance(evidence, roles, measures)
    return replace(found, notes=found.notes + notes)


def special(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """B2b: better than the mean of its neighbours."""
    arms, notes = at_budget(evidence, arms, (SMALL, MEDIUM, LARGE))
    found = ask(
        evidence,
        _question(
            arms,
            evidence.judged.score_metric,
            MEDIUM,
            (SMALL, LARGE),
            judges_final_quality=True,
        ),
    )
    fast, _ = at_target(evidence, arms, (MEDIUM, SMALL, LARGE))
    beside = companions(evidence, [_slower(fast, clock) for clock in _CLOCKS])
    return replace(found, notes=found.notes + notes + tuple(map(say_companion, beside)))


def _slower(arms: Arms, clock: str) -> Question:
    """That the neighbours take longer to the target than 64, in geometric mean."""
    question = _question(
        arms,
        f"{clock}_to_target",
        MEDIUM,
        (SMALL, LARGE),
        budget="target",
        clock=clock,
        rung=-1,
    )
    return replace(
        question,
        higher=question.lower,
        lower=question.higher,
        sides=question.sides[::-1],
    )


def steady(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """B2c: as little jitter and as few bumps as both neighbours."""
    questions = [
        _question(arms, measure, rival, (MEDIUM,), relation="at_least")
        for measure in ("jitter", "tuv")
        for rival in (SMALL, LARGE)
    ]

    def ask_parts(evidence: Evidence) -> list[AtomVerdict]:
        return [ask(evidence, question) for question in questions]

    return judge_all(evidence, ask_parts, n_parts=len(questions))


def busier(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """B3a: more examples a second."""
    question = _question(arms, "seconds_per_epoch", LARGE, (SMALL,), clock="seconds")
    return ask_throughput(evidence, question)


def sharp(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """B3d: sharper at the same training loss, near the ends of both sides."""
    loss = common_loss(evidence, _largest(arms, ""), "asam_sharpness")
    if loss is None and evidence.measure("asam_sharpness") is not None:
        question = _largest(arms, "asam_sharpness")
        return untested(
            evidence,
            question,
            Refusal(
                "no training loss at which sharpness is measured is reached by 5 runs "
                "of both sides",
                longer_budget(evidence.judged.study),
            ),
        )
    name = "asam_sharpness" if loss is None else f"asam_sharpness_at_{loss}"
    question = _largest(arms, name, judges_final_quality=True)
    found = ask(evidence, question)
    if loss is None or found.estimate is None:
        return found
    ends = matched_ends(evidence, question, loss)
    refusal = far_from_end(loss, ends)
    if refusal is not None:
        there = say_companion(found)
        found = untested(evidence, question, refusal)
        return replace(found, notes=(say_level(loss, ends), there))
    beside = [_largest(arms, f"{other}_at_{loss}") for other in SHARPNESS_BESIDE]
    notes = (
        say_level(loss, ends),
        *map(say_companion, companions(evidence, beside)),
        say_batch_trend(evidence, arms, name),
    )
    return replace(found, notes=found.notes + tuple(filter(None, notes)))


def _largest(arms: Arms, measure: str, **more: object) -> Question:
    return _question(arms, measure, LARGEST, (MEDIUM,), needs_large_batch=True, **more)


def generalises_worse(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """B3e: a higher test error, over seeds and test examples."""
    arms, notes = at_budget(evidence, arms, (MEDIUM, LARGEST))
    accuracy = evidence.measure("test_accuracy")
    smallest = None
    if accuracy is not None and accuracy.smallest_effect is not None:
        # One noise floor where quality elsewhere takes two: the published effect is
        # .22 percentage points, no more than that.
        smallest = accuracy.smallest_effect / 2
    question = _question(
        arms,
        "test_accuracy",
        MEDIUM,
        (LARGEST,),
        needs_large_batch=True,
        judges_final_quality=True,
        smallest_effect=smallest,
        generalises=True,
    )
    found = ask(evidence, question)
    if arms.budget == "epochs":  # at a loss it is the same at every budget
        notes += say_matched_accuracy(evidence, question)
    return replace(found, notes=found.notes + notes)


def _atom(
    name: str,
    text: str,
    needs: tuple[str, ...],
    judge: Judge,
    contrast: str,
    *,
    budgets: tuple[BudgetKind, ...] = (),
    is_shared: bool = False,
) -> Atom:
    return Atom(
        id=name,
        text=text,
        needs=needs,
        judge=judge,
        contrast=contrast,
        remedy=_REMEDY,
        budgets=budgets,
        is_shared=is_shared,
    )


_QUALITY: tuple[BudgetKind, ...] = ("epochs", "steps", "seconds")

ATOMS: tuple[Atom, ...] = (
    _atom(
        "B1a",
        "Batch size 32 reaches the target in fewer epochs than 128",
        (SMALL, LARGE),
        _faster("epochs", SMALL, LARGE),
        "epochs to target, small and large batch",
    ),
    _atom(
        "B1b",
        "Batch size 32 reaches the target in fewer steps than 128",
        (SMALL, LARGE),
        _faster("steps", SMALL, LARGE),
        "steps to target, small and large batch",
    ),
    _atom(
        "B1c",
        "Batch size 32 reaches the target in fewer seconds than 128",
        (SMALL, LARGE),
        _faster("seconds", SMALL, LARGE),
        "seconds to target, small and large batch",
    ),
    _atom(
        "B1d",
        "Batch size 32 is stuck above 128 even when its noise is annealed away",
        (SMALL, LARGE),
        stuck,
        "annealed loss, small and large batch",
    ),
    _atom(
        "B2a",
        "Batch size 64 is a balance: neither 32 nor 128 dominates it",
        (SMALL, MEDIUM, LARGE),
        balanced,
        "balance of the medium batch",
    ),
    _atom(
        "B2b",
        "Batch size 64 ends better than the mean of 32 and 128",
        (SMALL, MEDIUM, LARGE),
        special,
        "quality of the medium batch against both neighbours",
        budgets=_QUALITY,
    ),
    _atom(
        "B2c",
        "Batch size 64 trains as steadily as 32 and 128",
        (SMALL, MEDIUM, LARGE),
        steady,
        "stability of the medium batch",
    ),
    _atom(
        "B3a",
        "Batch size 128 goes through more examples a second than 32",
        (SMALL, LARGE),
        busier,
        "throughput, small and large batch",
        is_shared=True,  # learning rates share a program
    ),
    _atom(
        "B3b",
        "Batch size 128 reaches the target in fewer seconds than 32",
        (SMALL, LARGE),
        _faster("seconds", LARGE, SMALL),
        "seconds to target, small and large batch",
    ),
    _atom(
        "B3c",
        "Batch size 128 reaches the target in fewer steps than 32",
        (SMALL, LARGE),
        _faster("steps", LARGE, SMALL),
        "steps to target, small and large batch",
    ),
    _atom(
        "B3d",
        "A batch of a tenth of the data ends in sharper minima than 64, at one "
        "training loss",
        (MEDIUM, LARGEST),
        sharp,
        "sharpness, medium and largest batch",
    ),
    _atom(
        "B3e",
        "A batch of a tenth of the data generalises worse than 64",
        (MEDIUM, LARGEST),
        generalises_worse,
        "test error, medium and largest batch",
        budgets=_QUALITY,
    ),
)
