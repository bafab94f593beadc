"""L1 to L3: what is said of small, medium and large learning rates."""

from dataclasses import replace

import numpy as np

from paribus.analysis.scores import is_accuracy, is_bad, is_learner
from paribus.claims.answering import ask
from paribus.claims.arms import Arms
from paribus.claims.atoms import Atom, judge_all
from paribus.claims.balance import ask_balance
from paribus.claims.evidence import Evidence, Question
from paribus.claims.failures import say_failures
from paribus.claims.fastest_arms import at_target
from paribus.claims.findings import untested
from paribus.claims.guards.populations import few_learners
from paribus.claims.records import AtomVerdict, Verdict
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS


# From so many seeds on a bad-status share is tested, not just compared.
MIN_SEEDS_FOR_SHARES = 30

_REMEDY = "paribus run learning-rate"
_RIVALS = ("medium", "large")


def _question(
    arms: Arms, measure: str, higher: str, lower: str, **more: object
) -> Question:
    choices = tuple(arms.choices[r] for r in (higher, lower) if r in arms.choices)
    return replace(
        Question(
            measure=measure,
            higher=(arms.configs[higher],),
            lower=(arms.configs[lower],),
            sides=(arms.words[higher], arms.words[lower]),
            choices=choices,
        ),
        **more,
    )


def more_stable(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L1a: less upward variation than each rival, and not more runs that end badly."""

    def ask_parts(evidence: Evidence) -> list[AtomVerdict]:
        parts: list[AtomVerdict] = []
        for rival in _RIVALS:
            parts.append(_steadier(evidence, arms, rival))
            parts.extend(_not_more_failures(evidence, arms, rival))
        return parts

    # Steadier than each, and not failing more often than each, asked or not.
    found = judge_all(evidence, ask_parts, n_parts=2 * len(_RIVALS))
    failures = (
        note
        for rival in _RIVALS
        for note in say_failures(evidence, _question(arms, "bad_share", rival, "small"))
    )
    return replace(found, notes=tuple(dict.fromkeys((*found.notes, *failures))))


def _steadier(evidence: Evidence, arms: Arms, rival: str) -> AtomVerdict:
    learned = is_learner(evidence.judged)[arms.configs[rival]]
    ended = evidence.judged.has_outcome()[arms.configs[rival]]
    if learned.sum() >= min(MIN_CONTRAST_SEEDS, max(int(ended.sum()), 1)):
        return ask(evidence, _question(arms, "tuv", rival, "small"))
    # Too few learners to compare how smoothly they train: compare how many there are.
    return ask(evidence, _question(arms, "bad_share", rival, "small"))


def _not_more_failures(
    evidence: Evidence, arms: Arms, rival: str
) -> tuple[AtomVerdict, ...]:
    """Nothing where fewer runs ended badly, unless there are seeds to test it."""
    ended = evidence.judged.has_outcome()
    bad = is_bad(evidence.judged)
    own, others = (_share(bad[i], ended[i]) for i in _pair(arms, "small", rival))
    n_seeds = int(ended[arms.configs["small"]].sum())
    if own <= others and n_seeds < MIN_SEEDS_FOR_SHARES:
        return ()
    question = _question(arms, "bad_share", rival, "small", relation="at_least")
    return (ask(evidence, question),)


def _pair(arms: Arms, *roles: str) -> tuple[int, ...]:
    return tuple(arms.configs[role] for role in roles)


def _share(bad: np.ndarray, ended: np.ndarray) -> float:
    return float(bad[ended].mean()) if ended.any() else 0.0


def slow(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L1b: more steps to the target than 0.01 needs; beside it, than the best needs."""
    question = _to_target(arms, "small", "medium", rung=1)
    found = ask(evidence, question)
    if "best" not in arms.configs:
        return found
    arms, notes = at_target(evidence, arms, ("best",))
    if arms.configs["best"] in question.configs:
        return found
    # The fastest rate is so to the target that chose it.
    rung = -1 if arms.choices["best"].by == "time" else 1
    beside = ask(evidence, _to_target(arms, "small", "best", rung=rung))
    return replace(found, notes=found.notes + _said_beside(beside) + notes)


def faster(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L3a: fewer steps to the target; beside it, the score over the first tenth."""
    found = ask(evidence, _to_target(arms, "medium", "large", rung=0))
    early = evidence.measure("aulc_10")
    if early is None:
        return found
    both = early.values[[arms.configs[role] for role in ("large", "medium")]]
    is_there = np.isfinite(both).all(axis=0)
    if not is_there.any():
        return found
    form = "{:.1%}" if is_accuracy(evidence.judged.score_metric) else "{:.3g}"
    large, medium = map(form.format, both[:, is_there].mean(axis=1).tolist())
    note = (
        "Beside it, the mean score over the first tenth of the budget, without an "
        f"interval: {large} at {arms.words['large']}, {medium} at "
        f"{arms.words['medium']}."
    )
    return replace(found, notes=(*found.notes, note))


def _to_target(arms: Arms, higher: str, lower: str, *, rung: int) -> Question:
    return _question(
        arms,
        "steps_to_target",
        higher,
        lower,
        budget="target",
        clock="steps",
        rung=rung,
    )


def _said_beside(atom: AtomVerdict) -> tuple[str, ...]:
    """A companion in one sentence."""
    between = " against ".join(atom.sides)
    if atom.estimate is None:
        return (f"{between}: {atom.verdict.value}.",)
    lower, upper = (
        "…" if bound is None else f"{bound:.3g}" for bound in (atom.lower, atom.upper)
    )
    bounds = "" if lower == upper == "…" else f" [{lower}, {upper}]"
    target = next((n for n in atom.notes if n.startswith("Target: ")), "")
    return (
        f"{between}: ratio {atom.limit}{atom.estimate:.3g}{bounds}"
        f"{atom.caveat}, {atom.verdict.value}. {target}".rstrip(),
    )


def balance(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L2b: dominated neither by 0.001 nor by 0.1."""
    learned = is_learner(evidence.judged)[arms.configs["medium"]]
    few = Question(
        measure="tuv",
        higher=(arms.configs["medium"],),
        lower=(arms.configs["small"],),
        sides=(arms.words["medium"], arms.words["small"]),
    )
    refusal = few_learners(evidence, few)
    if refusal is not None and learned.sum() < MIN_CONTRAST_SEEDS:
        return untested(evidence, few, refusal)
    measures = (
        Question(measure="tuv"),
        Question(measure="steps_to_target", budget="target", clock="steps", rung=1),
        Question(measure=evidence.judged.score_metric, judges_final_quality=True),
    )
    asked = [(arms, question) for question in measures]
    return ask_balance(evidence, ("medium", "small", "large"), asked)


def good(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L2a: as good as the best learning rate."""
    return ask(
        evidence,
        _question(
            arms,
            evidence.judged.score_metric,
            "medium",
            "best",
            relation="at_least",
            is_against_best=True,
            needs_fine_grid=True,
            judges_final_quality=True,
        ),
    )


def overshoots(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L3b: more early steps that raise the loss of their own batch, and of what kind.

    The first 500 steps only: what the noise does to a run that is dead by then is no
    overshooting.
    """
    found = ask(evidence, _question(arms, "early_overshoot_share", "large", "medium"))
    if found.verdict is Verdict.UNTESTED:
        return found
    return replace(found, notes=found.notes + _replaced(evidence, arms))


def _replaced(evidence: Evidence, arms: Arms) -> tuple[str, ...]:
    """Whether the first step replaced the weights, which is not overshooting."""
    first = evidence.measure("first_update")
    if first is None:
        return ()
    update = float(np.nanmedian(first.values[arms.configs["large"]]))
    if not update > 0.5:
        return ()
    return (
        f"The first step changed the largest layer by {update:.0%} of its size: the "
        "initial weights were replaced, which is more than overshooting.",
    )


def fails(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L3c: more runs end badly."""
    return ask(evidence, _question(arms, "bad_share", "large", "medium"))


def suboptimal(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L3d: where it learns, it ends below the best learning rate."""
    question = _question(
        arms,
        evidence.judged.score_metric,
        "best",
        "large",
        is_against_best=True,
        judges_final_quality=True,
        needs_learners=True,
    )
    found = ask(evidence, question)
    return replace(found, notes=found.notes + _median_regret(evidence, question))


def _median_regret(evidence: Evidence, question: Question) -> tuple[str, ...]:
    measure = evidence.measure(question.measure)
    if measure is None:
        return ()
    regret = measure.values[question.higher[0]] - measure.values[question.lower[0]]
    regret = regret[np.isfinite(regret)]
    if not regret.size:
        return ()
    points = 100 * float(np.median(regret))
    return (f"Median regret over all seeds, learners or not: {points:+.2f} pp.",)


ATOMS: tuple[Atom, ...] = (
    Atom(
        id="L1a",
        text="A learning rate of 0.001 trains more stably than 0.01 and 0.1",
        needs=("small", "medium", "large"),
        judge=more_stable,
        contrast="stability small",
        remedy=_REMEDY,
    ),
    Atom(
        id="L1b",
        text="A learning rate of 0.001 needs more steps to the target than 0.01",
        needs=("small", "medium"),
        judge=slow,
        contrast="steps small medium",
        remedy=_REMEDY,
    ),
    Atom(
        id="L2a",
        text="A learning rate of 0.01 ends as good as the best learning rate",
        needs=("medium", "best"),
        judge=good,
        contrast="quality medium best",
        remedy=_REMEDY,
    ),
    Atom(
        id="L2b",
        text="A learning rate of 0.01 is a balance: neither 0.001 nor 0.1 dominates it",
        needs=("small", "medium", "large"),
        judge=balance,
        contrast="balance medium",
        remedy=_REMEDY,
    ),
    Atom(
        id="L3a",
        text="A learning rate of 0.1 needs fewer steps to the target than 0.01",
        needs=("medium", "large"),
        judge=faster,
        contrast="steps medium large",
        remedy=_REMEDY,
    ),
    Atom(
        id="L3b",
        text="A learning rate of 0.1 overshoots more often than 0.01",
        needs=("medium", "large"),
        judge=overshoots,
        contrast="overshoot large medium",
        remedy=_REMEDY,
    ),
    Atom(
        id="L3c",
        text="More runs fail at a learning rate of 0.1 than at 0.01",
        needs=("medium", "large"),
        judge=fails,
        contrast="failures large medium",
        remedy=_REMEDY,
    ),
    Atom(
        id="L3d",
        text="A learning rate of 0.1 ends below the best learning rate where it learns",
        needs=("large", "best"),
        judge=suboptimal,
        contrast="quality large best",
        remedy=_REMEDY,
    ),
)
