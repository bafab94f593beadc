"""The configs beside the best, in words: tied with it, practically as good as it."""

import math
from collections.abc import Mapping, Sequence

from paribus.analysis.scores import is_accuracy, is_loss
from paribus.analysis.ties import MIN_SEEDS_TO_JUDGE, Ties
from paribus.counts import count
from paribus.report.findings import Findings
from paribus.report.numbers import (
    NONE,
    digits_for,
    join,
    join_labels,
    points,
    with_points,
)
from paribus.report.prose import sentence


MAX_NAMED_TIES = 4


def say_best(findings: Findings) -> str:
    """Say which configs may be the best, and which are shown to be practically as good.

    Empty where nothing is compared, or with too few seeds.
    """
    tied = findings.tied_with_best()
    if findings.n_configs < 2 or not tied:
        return ""
    practical = say_practically_tied(findings.ties, findings.shown, findings.metric)
    n_compared = findings.n_configs - len(findings.too_few())
    said = (say_tied(tied, n_compared), practical, say_too_few(findings))
    return " ".join(filter(None, said))


def say_tied(labels: Sequence[str], n_configs: int) -> str:
    """Say which configs the data allow to be the best of all that are compared."""
    if len(labels) == 1:
        return (
            f"The best of the {n_configs} configs is {labels[0]}: with 95% confidence "
            "no other is as good on average over seeds."
        )
    return (
        f"Tied with the best: {_name(labels)}. Of these {len(labels)} of {n_configs} "
        "configs none is shown to be worse."
    )


def say_too_few(findings: Findings) -> str:
    """Say which configs have too few seeds to be compared, beside others that have."""
    few = findings.too_few()
    if not few or len(few) == findings.n_configs:
        return ""
    ahead = [_with_seeds(findings, i) for i in findings.ahead() if i in findings.shown]
    verb = "has" if len(few) == 1 else "have"
    said = (
        f"{sentence(count(len(few), 'more config'))} {verb} fewer than "
        f"{MIN_SEEDS_TO_JUDGE} seeds so far, and may yet be better: not compared."
    )
    if not ahead:
        return said
    names, verb = sentence(_name(ahead)), "has" if len(ahead) == 1 else "have"
    return f"{said} {names} {verb} a {_better(findings.metric)} mean so far."


def _with_seeds(findings: Findings, index: int) -> str:
    n_seeds = count(findings.summaries[index].n_seeds, "seed")
    return f"{findings.shown[index]} ({n_seeds})"


def say_practically_tied(ties: Ties, labels: Mapping[int, str], metric: str) -> str:
    """Say which configs are shown to be practically as good as the best mean.

    And of those that are tied and not shown to be, that it is for want of seeds.

    Args:
        ties: What was found.
        labels: Config index -> its name, for the configs that are named.
        metric: What is compared.
    """
    if ties.best is None or ties.smallest_effect is None:
        return ""
    best = f"{labels[ties.best]} (the {_best_mean(metric)} over all runs)"
    shown = ties.is_practically_tied
    others = [i for i in labels if i != ties.best]
    as_good = [labels[i] for i in others if shown[i] and ties.is_tied[i]]
    worse = [labels[i] for i in others if shown[i] and ties.is_tied[i] is False]
    open_ = [i for i in others if ties.is_tied[i] and shown[i] is False]
    verb = "is higher by" if is_loss(metric) else "loses"
    matters = f"{verb} less than {_size(ties.smallest_effect, metric)}"
    limit = f"with 95% confidence {{}} {matters}, the smallest effect that matters."
    said = []
    if as_good:
        said.append(
            f"Shown to be practically as good as {best}: {_name(as_good)}; "
            + limit.format("each" if len(as_good) > 1 else "it")
        )
    if worse:
        said.append(
            f"Worse than {best}, but practically as good: {_name(worse)}; "
            + limit.format("each" if len(worse) > 1 else "it")
        )
    if open_:
        first = "Being tied is no proof of being as good"
        if as_good:
            first = "The others are tied for want of seeds"
        n_seeds = count(min(ties.n_pairs[i] for i in open_), "seed")
        said.append(
            f"{first}: with {n_seeds}, {_say_open(ties, open_, labels, metric)}; "
            f"{_size(ties.smallest_effect, metric)} would matter.{_say_seeds(ties)}"
        )
    return " ".join(said)


def write_limit(ties: Ties, config: int, metric: str) -> str:
    """Write what a config loses at most to the best mean: `"1.4 points"`."""
    upper = ties.regret_upper[config]
    if config == ties.best:
        return _best_mean(metric)
    if upper is None or ties.smallest_effect is None:
        return NONE
    size = _size(upper, metric, apart_from=ties.smallest_effect)
    return f"{size}: practically as good" if upper < ties.smallest_effect else size


def limit_heading(metric: str) -> str:
    """What a column of such limits is called."""
    return "higher by at most" if is_loss(metric) else "loses at most"


def limit_note(ties: Ties, metric: str) -> str:
    """Say how a column of such limits is read; empty where there is none."""
    if ties.smallest_effect is None:
        return ""
    return (
        f"{limit_heading(metric).capitalize()}: against the config with the "
        f"{_best_mean(metric)} over all runs, with 95% confidence for all configs "
        f"together. Below {_size(ties.smallest_effect, metric)}, the smallest effect "
        "that matters, a config is practically as good; a tie alone may only mean that "
        "seeds are few."
    )


def _say_open(
    ties: Ties, configs: Sequence[int], labels: Mapping[int, str], metric: str
) -> str:
    """What each of some configs may lose; of many, how much that may be."""
    assert ties.best is not None
    verb = "may be higher by" if is_loss(metric) else "may lose"
    limits = {i: ties.regret_upper[i] or 0.0 for i in configs}
    ranked = sorted(configs, key=lambda i: limits[i])
    sizes = [_size(limits[i], metric) for i in ranked]
    verbs = [f" {verb}", *[""] * (len(ranked) - 1)]
    named = zip((labels[i] for i in ranked), verbs, sizes, strict=True)
    said = join([f"{label}{verb} up to {size}" for label, verb, size in named])
    if len(ranked) > MAX_NAMED_TIES:
        said = f"{len(ranked)} of them {verb} up to {sizes[0]} to {sizes[-1]}"
    return (
        f"{said} against {labels[ties.best]} (the {_best_mean(metric)} over all runs)"
    )


def _say_seeds(ties: Ties) -> str:
    if ties.seeds_to_tell is None:
        return ""
    return (
        f" About {ties.seeds_to_tell:,} seeds would tell, if the true losses are near "
        "the observed ones."
    )


def _size(loss: float, metric: str, *, apart_from: float | None = None) -> str:
    """Write a loss: in points, in percent of a loss or an error, or as it is.

    Args:
        loss: A difference; of a loss or an error one of natural logarithms.
        metric: What is compared.
        apart_from: Another loss, from which it is told by more digits where needed.
    """
    if not is_accuracy(metric):
        return f"{100 * math.expm1(loss):.2g}%" if is_loss(metric) else f"{loss:.2g}"
    digits = digits_for(loss)
    while (
        digits < 4 and apart_from and points(loss, digits) == points(apart_from, digits)
    ):
        digits += 1
    return with_points(points(loss, digits).lstrip("+"))


def _best_mean(metric: str) -> str:
    return f"{'lowest' if is_loss(metric) else 'highest'} mean"


def _better(metric: str) -> str:
    return "lower" if is_loss(metric) else "higher"


def _name(labels: Sequence[str]) -> str:
    """Name some configs, and count the rest."""
    named = list(labels)
    if len(named) > MAX_NAMED_TIES:
        others = count(len(named) - MAX_NAMED_TIES, "other")
        named = [*named[:MAX_NAMED_TIES], others]
    return join_labels(named)
