"""Trade-offs: a section of the report."""

from paribus.analysis.scores import n_examples
from paribus.analysis.tradeoffs import TradeOff, find_tradeoffs
from paribus.counts import count
from paribus.plots import draw_tradeoffs, to_specification
from paribus.report.document import Block, Figure, Panel, Paragraph, Table
from paribus.report.findings import Findings
from paribus.report.numbers import NONE, duration, join_labels, percent
from paribus.report.prose import sentence
from paribus.report.slices import words
from paribus.stats.intervals import MIN_BOOTSTRAP_SEEDS
from paribus.tasks import spoken


def arrange_tradeoffs(findings: Findings) -> list[Block]:
    """The front in words, as charts and as a table; empty without candidates."""
    found = find_tradeoffs(findings.result)
    shown = [t for t in found if t.config in findings.shown]
    if not shown:
        return []
    return [
        Paragraph(text=say_front(findings, shown)),
        figure_front(findings, shown),
        tabulate_front(findings, shown),
    ]


def say_front(findings: Findings, found: list[TradeOff]) -> str:
    """Say which configs nothing beats, and which are no candidates."""
    on_front = [findings.shown[t.config] for t in found if t.is_on_front]
    score = spoken(findings.result.study.task.score)
    what = (
        f"{score}, seconds and stability"
        if found[0].seconds
        else f"{score} and stability"
    )
    n = len(on_front)
    names = join_labels(on_front) if n <= 4 else count(n, "config")
    text = f"No other config beats {names} on {what} together."
    left_out = findings.n_configs - len(found)
    if left_out:
        text += (
            f" {count(left_out, 'config')} with runs that did not learn "
            f"{'is' if left_out == 1 else 'are'} left out: they pay in failures."
        )
    return text


def figure_front(findings: Findings, found: list[TradeOff]) -> Figure:
    """Accuracy against seconds where timed, and against upward variation."""
    costs = {
        "upward variation of the loss (share of its fall), among learners": [
            max(t.variation, 1e-4) for t in found
        ]
    }
    if all(t.seconds is not None for t in found):
        costs["seconds of one run alone"] = [t.seconds or 0.0 for t in found]
    labels = [findings.shown[t.config] for t in found]
    score = words(findings.result.score_metric)
    panels = tuple(
        Panel(
            title=f"{sentence(score)} against {cost.split(' (')[0]}",
            description="; ".join(
                f"{label}: {percent(t.score)} at {value:.3g}"
                for label, t, value in zip(labels, found, values, strict=True)
            )
            + ".",
            specification=to_specification(
                draw_tradeoffs(
                    found,
                    values,
                    labels=labels,
                    cost=cost,
                    score=score,
                    n_examples=n_examples(
                        findings.result, findings.result.score_metric
                    ),
                ),
                description=f"{score} against {cost}",
            ),
        )
        for cost, values in costs.items()
    )
    return Figure(
        name="front",
        caption="What configs gain and pay, means over seeds. Diamonds are on the "
        "Pareto front of all objectives together; circles are beaten by some config.",
        panels=panels,
    )


def tabulate_front(findings: Findings, found: list[TradeOff]) -> Table:
    """Each candidate's numbers and how surely it is on the front."""
    n = len(findings.result.study.seeds)
    few = (
        f" With {n} seeds read it as an order, not as a probability."
        if n < MIN_BOOTSTRAP_SEEDS
        else ""
    )
    return Table(
        caption="Configs that learned with every seed",
        columns=(
            "config",
            words(findings.result.score_metric),
            "seconds of a run",
            "TUV, among learners",
            "on the front",
            "in resamples",
        ),
        rows=tuple(
            (
                findings.shown[t.config],
                percent(t.score),
                NONE if t.seconds is None else duration(t.seconds),
                f"{t.variation:.3f}",
                "yes" if t.is_on_front else "no",
                percent(t.probability, 0),
            )
            for t in found
        ),
        note="TUV is how much of its way down the training loss climbed again. The "
        "last column is the share of resamples of the seeds in which a config is on "
        f"the front.{few}",
    )
