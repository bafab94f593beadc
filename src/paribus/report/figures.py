"""The report's figures: a chart, how to read it, and its gist in words."""

import itertools
from collections.abc import Mapping

import numpy as np

from paribus.analysis.scores import is_accuracy
from paribus.counts import count
from paribus.hyperparameters import Value
from paribus.plots import (
    draw_curves,
    draw_differences,
    draw_heatmap,
    draw_named_best,
    draw_reversals,
    draw_runs,
    to_specification,
)
from paribus.plots.heatmap import TIED
from paribus.plots.runs import MAX_POINTS
from paribus.report.document import Figure, Panel
from paribus.report.findings import Findings
from paribus.report.notebook import TASKS
from paribus.report.numbers import estimate, percent, spread
from paribus.report.pairs import higher_first, pair_label
from paribus.report.prose import sentence
from paribus.report.prose_pairs import say_unit, write_difference
from paribus.report.slices import (
    Slice,
    covering_slices,
    label_values,
    varying,
    words,
)
from paribus.space import Config


MAX_ROWS = 12
MAX_PANELS = 12
MAX_LINES = 8


def figure_runs(findings: Findings) -> Figure:
    """Every run's accuracy by config, on the split that configs are compared on."""
    metric = findings.metric
    what = words(metric)
    published: dict[int, list[float]] = {}
    if findings.is_notebook:
        for task in TASKS:
            for config, accuracy in task.accuracies.items():
                index = findings.result.config_index(config)
                published.setdefault(index, []).append(accuracy)
    labels = _named(findings)
    chart = draw_runs(
        findings.judged,
        findings.summaries,
        metric=metric,
        labels=labels,
        published=published,
    )
    gist = "; ".join(
        f"{label}: {estimate(measured)}, runs from {spread(measured)}"
        for index, label in labels.items()
        for measured in [findings.summaries[index].metrics.get(metric)]
    )
    caption = (
        f"Every run's {what} at the end of the budget. Each dot is one run; the "
        "diamond and its line are the mean over seeds and its 95% interval."
    )
    if any(findings.summaries[i].metrics[metric].is_bimodal for i in labels):
        caption += (
            " Of a mixture of runs that learned and runs that ended badly, the grey "
            "diamond is the mean of those that learned."
        )
    if published:
        caption += " Triangles are the single runs that the notebook printed."
    if len(findings.judged.seeds) > MAX_POINTS:
        caption += f" Each config is shown by {MAX_POINTS} of its runs, evenly by rank."
    panel = Panel(
        title="",
        description=f"{sentence(what)} by config. {gist}.",
        specification=to_specification(
            chart, description=f"Every run's {what}, by config"
        ),
    )
    return Figure(name="runs", caption=caption, panels=(panel,))


def figure_curves(findings: Findings) -> Figure:
    """Training curves, a panel per group of configs and metric."""
    groups = _curve_groups(findings)
    drawn = ("train_loss", findings.metric)
    metrics = [metric for metric in drawn if metric in findings.result.metrics]
    everyone = sorted({index for _, labels in groups for index in labels})
    panels = [
        Panel(
            title=", ".join(filter(None, (sentence(words(metric)), title))),
            description=_curve_gist(findings, metric, labels),
            specification=to_specification(
                draw_curves(
                    findings.judged,
                    metric=metric,
                    labels=labels,
                    same_scale_as=everyone,
                ),
                description=f"{words(metric)} by epoch, {title}",
            ),
        )
        for title, labels in groups
        for metric in metrics
    ]
    return Figure(
        name="curves",
        caption="Training curves over epochs. The line is the median run, the dark "
        "band holds the middle half of the runs, the light band all of them. A run "
        "that diverged is drawn until it did. Train loss is measured on a fixed part "
        "of the training split.",
        panels=tuple(panels[:MAX_PANELS]),
    )


def figure_heatmap(findings: Findings) -> Figure | None:
    """A full grid of at least two hyperparameters; None for other studies."""
    study = findings.result.study
    names = varying(study)
    if len(names) < 2 or not study.space.is_full_grid():
        return None
    x, y, *others = names
    cases = [
        dict(zip(others, values, strict=True))
        for values in itertools.product(
            *({c[name]: None for c in study.configs()} for name in others)
        )
    ]
    panels = tuple(
        Panel(
            title=label_values(fixed),
            description=_grid_gist(findings, fixed),
            specification=to_specification(
                draw_heatmap(
                    findings.tried, metric=findings.metric, x=x, y=y, fixed=fixed
                ),
                description=f"{words(findings.metric)} by {words(x)} and {words(y)}",
            ),
        )
        for fixed in cases[:MAX_PANELS]
    )
    return Figure(
        name="grid",
        caption=f"Mean {words(findings.metric)} for {words(x)} and {words(y)}. "
        f"Darker is better.{_say_marks(findings)}{_say_tried(findings)}",
        panels=panels,
    )


def figure_differences(findings: Findings) -> Figure | None:
    """Paired differences; of many pairs, those with the config of the highest mean."""
    chosen = [c for c in findings.comparisons if c.difference is not None]
    if not chosen:
        return None
    if len(chosen) > MAX_ROWS:
        best = findings.result.configs[_leader(findings)]
        chosen = [c for c in chosen if best in (Config(c.a), Config(c.b))]
    oriented = [higher_first(c) for c in chosen]
    names = [pair_label(findings.result.study, c.a, c.b) for c in oriented]
    sizes = [write_difference(c) for c in oriented]
    remarks = [size for size, _ in sizes]
    split = f"a {findings.metric.split('_')[0]} split"
    gist = "; ".join(
        f"{name}: {size} {interval}"
        for name, (size, interval) in zip(names, sizes, strict=True)
    )
    return Figure(
        name="differences",
        caption="How much higher one config's mean is than another's, paired by seed, "
        "with simultaneous 95% intervals, among the seeds where both sides learned."
        + (_say_band(split) if is_accuracy(findings.metric) else ""),
        panels=(
            Panel(
                title="",
                description=f"{say_unit(findings.metric)}. {gist}.",
                specification=to_specification(
                    draw_differences(oriented, labels=names, remarks=remarks),
                    description="Paired differences between configs",
                ),
            ),
        ),
    )


def _say_band(split: str) -> str:
    return (
        " The grey band is the noise floor: what "
        f"{split} of finite size alone makes of such a difference between two runs, "
        "one standard deviation to each side."
    )


def figure_named_best(findings: Findings) -> Figure | None:
    """How probably a one-seed study names each config the best."""
    analysis = findings.one_seed
    if analysis is None or findings.n_configs < 2:
        return None
    labels = _named(findings)
    shares = [analysis.named_best[index] for index in labels]
    best = findings.result.config_index(analysis.best)
    gist = "; ".join(
        f"{label}: {percent(share, 0)}"
        for label, share in zip(labels.values(), shares, strict=True)
    )
    chart = draw_named_best(
        shares,
        labels=list(labels.values()),
        best=list(labels).index(best),
    )
    return Figure(
        name="named-best",
        caption="How often a study with one seed per config names each config the "
        f"best. The coloured bar is {labels[best]}, which has the best mean over "
        "all seeds.",
        panels=(
            Panel(
                title="",
                description=f"Share of one-seed studies. {gist}.",
                specification=to_specification(
                    chart, description="Probability of being named the best"
                ),
            ),
        ),
    )


def figure_reversals(findings: Findings) -> Figure | None:
    """The pairs whose order a one-seed study most often reverses."""
    analysis = findings.one_seed
    if analysis is None:
        return None
    means = {
        i: findings.summaries[i].metrics[findings.metric].ranking_mean
        for i in findings.shown
    }
    shares: dict[str, float] = {}
    for (i, j), share in sorted(analysis.reversals.items(), key=lambda item: -item[1]):
        mean_i, mean_j = means.get(i), means.get(j)
        if share > 0 and mean_i is not None and mean_j is not None:
            high, low = (i, j) if mean_i >= mean_j else (j, i)
            a, b = findings.result.configs[high], findings.result.configs[low]
            shares[pair_label(findings.result.study, a, b)] = share
    shares = dict(list(shares.items())[:MAX_ROWS])
    if not shares:
        return None
    gist = "; ".join(f"{name}: {percent(share, 0)}" for name, share in shares.items())
    return Figure(
        name="reversals",
        caption="How often a study with one seed per config sees two configs in the "
        "opposite order to the means over all seeds. Pairs that no one-seed study "
        "reverses are left out.",
        panels=(
            Panel(
                title="",
                description=f"Share of one-seed studies that reverse an order. {gist}.",
                specification=to_specification(
                    draw_reversals(shares), description="Reversed orders"
                ),
            ),
        ),
    )


def _named(findings: Findings) -> dict[int, str]:
    return {i: label or "the only config" for i, label in findings.shown.items()}


def _curve_groups(findings: Findings) -> list[tuple[str, Mapping[int, str]]]:
    """Configs that are drawn together: few slices that hold them all, then the rest."""
    configs = findings.result.configs
    groups: list[tuple[str, Mapping[int, str]]] = []
    for part in covering_slices(findings.result.study):
        kept = [index for index in part.configs if index in findings.shown][:MAX_LINES]
        if kept:
            labels = {
                i: label_values({part.varied: configs[i][part.varied]}) for i in kept
            }
            groups.append((_at(part), labels))
    in_group = {index for _, labels in groups for index in labels}
    rest = [(i, n) for i, n in _named(findings).items() if i not in in_group]
    groups += [
        ("", dict(rest[start : start + MAX_LINES]))
        for start in range(0, len(rest), MAX_LINES)
    ]
    return groups


def _at(part: Slice) -> str:
    return label_values(part.fixed)


def _curve_gist(findings: Findings, metric: str, labels: Mapping[int, str]) -> str:
    ends = []
    for index, label in labels.items():
        final = findings.judged.final(metric)[index]
        final = final[np.isfinite(final)]
        if len(final):
            middle = float(np.median(final))
            is_share = metric.endswith("accuracy")
            value = percent(middle) if is_share else f"{middle:.3g}"
            ends.append(f"{label} ends at a median of {value}")
        else:
            ends.append(f"{label} has no run that reached the end")
    return f"{sentence(words(metric))} by epoch. {'; '.join(ends)}."


def _say_marks(findings: Findings) -> str:
    """Say what the marks in the cells mean, of those that occur."""
    measured = [s.metrics.get(findings.metric) for s in findings.tried]
    text = ""
    if any(s.is_tied_with_best for s in findings.tried):
        text += f" {TIED} marks the configs that are tied with the best."
    if any(m is not None and m.is_bimodal for m in measured):
        text += (
            " Where some runs ended badly, the mean is among those that learned, and "
            "how many they are stands beside it."
        )
    if any(m is not None and m.has_no_learner for m in measured):
        text += " Where no run learned (0 of some), it is the mean of all."
    return text


def _say_tried(findings: Findings) -> str:
    tuning = findings.result.study.tuning
    if tuning is None:
        return ""
    return (
        f" These are the {count(tuning.n_choosing, 'seed')} that chose: the highest of "
        "them looks a little better than it is."
        + (" Values that were pruned have no final score." if tuning.halving else "")
    )


def _grid_gist(findings: Findings, fixed: Mapping[str, Value]) -> str:
    cells = [
        f"{label_values(s.config)}: {estimate(s.metrics.get(findings.metric))}"
        + (", tied with the best" if s.is_tied_with_best else "")
        for s in findings.tried
        if s.config.matches(fixed)
    ]
    return "; ".join(cells) + "."


def _leader(findings: Findings) -> int:
    return next(i for i in findings.by_mean() if i in findings.compared)
