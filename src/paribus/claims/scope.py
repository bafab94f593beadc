"""Where a verdict holds: the sentence that stands under every one of them."""

import math
from collections.abc import Mapping

from paribus.claims.evidence import Evidence, Question
from paribus.counts import count
from paribus.hyperparameters import Value
from paribus.optimizer_catalogue import optimizer_words
from paribus.results import StudyResult
from paribus.space import show_value
from paribus.status import RunStatus


_BUDGETS = {
    "steps": "equal steps",
    "seconds": "equal seconds",
    "target": "until the target is reached, at most {epochs}",
}
_BY = {"score": "the final score", "time": "the time to the target"}
_MODES = {
    "tuned": "learning rate tuned for each side",
    "untuned": "one learning rate for both sides",
}


def scope_sentence(
    evidence: Evidence, question: Question, *, n_seeds: int, n_timings: int = 0
) -> str:
    """Say for which data, model, optimizer, schedule, budget and seeds a verdict holds.

    Every setting that both sides share is named; those that differ are what the claim
    is about.
    """
    result = evidence.judged
    mode = _mode(evidence, question)
    parts = [
        result.data.name,
        *_drawn(result),
        *_settings(evidence, question.configs),
        *_averaged(evidence, question),
        _spent(result, question),
        *filter(None, [mode]),
        *_untuned(evidence, question),
    ]
    if n_timings:
        rounds = f"{n_timings} rounds of timings of one run alone"
        return f"Scope: {', '.join(parts)}; {rounds}."
    parts.append(count(n_seeds, "seed"))
    return (
        f"Scope: {', '.join(parts)}; varied by seed: "
        f"{_streams(evidence, question.configs)}."
    )


def _mode(evidence: Evidence, question: Question) -> str:
    """How learning rates were chosen; empty where none was."""
    study = evidence.whole.study
    among = ""
    if question.choices and study.halving is not None:
        rungs = " or ".join(f"{r:,}" for r in study.halving.rungs(study.budget.epochs))
        unit = "epoch" if rungs == "1" else "epochs"
        among = f" among the values that were not stopped after {rungs} {unit}"
    if question.mode != "tuned" or study.tuning is None:
        found = _MODES.get(question.mode, "")
        return found or (among and f"the best learning rate chosen{among}")
    by = " and ".join(dict.fromkeys(_BY[c.by] for c in question.choices))
    return (
        f"{_MODES['tuned']} by {by or _BY['score']} of {study.tuning.n_choosing} "
        f"seeds{among}, a choice that no interval includes"
    )


def _untuned(evidence: Evidence, question: Question) -> list[str]:
    """Where one learning rate for both sides lies for each, and who was not done yet.

    What suits one side and not the other decides such comparisons.
    """
    result = evidence.judged
    sides = (question.higher, question.lower)
    if question.choices or any(len(side) != 1 for side in sides):
        return []
    (i,), (j,) = sides
    rates = [result.configs[k].get("learning_rate") for k in (i, j)]
    if i == j or rates[0] is None or rates[0] != rates[1]:
        return []
    parts: list[str] = []
    known = zip((i, j), question.sides, strict=True)
    against = [
        f"{rate / best:.3g} times the best of {words}"
        for k, words in known
        for rate, best in [evidence.best_rates.get(k, (math.nan, math.nan))]
        if best > 0
    ]
    if against:
        parts.append(f"a learning rate {' and '.join(against)}")
    seeds = evidence.seeds_of((i, j))
    n_open = [(result.status[k, seeds] == RunStatus.UNCONVERGED).sum() for k in (i, j)]
    if any(n_open):
        first, second = map(int, n_open)
        parts.append(
            f"{first} and {second} of {int(seeds.sum())} runs still improving at the "
            "end"
        )
    return parts


def _drawn(result: StudyResult) -> list[str]:
    """How many training examples a study keeps that does not train on all."""
    if result.study.data.train is None:
        return []
    return [f"{result.data.n_train:,} training examples"]


def _averaged(evidence: Evidence, question: Question) -> list[str]:
    """What the sides are a mean over: values that vary and pair by pair are equal."""
    configs = evidence.judged.configs
    higher = [configs[i] for i in question.higher]
    lower = [configs[i] for i in question.lower]
    parts = []
    for name in higher[0] if len(higher) == len(lower) > 1 else ():
        values = dict.fromkeys(config.get(name) for config in higher)
        is_equal = all(
            a.get(name) == b.get(name) for a, b in zip(higher, lower, strict=True)
        )
        if is_equal and len(values) > 1:
            listed = ", ".join(map(show_value, values))
            parts.append(f"averaged over {name} in {{{listed}}}")
    return parts


def budget_words(result: StudyResult, budget: str) -> str:
    """Say what each run may spend."""
    epochs = count(result.study.budget.epochs, "epoch")
    return _BUDGETS.get(budget, epochs).format(epochs=epochs)


def _spent(result: StudyResult, question: Question) -> str:
    """The budget, or how much of it was spent when the sides were compared."""
    budget = budget_words(result, question.budget)
    return (
        budget if question.epochs is None else f"after {question.epochs:g} of {budget}"
    )


def _streams(evidence: Evidence, configs: tuple[int, ...]) -> str:
    """What a run's seed draws."""
    result = evidence.judged
    has_dropout = any(
        result.study.settings(result.configs[i]).model.get("dropout") for i in configs
    )
    if result.study.is_imported:
        return "what the tool that trained them drew"
    if has_dropout:
        return "initial weights, the order of examples and the masks of dropout"
    return "initial weights and the order of examples"


def _settings(evidence: Evidence, configs: tuple[int, ...]) -> list[str]:
    result = evidence.judged
    study = result.study
    chosen = [study.settings(result.configs[i]) for i in configs]
    names = {evidence.optimizer(result.configs[i]) for i in configs}
    model = _shared([settings.model for settings in chosen])
    optimizer = _shared([settings.optimizer for settings in chosen])
    schedule = optimizer.pop("schedule", None)
    named = "a model that another tool trained" if study.is_imported else ""
    parts = [_named(named or str(study.model.name), model)]
    parts.append(
        _named(
            optimizer_words(names.pop()) if len(names) == 1 else "optimizers", optimizer
        )
    )
    batch_sizes = {settings.batch_size for settings in chosen}
    # What another tool trained with may not be known: 0.
    if len(batch_sizes) == 1 and batch_sizes != {0}:
        parts.append(f"batch size {batch_sizes.pop()}")
    if schedule is not None:
        parts.append(f"{schedule} schedule")
    return parts


def _named(name: str, settings: Mapping[str, Value]) -> str:
    if not settings:
        return name
    values = ", ".join(f"{n} {show_value(v)}" for n, v in settings.items())
    return f"{name} ({values})"


def _shared(settings: list[Mapping[str, Value]]) -> dict[str, Value]:
    first, *others = settings
    return {
        name: value
        for name, value in first.items()
        if all(other.get(name) == value for other in others)
    }
