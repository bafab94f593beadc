"""How a study was made: what a reader needs to repeat it."""

from paribus.claims import claims_digest
from paribus.counts import count
from paribus.looks import look_sizes
from paribus.report.document import Table
from paribus.report.halving import say_rungs
from paribus.report.numbers import duration
from paribus.report.prose import count_untuned, say_model, say_optimizer, say_schedule
from paribus.results import Attempt, StudyResult
from paribus.space import value_words
from paribus.study import Study


_MAX_SEEDS = 20
_MAX_VALUES = 12
_MAX_UPRIGHT = 3


def tabulate_making(result: StudyResult) -> Table:
    """List the study's settings and its data, a row each."""
    study, data = result.study, result.data
    rows = [
        ("study", study.name),
        ("model", say_model(result)),
        ("optimizer", f"{say_optimizer(result)}, {say_schedule(study)}"),
        ("budget", count(study.budget.epochs, "epoch")),
        ("evaluations", f"{len(result.epochs)}, at epochs {_epochs(result)}"),
        *(
            (f"values of {name.replace('_', ' ')}", _values(result, name))
            for name in study.space.hyperparameters()
        ),
        ("configs", f"{len(study.configs())}{_how_trained(study)}"),
        ("seeds", _seeds(study.seeds)),
        *_tuning_seeds(study),
        *([("planned looks", _looks(study))] if study.looks > 1 else []),
        *(
            [("seeds added after looking", _seeds(study.late_seeds))]
            if study.late_seeds
            else []
        ),
        ("varied by seed", f"{_streams(study)}; all else equal"),
        ("data", data.name),
        ("credit and licence", data.source),
        (
            "splits",
            f"{data.n_train:,} training, {data.n_validation:,} validation, "
            f"{data.n_test:,} test",
        ),
        ("predicted", _predicted(result)),
        ("SHA-256 of the data", data.content_hash),
        ("SHA-256 of the claims declared before the first run", _claims(result)),
        ("time", _time(result)),
        *([] if study.is_imported else [("the same numbers again", _repeats(result))]),
    ]
    return Table(
        caption="The study, its data and its settings",
        columns=("what", "value"),
        rows=tuple(rows),
        is_facts=True,
    )


def _predicted(result: StudyResult) -> str:
    """What is predicted, and by which loss where it is not the usual one."""
    task = result.study.task
    what = f"{result.data.n_classes} classes" if task.is_classification else "a number"
    if task.is_plain:
        return what
    loss = task.loss_name.replace("_", " ")
    return f"{what}{', standardised' * task.standardise}, by the {loss}"


def tabulate_attempts(result: StudyResult) -> Table | None:
    """List the calls that trained the runs, with versions and machine."""
    if not result.attempts:
        return None
    names = dict.fromkeys(n for a in result.attempts for n in a.environment)
    has_others = any(a.other_orders or a.other_weights for a in result.attempts)
    others = ["seeds with another start"] * has_others
    columns = ("call", "started (UTC)", "runs", "time", *names, *others)
    rows = tuple(
        (
            str(attempt.number),
            attempt.started,
            f"{attempt.n_runs:,}",
            duration(attempt.seconds),
            *(attempt.environment.get(name, "–") for name in names),
            *([_other_starts(attempt)] * has_others),
        )
        for attempt in result.attempts
    )
    if len(rows) <= _MAX_UPRIGHT:  # many facts about few calls: a row for each fact
        columns, *facts = zip(columns, *rows, strict=True)
        rows = tuple(facts)
    return Table(
        caption="Every call that trained some of the runs",
        columns=columns,
        rows=rows,
        note="Times are from the start of a call to its last committed run, "
        "compilation included.",
        is_facts=len(columns) == 2,
    )


def _other_starts(attempt: Attempt) -> str:
    """The seeds that a call began otherwise than those before it."""
    seeds = tuple(sorted({*attempt.other_orders, *attempt.other_weights}))
    return _seeds(seeds) if seeds else "–"


def _repeats(result: StudyResult) -> str:
    """What is promised of a repetition, and what interruptions have shown of it."""
    promised = (
        "bit for bit, however runs are grouped, in the same environment (exact = true)"
        if result.study.exact
        else "bit for bit in blocks of the same shape and the same environment, else "
        "to rounding"
    )
    found = result.replays
    if not found.n_values:
        return promised
    twice = count(found.n_values, "value")
    if not found.n_different:
        return f"{promised}; {twice} computed again after interruptions had equal bits"
    return (
        f"{promised}; of {twice} computed again after interruptions "
        f"{found.n_different:,} had other bits, by {found.largest:.1e} relative at most"
    )


def _streams(study: Study) -> str:
    if study.has_dropout():
        return "initialisation, data order and the masks of dropout"
    return "initialisation and data order"


def _epochs(result: StudyResult) -> str:
    shown = [f"{epoch:g}" for epoch in result.epochs]
    if len(shown) > _MAX_VALUES:
        shown = [*shown[:4], "…", *shown[-2:]]
    return ", ".join(shown)


def _values(result: StudyResult, name: str) -> str:
    values = dict.fromkeys(
        value_words(name, config[name]) for config in result.configs if name in config
    )
    shown = list(values)
    if len(shown) > _MAX_VALUES:
        shown = [*shown[: _MAX_VALUES - 2], "…", shown[-1]]
    return ", ".join(shown)


def _seeds(seeds: tuple[int, ...]) -> str:
    is_range = seeds == tuple(range(seeds[0], seeds[0] + len(seeds)))
    if is_range and len(seeds) > 2:
        return f"{len(seeds)}: {seeds[0]} to {seeds[-1]}"
    more = ", …" if len(seeds) > _MAX_SEEDS else ""
    return f"{len(seeds)}: {', '.join(map(str, seeds[:_MAX_SEEDS]))}{more}"


def _how_trained(study: Study) -> str:
    if study.is_imported:
        return ""
    if study.tuning is None:
        return ", each trained with every seed"
    n_copies = count_untuned(study)
    copies = f"; the {n_copies} that are not tuned, with the seeds" if n_copies else ""
    each = "those that are tuned" if n_copies else "each"
    if study.tuning.compare == "all":
        return f", {each} trained with the seeds and with those that choose{copies}"
    return (
        f", {each} trained with the seeds that choose; what they chose, with the others"
        f"{copies}"
    )


def _tuning_seeds(study: Study) -> list[tuple[str, str]]:
    """The seeds that choose values and set targets, in a study that tunes."""
    if study.tuning is None:
        return []
    n = study.tuning.n_choosing
    targets = study.tuning.seeds[n:]
    rows = [(f"seeds that choose the {_tuned(study)}", _seeds(study.tuning.seeds[:n]))]
    if targets:
        rows.append(("more seeds of the best, to set targets", _seeds(targets)))
    if study.halving is not None:
        rungs = say_rungs(study.halving.rungs(study.budget.epochs))
        kept = f"one in {study.halving.factor}, rounded up"
        rows.append(("values compared early", f"after {rungs}, {kept}, goes on"))
    return rows


def _tuned(study: Study) -> str:
    assert study.tuning is not None
    return study.tuning.hyperparameter.replace("_", " ")


def _looks(study: Study) -> str:
    taken = min(study.n_looks, study.looks)
    if study.planned_seeds:
        sizes = ", ".join(map(str, look_sizes(len(study.planned_seeds), study.looks)))
        return (
            f"{study.looks}, at {sizes} seeds until the claims are decided, {taken} of "
            "them taken; the error rate is spent as by O'Brien and Fleming, little at "
            "first"
        )
    return f"{study.looks}, {taken} of them taken; the error rate is shared among all"


def _claims(result: StudyResult) -> str:
    declared = [claim for claim in result.study.claims if not claim.is_late]
    return claims_digest(result.study) if declared else "none was declared"


def _time(result: StudyResult) -> str:
    if not result.attempts:
        return "not recorded"
    total = sum(attempt.seconds for attempt in result.attempts)
    calls = count(len(result.attempts), "call")
    return f"{duration(total)} in {calls}, compilation included"
