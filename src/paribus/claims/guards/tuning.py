"""Guards about how the best value was chosen."""

import math
from dataclasses import replace

from paribus.analysis.edges import extension_option
from paribus.analysis.tuned import choose_tuned
from paribus.claims.evidence import Choice, Evidence, Question
from paribus.claims.refusals import Refusal
from paribus.claims.remedies import longer_budget
from paribus.space import place_words, show_value
from paribus.status import RunStatus


MAX_SPACING_DECADES = 0.5
# Of times to a target.
_SMALLEST_LOG_RATIO = math.log(1.25)


def shared_seeds(evidence: Evidence, question: Question) -> Refusal | None:
    """Seeds that chose a value would also judge it."""
    tuning = evidence.whole.study.tuning
    shared = set(tuning.seeds if tuning else ()) & set(evidence.judged.seeds)
    if not question.choices or not shared:
        return None
    return Refusal(
        f"seed {min(shared)} both chose the learning rate and would judge it",
        "give `tuning.seeds` that `study.seeds` does not have",
    )


def dependent_choice(evidence: Evidence, question: Question) -> Refusal | None:
    """The best value was chosen by the runs that would judge it."""
    if all(choice.is_independent for choice in question.choices):
        return None
    return Refusal(
        "the study has no tuning seeds, so the best learning rate would be judged by "
        "the seeds that chose it",
        _built_in(question),
        allows_direction=True,
    )


def chosen_on_test(evidence: Evidence, question: Question) -> Refusal | None:
    """Without a validation split the best value would be chosen on the test split."""
    if not question.choices or evidence.whole.data.n_validation:
        return None
    return Refusal(
        "the best learning rate would be chosen on the test split",
        "--set data.validation=5000",
        allows_direction=True,
    )


def unequal_tuning(evidence: Evidence, question: Question) -> Refusal | None:
    """The sides were not tuned with the same number of values and seeds."""
    budgets = {tuple(sorted(choice.n_runs)) for choice in question.choices}
    # At an edge nothing is refined, and the next guard says what to do about it.
    settled = [choice for choice in question.choices if choice.edge is None]
    refining = {tuple(sorted(choice.n_refining)) for choice in settled}
    if len(budgets) <= 1 and len(refining) <= 1:
        return None
    return Refusal(
        "the sides were tuned with different numbers of values or seeds",
        "give every side the same values of the learning rate in [[space]]",
    )


def best_on_edge(evidence: Evidence, question: Question) -> Refusal | None:
    """The best value lies on the edge of the grid: a better one may lie beyond."""
    for choice in question.choices:
        if choice.edge is not None:
            at = _place(evidence, choice)
            best = "best" if choice.by == "score" else "fastest"
            return Refusal(
                f"the {best} learning rate, {show_value(choice.value)}"
                + (f" {at}" if at else "")
                + f", lies on the {choice.edge} edge of the grid",
                _extended_grid(evidence, choice),
                allows_direction=True,
            )
    return None


def uncompared_choice(evidence: Evidence, question: Question) -> Refusal | None:
    """A value was chosen, and the runs that compare it are still to come."""
    status = evidence.judged.status
    for choice in question.choices:
        if (status[choice.config] == RunStatus.ABSENT).all():
            label = evidence.judged.configs[choice.config].label()
            return Refusal(
                f"{label} was chosen, and no run that compares it has been trained",
                "the same command trains the rest",
            )
    return None


def better_passed_over(evidence: Evidence, question: Question) -> Refusal | None:
    """A value scored higher by more than matters, but often failed."""
    score = evidence.measure(evidence.whole.score_metric)
    smallest = (score and score.smallest_effect) or 0.0
    for choice in question.choices:
        if choice.passed_over is None:
            continue
        _, lead = choice.passed_over
        if lead > (smallest if choice.by == "score" else _SMALLEST_LOG_RATIO):
            return Refusal(
                f"{choice.say_passed_over()}, so none is plainly the best",
                longer_budget(evidence.whole.study),
                allows_direction=True,
            )
    return None


def _place(evidence: Evidence, choice: Choice) -> str:
    """Where a value was chosen: what the study varies beside it, in words."""
    configs = evidence.whole.configs
    return place_words(
        {
            name: value
            for name, value in choice.others.items()
            if len({config.get(name) for config in configs}) > 1
        }
    )


def same_runs(evidence: Evidence, question: Question) -> Refusal | None:
    """The value that is asked about was chosen itself: both sides are the same runs."""
    del evidence
    if not question.lower or set(question.higher) != set(question.lower):
        return None
    return Refusal(
        f"{question.sides[0]} is itself the value that was chosen, so both sides are "
        "the same runs and nothing is compared",
        "[[claims]] that compare it with its neighbours",
    )


def coarse_grid(evidence: Evidence, question: Question) -> Refusal | None:
    """A best value between widely spaced ones looks worse than it is."""
    if not question.needs_fine_grid:
        return None
    for choice in question.choices:
        # Rounding of .001, .00316, .01: half a decade is written with three digits.
        if choice.spacing_decades > MAX_SPACING_DECADES + 0.01:
            return Refusal(
                "learning rates lie more than half a decade apart around the best one",
                "paribus run learning-rate --size standard",
                allows_direction=True,
            )
    return None


def pruned_beside_best(evidence: Evidence, question: Question) -> Refusal | None:
    """What was stopped next to the best value might have ended above it."""
    del evidence
    if not question.is_against_best:
        return None
    for choice in question.choices:
        if choice.pruned_beside:
            beside = " and ".join(map(show_value, choice.pruned_beside))
            return Refusal(
                f"next to the best learning rate ({show_value(choice.value)}) {beside} "
                "fell behind and was stopped early, and might have ended above it",
                "the same study without [tuning.halving], with another --out",
                allows_direction=True,
            )
    return None


def _extended_grid(evidence: Evidence, choice: Choice) -> str:
    """The option that adds what would make the choice interior."""
    if evidence.whole.study.tuning is not None:
        for tuned in choose_tuned(evidence.whole):
            if tuned.others == choice.others and choice.value_to_add is not None:
                wanted = replace(tuned, value_to_add=choice.value_to_add)
                return extension_option(evidence.whole, wanted)
    return "paribus run learning-rate"


def _built_in(question: Question) -> str:
    if question.mode:
        return "paribus run batch-size"
    return "paribus run learning-rate"
