"""Values isolated from nuisance, and where training fails: sections of the report."""

import itertools
from collections.abc import Sequence

from paribus.analysis.failures import ConfigFailures, map_failures
from paribus.analysis.isolation import Isolation, isolate
from paribus.analysis.scores import n_examples
from paribus.counts import count
from paribus.plots import draw_failures, draw_isolation, to_specification
from paribus.plots.failures import STEADIEST, cell_text
from paribus.report.document import Block, Figure, Panel, Paragraph
from paribus.report.figures import figure_heatmap
from paribus.report.findings import Findings
from paribus.report.numbers import join, percent
from paribus.report.prose import sentence
from paribus.report.slices import covering_slices, label_values, varying, words
from paribus.space import Config


MAX_PANELS = 8

# The configs of a map, its name, and the hyperparameters across and up.
_Map = tuple[str, list[int], str, str | None]


def arrange_grid(findings: Findings) -> list[Block]:
    """The heat map of a full grid; of other studies what they lack without one."""
    study = findings.result.study
    names = varying(study)
    if len(names) < 2 or findings.is_notebook:  # its tasks say what is compared
        return []
    if study.space.is_full_grid():
        return [figure for figure in [figure_heatmap(findings)] if figure is not None]
    head = (
        f"The {len(study.configs())} configs are not every value of "
        f"{join([words(name) for name in names])} with every value of the others, so "
    )
    if study.tuning is not None and findings.variance:
        tuned = words(study.tuning.hyperparameter)
        return [
            Paragraph(
                text=f"{head}there is no heat map. Below, the others are compared "
                f"with each config at the {tuned} that was chosen for it."
            )
        ]
    lacking = ["no heat map", "no shares of variance"]
    if study.tuning is None:
        lacking.append("no comparison of each value at the best of the others")
    text = (
        f"{head}there is {join(lacking)}. Configs are compared one with another, and "
        "values only where two configs are equal in everything else."
    )
    return [Paragraph(text=text)]


def arrange_isolation(findings: Findings) -> list[Block]:
    """A panel for each hyperparameter; empty where nothing is tuned away."""
    found = isolate(findings.result, metric=findings.metric)
    if not found:
        return []
    shown = _from_each(found)[:MAX_PANELS]
    text = _say_isolation(found)
    if len(found) > len(shown):
        text += f" {len(shown)} of {len(found)} such comparisons are shown."
    return [Paragraph(text=text), _figure_isolation(findings, shown)]


def _from_each(found: Sequence[Isolation]) -> list[Isolation]:
    """The first of each hyperparameter, the second of each, and so on."""
    by_name: dict[str, list[Isolation]] = {}
    for one in found:
        by_name.setdefault(one.hyperparameter, []).append(one)
    turns = itertools.zip_longest(*by_name.values())
    return [one for turn in turns for one in turn if one is not None]


def arrange_failures(findings: Findings) -> list[Block]:
    """How many runs failed where, and how steadily the others went."""
    failures = map_failures(findings.result)
    maps = _maps(findings)[: MAX_PANELS // 2]
    if not maps or not any(one.n_runs for one in failures):
        return []
    return [
        Paragraph(text=_say_failures(failures) + _say_counted(findings)),
        _figure_failures(maps, failures),
    ]


def _say_isolation(found: Sequence[Isolation]) -> str:
    nuisance = join([words(name) for name in found[0].nuisance])
    if found[0].is_independent:
        return (
            f"Each value stands at the {nuisance} that suits it best, chosen by seeds "
            "that are not shown. Compare values by these, not at one shared setting. "
            "Means are over all runs: where some ended badly they describe no kind."
        )
    return (
        "Each value stands at the best of the other hyperparameters. The same runs "
        "chose it, so all of these look a little better than they are."
    )


def _figure_isolation(findings: Findings, found: Sequence[Isolation]) -> Figure:
    score = words(findings.metric)
    panels = []
    for one in found:
        gist = "; ".join(
            f"{label_values({one.hyperparameter: v.value})}, at "
            f"{label_values(v.chosen)}: {percent(v.mean)}"
            + (
                ""
                if v.lower is None or v.upper is None
                else f" [{100 * v.lower:.2f}, {100 * v.upper:.2f}]"
            )
            + _say_bad(findings, v.config)
            for v in one.values
        )
        names = varying(findings.result.study)
        rest = {n: v for n, v in one.others.items() if n in names}
        title = words(one.hyperparameter).capitalize()
        panels.append(
            Panel(
                title=", ".join(filter(None, (title, label_values(rest)))),
                description=f"{score.capitalize()}. {gist}.",
                specification=to_specification(
                    draw_isolation(
                        one,
                        score=score,
                        n_examples=n_examples(findings.result, findings.metric),
                    ),
                    description=f"{score} by {words(one.hyperparameter)}",
                ),
            )
        )
    return Figure(
        name="isolation",
        caption="Each value at the best of what was tuned for it, which stands at the "
        "right. Dots are runs, diamonds their means with 95% intervals.",
        panels=tuple(panels),
    )


def _say_bad(findings: Findings, config: int) -> str:
    """How many runs a mean is also over that ended badly."""
    summary = findings.summaries[config]
    if not summary.n_bad:
        return ""
    return f", {summary.n_bad} of {summary.n_seeds} runs ended badly"


def _say_failures(failures: Sequence[ConfigFailures]) -> str:
    n_runs = sum(one.n_runs for one in failures)
    n_bad = sum(one.n_bad for one in failures)
    worst = [one for one in failures if one.n_runs and 2 * one.n_bad >= one.n_runs]
    text = f"{n_bad:,} of {count(n_runs, 'run')} ended badly"
    if worst:
        text += f"; {count(len(worst), 'config')} lost half of its runs or more"
        text = text.replace("configs lost half of its", "configs lost half of their")
    return (
        f"{text}. Steadiness is measured among learners only: a dead network is "
        "perfectly steady."
    )


def _say_counted(findings: Findings) -> str:
    """Say why a config may have more runs here than seeds it is compared on."""
    if findings.result.study.tuning is None:
        return ""
    return (
        " All runs count here, those of the seeds that chose too, so a config can have "
        "more of them than elsewhere."
        + (
            " Those that were stopped early count only where others of their config "
            "ended badly, as runs that had not by then."
            if findings.result.study.halving
            else ""
        )
    )


def _say_steadiest(failures: Sequence[ConfigFailures]) -> str:
    if not any(one.is_steadiest for one in failures):
        return ""
    return (
        f"{STEADIEST} marks the steadiest of the configs without such a run, and its "
        "ties. "
    )


def _place(config: Config, x: str, y: str | None) -> str:
    return label_values({n: value for n, value in config.items() if n in (x, y)})


def _figure_failures(
    maps: Sequence[_Map], failures: Sequence[ConfigFailures]
) -> Figure:
    titles = {"failures": "runs that ended badly", "variation": "upward variation"}
    panels = []
    for title, indices, x, y in maps:
        chosen = [failures[i] for i in indices]
        for what in ("failures", "variation"):
            gist = "; ".join(
                f"{_place(one.config, x, y)}: "
                + cell_text(one, what)
                .replace("\n", " ")
                .replace(STEADIEST, "the steadiest,")
                for one in chosen
            )
            name = sentence(titles[what])
            panels.append(
                Panel(
                    title=", ".join(filter(None, (name, title))),
                    description=f"{name}. {gist}.",
                    specification=to_specification(
                        draw_failures(chosen, what=what, x=x, y=y),
                        description=f"{name} by {words(x)}",
                    ),
                )
            )
    return Figure(
        name="failures",
        caption="How many of the runs of each config ended badly (diverged, collapsed, "
        "or with a training loss more than 1.25 times that of a linear model), and "
        "the median upward variation of "
        "the training loss (TUV, a share of its fall) among how many learners. "
        f"{_say_steadiest(failures)}Darker is worse.",
        panels=tuple(panels),
    )


def _maps(findings: Findings) -> list[_Map]:
    """Two hyperparameters at once where that shows every config; else lines."""
    study = findings.result.study
    names = varying(study)
    found = [
        maps
        for x, y in itertools.combinations(names, 2)
        if (maps := _maps_of(study.configs(), names, x, y)) is not None
    ]
    if found:
        return min(found, key=len)
    return [
        (label_values(part.fixed), list(part.configs), part.varied, None)
        for part in covering_slices(study)
    ]


def _maps_of(
    configs: Sequence[Config], names: Sequence[str], x: str, y: str
) -> list[_Map] | None:
    """A map for all values of the others; None if one of them has holes."""
    groups: dict[Config, list[int]] = {}
    for i, config in enumerate(configs):
        groups.setdefault(config.without(x, y), []).append(i)
    maps: list[_Map] = []
    for fixed, indices in groups.items():
        members = [configs[i] for i in indices]
        sizes = [len({config.get(name) for config in members}) for name in (x, y)]
        if min(sizes) < 2 or sizes[0] * sizes[1] != len(members):
            return None
        rest = {name: value for name, value in fixed.items() if name in names}
        maps.append((label_values(rest), indices, x, y))
    return maps
