"""Shares of variance and effects of values: a section of the report."""

import itertools
import math

from paribus.analysis.scores import is_accuracy
from paribus.analysis.variance import VarianceOfScores
from paribus.report.document import Block, Paragraph, Table
from paribus.report.findings import Findings
from paribus.report.numbers import NONE, join, percent, points
from paribus.report.prose import sentence
from paribus.report.slices import noun, words
from paribus.space import value_words
from paribus.stats.effects import VarianceShares
from paribus.stats.intervals import MIN_BOOTSTRAP_SEEDS
from paribus.stats.value_effects import ValueEffect


def arrange_variance(findings: Findings) -> list[Block]:
    """Shares of variance, three versions side by side, then effects of values.

    Empty for designs that are no full grid.
    """
    found = findings.variance
    if found is None:
        return []
    return [
        Paragraph(text=say_variance(found)),
        tabulate_variance(found),
        tabulate_effects(found),
    ]


def say_shares(found: VarianceOfScores) -> str:
    """Say which hyperparameter the scores vary with, where training worked."""
    is_part = found.versions.without_collapsed and found.kept != found.values
    where = "where training works" if is_part else "over all configs"
    if found.tuned is not None:
        where += f", each at the {words(found.tuned)} that was chosen for it"
    names = [noun(name) for name in found.names]
    n = len(names)
    shares = found.shares.shares
    main = [
        f"{percent(share, 0)} goes with the {name}"
        for share, name in zip(shares, names, strict=False)
    ]
    if n == 2:
        rest = [f"{percent(shares[2], 0)} with the two together"]
    else:
        pairs = float(shares[n : n + math.comb(n, 2)].sum())
        rest = [
            f"{percent(pairs, 0)} with pairs of them",
            f"{percent(shares[-2], 0)} with more of them together",
        ]
    return f"Of the variance of {words(found.metric)} {where}, {join([*main, *rest])}."


def say_variance(found: VarianceOfScores) -> str:
    """The same, with what the shares are about and which hyperparameters interact."""
    names = [words(name) for name in found.names]
    text = (
        f"{say_shares(found)} The shares are about the values that were tried: other "
        "values give other shares."
    )
    interacting = [f"{names[a]} and {names[b]}" for a, b in found.shares.interacting]
    if interacting:
        which = "The two" if len(names) == 2 else sentence("; ".join(interacting))
        text += (
            f" {which} interact, so neither has one effect of its own: below they are "
            "compared at each value of the other too."
        )
    return text


def tabulate_variance(found: VarianceOfScores) -> Table:
    """The three versions as rows of columns."""
    versions = {
        "all configs": found.versions.everything,
        "where training works": found.versions.without_collapsed,
        "scores clipped near guessing": found.versions.clipped,
    }
    kept = "; ".join(
        f"{words(name)} {', '.join(value_words(name, value) for value in values)}"
        for name, values in zip(found.names, found.kept, strict=True)
    )
    return Table(
        caption=f"Shares of the variance of {words(found.metric)} (omega squared)",
        columns=("source", *versions),
        rows=tuple(
            (term, *(_share(version, place) for version in versions.values()))
            for place, term in enumerate(_terms(found))
        ),
        note="Training works in the largest full part of the grid in which every "
        f"config lost fewer than half of its runs: {kept}. A value at which it fails "
        "takes nearly all the variance, so no single version is enough. Intervals "
        f"need {MIN_BOOTSTRAP_SEEDS} seeds. The rest to 100% is noise of single runs.",
    )


def tabulate_effects(found: VarianceOfScores) -> Table:
    """Each value against the best one of its hyperparameter."""
    is_share = is_accuracy(found.metric)

    def write(value: float) -> str:
        return percent(value) if is_share else f"{value:.3g}"

    def difference(effect: ValueEffect) -> str:
        c = effect.contrast
        size = points if is_share else "{:+.3g}".format
        bounds = f" [{size(c.lower)}, {size(c.upper)}]" if c.is_bounded else ""
        return f"{size(c.estimate)}{bounds}"

    def value(effect: ValueEffect, place: int) -> str:
        name = found.names[effect.hyperparameter]
        return value_words(name, found.worked[effect.hyperparameter][place])

    def at(effect: ValueEffect) -> str:
        if effect.at is None:
            return "all others"
        name, place = found.names[effect.at[0]], effect.at[1]
        return f"{words(name)} {value_words(name, found.worked[effect.at[0]][place])}"

    return Table(
        caption=f"What each value changes in {words(found.metric)}",
        columns=(
            "hyperparameter",
            "over",
            "value",
            "mean",
            "best value",
            "its mean",
            "difference",
        ),
        rows=tuple(
            (
                words(found.names[effect.hyperparameter]),
                at(effect),
                value(effect, effect.value),
                write(effect.means[0]),
                value(effect, effect.best),
                write(effect.means[1]),
                difference(effect),
            )
            for effect in found.effects
        ),
        note="Means over all values of the others, or at the one value that is named, "
        "where training works. Differences are paired by seed; their intervals hold "
        "together with 95%, whichever value turns out best."
        + (" In percentage points." if is_share else ""),
    )


def _terms(found: VarianceOfScores) -> tuple[str, ...]:
    names = tuple(map(words, found.names))
    if len(names) == 2:
        return (*names, "both together", "seed")
    pairs = [f"{a} with {b}" for a, b in itertools.combinations(names, 2)]
    return (*names, *pairs, "three or more together", "seed")


def _share(version: VarianceShares | None, place: int) -> str:
    if version is None:
        return NONE
    text = percent(float(version.shares[place]), 0)
    if version.lower is None or version.upper is None:
        return text
    lower, upper = 100 * version.lower[place], 100 * version.upper[place]
    return f"{text} [{lower:.0f}, {upper:.0f}]"
