"""Trade-offs and shares of variance: sections of the report."""

from paribus.analysis.scores import n_examples
from paribus.analysis.tradeoffs import TradeOff, find_tradeoffs
from paribus.analysis.variance import VarianceOfScores, divide_variance
from paribus.plots import draw_tradeoffs, to_specification
from paribus.report.document import Block, Figure, Panel, Paragraph, Table
from paribus.report.findings import Findings
from paribus.report.numbers import NONE, count, duration, join, join_labels, percent
from paribus.report.prose import sentence
from paribus.report.slices import words
from paribus.space import value_words
from paribus.stats.effects import VarianceShares
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


def arrange_variance(findings: Findings) -> list[Block]:
    """Shares of variance, three versions side by side; empty for other designs."""
    found = divide_variance(findings.result, metric=findings.result.score_metric)
    if found is None:
        return []
    return [Paragraph(text=say_variance(found)), tabulate_variance(found)]


def say_variance(found: VarianceOfScores) -> str:
    """Say which hyperparameter the scores vary with, where training worked."""
    version = found.versions.without_collapsed
    where = "where training works"
    if version is None or _is_everything(found):
        version, where = found.versions.everything, "over all configs"
    shares = dict(zip((*map(words, found.names),), version.shares[:2], strict=True))
    text = (
        f"Of the variance of {words(found.metric)} {where}, "
        + join(
            [f"{percent(share, 0)} goes with the {n}" for n, share in shares.items()]
        )
        + f", and {percent(version.shares[2], 0)} with the two together. The shares "
        "are about the values that were tried: other values give other shares."
    )
    if version.needs_simple_effects:
        text += " The two interact, so neither has one effect of its own."
    return text


def tabulate_variance(found: VarianceOfScores) -> Table:
    """The three versions as rows of columns."""
    versions = {
        "all configs": found.versions.everything,
        "where training works": found.versions.without_collapsed,
        "scores clipped near guessing": found.versions.clipped,
    }
    terms = (*map(words, found.names), "both together", "seed")
    kept = "; ".join(
        f"{words(name)} {', '.join(value_words(name, value) for value in values)}"
        for name, values in zip(found.names, found.kept, strict=True)
    )
    return Table(
        caption=f"Shares of the variance of {words(found.metric)} (omega squared)",
        columns=("source", *versions),
        rows=tuple(
            (term, *(_share(version, place) for version in versions.values()))
            for place, term in enumerate(terms)
        ),
        note="Training works in the largest full part of the grid in which every "
        f"config lost fewer than half of its runs: {kept}. A value at which it fails "
        "takes nearly all the variance, so no single version is enough. Intervals "
        f"need {MIN_BOOTSTRAP_SEEDS} seeds. The rest to 100% is noise of single runs.",
    )


def _is_everything(found: VarianceOfScores) -> bool:
    return tuple(map(len, found.kept)) == found.n_values


def _share(version: VarianceShares | None, place: int) -> str:
    if version is None:
        return NONE
    text = percent(float(version.shares[place]), 0)
    if version.lower is None or version.upper is None:
        return text
    lower, upper = 100 * version.lower[place], 100 * version.upper[place]
    return f"{text} [{lower:.0f}, {upper:.0f}]"
