"""Which values were stopped early: a section of the report."""

from collections.abc import Sequence

from paribus.analysis.halving import Ladder, Rung
from paribus.analysis.scores import is_accuracy
from paribus.analysis.stopped import StoppedEarly, ladders, stopped_early
from paribus.counts import count
from paribus.plots import draw_curves, to_specification
from paribus.report.document import Block, Figure, Panel, Paragraph, Table
from paribus.report.findings import Findings
from paribus.report.numbers import NONE, join, percent
from paribus.report.prose import sentence
from paribus.report.slices import label_values, varying, words
from paribus.space import Config, value_words


MAX_PANELS = 4
MAX_CURVES = 8


def arrange_halving(findings: Findings) -> list[Block]:
    """What was compared on the way, and what ended there; empty without halving."""
    result = findings.result
    climbed = [one for one in ladders(result) if one.rungs]
    stopped = stopped_early(result)
    if not climbed or stopped is None:
        return []
    return [
        Paragraph(text=_say_rule(findings, stopped)),
        _tabulate(findings, climbed),
        _figure(findings, climbed),
        Paragraph(text=say_untested(stopped)),
    ]


def _say_rule(findings: Findings, stopped: StoppedEarly) -> str:
    study = findings.result.study
    tuning, halving = study.tuning, study.halving
    assert tuning is not None
    assert halving is not None
    name, score = words(stopped.hyperparameter), words(findings.result.score_metric)
    saved = 1 - stopped.n_epochs / stopped.n_whole
    return (
        f"Successive halving: each {name} began with "
        f"{count(tuning.n_choosing, 'seed')} that choose. After "
        f"{say_rungs(halving.rungs(study.budget.epochs))} the mean {score} over these "
        f"seeds decided which one in {halving.factor}, rounded up, went on; ties went "
        "on too, and what had diverged in half of its runs did not; where no run was "
        "better than guessing yet, no value was stopped for its score. "
        f"{stopped.n_stopped} of {count(stopped.n_tried, 'value')} were stopped: the "
        f"choice took {stopped.n_epochs:,} instead of {stopped.n_whole:,} run-epochs, "
        f"{percent(saved, 0)} fewer. What went on did so from its own state, with "
        f"schedules of all {study.budget.epochs} epochs, as if it had never been "
        "compared."
    )


def say_untested(stopped: StoppedEarly) -> str:
    """Say what may be missed, and of which values nothing is said."""
    name = words(stopped.hyperparameter)
    return (
        f"A {name} that is slow at first and would have ended best is not found this "
        "way. Scores on the way have chosen, so the higher of them look a little "
        "better than they are; what was chosen in the end is compared by other seeds. "
        f"{_say_compared(stopped)}"
    )


def _say_compared(stopped: StoppedEarly) -> str:
    if stopped.compared == "all":
        return (
            "What was stopped has no final score by the seeds that choose; the others "
            "are trained to the end with every value, and compare all of them."
        )
    held = "" if stopped.compared == "none" else ", unless it is held already"
    return (
        f"What was stopped has no final score, and nothing is said of it{held}: to "
        f"compare such a {words(stopped.hyperparameter)} with the chosen one, name it "
        "in `tuning.held` and train into another folder."
    )


def say_rungs(rungs: Sequence[int]) -> str:
    """After how many epochs values are compared: `"1, 3 and 9 epochs"`."""
    unit = "epoch" if list(rungs) == [1] else "epochs"
    return f"{join([f'{rung:,}' for rung in rungs])} {unit}"


def _tabulate(findings: Findings, climbed: Sequence[Ladder]) -> Table:
    study = findings.result.study
    assert study.tuning is not None
    others = [n for n in varying(study) if n != study.tuning.hyperparameter]
    rows = [
        (
            *(_value(one.others, n) for n in others),
            f"{rung.epochs:,}",
            _list(findings, rung, rung.kept),
            _list(findings, rung, rung.stopped),
        )
        for one in climbed
        for rung in one.rungs
    ]
    name, score = words(study.tuning.hyperparameter), findings.result.score_metric
    return Table(
        caption=f"Each {name} with its mean {words(score)} where it was compared",
        columns=(*map(words, others), "after epochs", "went on", "stopped there"),
        rows=tuple(rows),
        n_labels=len(others) + 1,
    )


def _value(others: Config, name: str) -> str:
    return value_words(name, others[name]) if name in others else NONE


def _list(findings: Findings, rung: Rung, members: Sequence[int]) -> str:
    """Values with their scores, the best first."""
    study, configs = findings.result.study, findings.result.configs
    assert study.tuning is not None
    name, score = study.tuning.hyperparameter, findings.result.score_metric
    by_member = dict(zip(rung.members, rung.scores, strict=True))
    write = percent if is_accuracy(score) else "{:.4g}".format
    return (
        ", ".join(
            f"{value_words(name, configs[i][name])} ({write(by_member[i])})"
            for i in sorted(members, key=lambda i: -by_member[i])
        )
        or NONE
    )


def _figure(findings: Findings, climbed: Sequence[Ladder]) -> Figure:
    result = findings.result
    tuning = result.study.tuning
    assert tuning is not None
    seen = result.of_seeds(tuning.seeds[: tuning.n_choosing])
    metric = result.score_metric
    panels = []
    for one in climbed[:MAX_PANELS]:
        drawn = _drawn(one)
        labels = {
            i: label_values(result.configs[i], (tuning.hyperparameter,))
            for i in sorted(drawn, key=one.rungs[0].members.index)
        }
        title = label_values(one.others, varying(result.study))
        ends = "; ".join(
            f"{labels[i]}: stopped after {count(rung.epochs, 'epoch')}"
            for rung in one.rungs
            for i in rung.stopped
            if i in labels
        )
        panels.append(
            Panel(
                title=title,
                description=f"{sentence(words(metric))} by epoch. {ends}.",
                specification=to_specification(
                    draw_curves(seen, metric=metric, labels=labels),
                    description=f"{words(metric)} by epoch, {title}",
                ),
            )
        )
    return Figure(
        name="halving",
        caption="Training curves of the seeds that choose. A curve ends where its "
        "value was stopped. The line is the median run, the dark band holds the middle "
        "half of the runs, the light band all of them.",
        panels=tuple(panels),
    )


def _drawn(ladder: Ladder) -> list[int]:
    """The configs that came farthest, at most as many as there are colours."""
    farthest = [*ladder.alive]
    for rung in reversed(ladder.rungs):
        by_member = dict(zip(rung.members, rung.scores, strict=True))
        farthest += sorted(rung.stopped, key=lambda i: -by_member[i])
    return farthest[:MAX_CURVES]
