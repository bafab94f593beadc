"""Reasons for caution as sentences."""

from collections.abc import Mapping, Sequence

from paribus.analysis.cautions import (
    LARGEST_EFFECT,
    Caution,
    EdgeOfGrid,
    EndedEarly,
    FewSeeds,
    LateClaims,
    MissingRuns,
    NothingLearned,
    Unconverged,
)
from paribus.analysis.ends import BestAtEnd
from paribus.analysis.solo_times import NoisyTiming
from paribus.analysis.starts import WHY_BROKEN, BrokenStarts, OtherStarts
from paribus.analysis.stopped import StoppedEarly
from paribus.counts import count
from paribus.in_python import as_python
from paribus.report.numbers import join, percent
from paribus.report.prose import sentence
from paribus.report.slices import label_values, varying, words
from paribus.results.timings import MAX_TIMING_VARIATION, N_ROUNDS
from paribus.space import place_words, show_value
from paribus.study import Study


MAX_NAMED = 3


def say_caution(caution: Caution, study: Study, labels: Mapping[int, str]) -> str:
    """Say what is wrong, with its numbers, and what would mend it.

    Args:
        caution: The reason.
        study: Whose.
        labels: Config index -> its name.
    """
    match caution:
        case EdgeOfGrid():
            return _say_edge(caution, varying(study))
        case Unconverged() | BrokenStarts():
            return _say_of_configs(caution, labels)
        case FewSeeds() | OtherStarts():
            return _say_of_seeds(caution)
        case NoisyTiming():
            return _say_noisy_timing(caution, study)
        case MissingRuns() | StoppedEarly() if study.is_made_in_python:
            return as_python(_say_plain(caution))
        case _:
            return _say_plain(caution)


def say_gist(cautions: Sequence[Caution]) -> str:
    """Say in one line which reasons for caution there are."""
    kinds = dict.fromkeys(_GISTS[type(caution)] for caution in cautions)
    return f"{sentence(count(len(cautions), 'caution'))}: {'; '.join(kinds)}."


_GISTS: Mapping[type[Caution], str] = {
    MissingRuns: "runs missing",
    NothingLearned: "nothing learned",
    BrokenStarts: "runs that are no number from their first step on",
    OtherStarts: "runs of a seed that began otherwise",
    EdgeOfGrid: "a best value at the edge of its grid",
    BestAtEnd: "a best value that is the first or last tried",
    Unconverged: "runs still improving at the end",
    FewSeeds: "few seeds",
    NoisyTiming: "noisy timings",
    LateClaims: "claims declared late",
    EndedEarly: "ended early, as planned",
    StoppedEarly: "values stopped early",
}


def _say_plain(
    caution: MissingRuns
    | NothingLearned
    | BestAtEnd
    | LateClaims
    | EndedEarly
    | StoppedEarly,
) -> str:
    """Those that need neither the study nor its labels."""
    match caution:
        case MissingRuns():
            return _say_missing(caution)
        case NothingLearned():
            n_runs = count(caution.n_runs, "finished run")
            return (
                f"Of {n_runs} none learned: differences between configs say how they "
                "fail, not which is better."
            )
        case BestAtEnd():
            beyond = "lower" if caution.side == "lowest" else "higher"
            return (
                f"Of the {caution.n_values} values of {words(caution.hyperparameter)} "
                f"that were tried the {caution.side}, {show_value(caution.value)}, has "
                f"the best mean: no {beyond} one was tried, and it may be better still."
            )
        case LateClaims():
            n = count(len(caution.texts), "claim")
            verb = "was" if len(caution.texts) == 1 else "were"
            return (
                f"{n} {verb} declared or changed after the first run: "
                f"{_some([f'“{text}”' for text in caution.texts])}. What was seen may "
                "have shaped what is claimed."
            )
        case StoppedEarly():
            return _say_stopped(caution)
        case EndedEarly():
            return (
                f"Seeds were added until no claim needed more: at {caution.n_seeds} "
                f"of at most {caution.n_planned} seeds, look {caution.look}, as the "
                "plan was before the first run. Intervals pay for the looks; estimates "
                "of what ended a study early lie on average farther from 0 than the "
                "truth."
            )


def _say_stopped(caution: StoppedEarly) -> str:
    name = words(caution.hyperparameter)
    text = (
        f"Of {count(caution.n_tried, 'value')} of the {name} {caution.n_stopped} were "
        f"stopped after {join([f'{epoch:,}' for epoch in caution.epochs])} epochs, "
        "having fallen behind: one that is slow at first and would have ended best is "
        f"not found{_AND_NOTHING[caution.compared]}."
    )
    if not caution.n_too_early:
        return text
    return (
        f"{text} {caution.n_too_early} of these were stopped in a warm-up of the "
        "learning rate or before any value had learned, which tells little of where "
        "they would have ended: what was chosen may be far from the best. A larger "
        "`min_epochs`, with another --out, would compare them later."
    )


_AND_NOTHING = {
    "none": ", and nothing is said of how the stopped ones end",
    "held": ", and of the stopped ones nothing is said but of those that are held",
    "all": ", though every value is compared by other seeds",
}


def _say_missing(caution: MissingRuns) -> str:
    n_runs = count(caution.n_runs, "run")
    parts = []
    if caution.n_missing:
        parts.append(
            f"{caution.n_missing:,} of {n_runs} have no outcome yet. Every number is "
            "about the runs that have; the same `paribus run` trains the rest."
        )
    if caution.n_failed:
        parts.append(
            f"{caution.n_failed:,} of {n_runs} raised an error and are in no number."
        )
    return " ".join(parts)


def _say_other_starts(caution: OtherStarts) -> str:
    what = [
        f"{kind} of {'seed' if len(seeds) == 1 else 'seeds'} {_few(seeds)}"
        for kind, seeds in (
            ("the first data order", caution.orders),
            ("the first weights", caution.weights),
        )
        if seeds
    ]
    calls = "Call" if len(caution.calls) == 1 else "Calls"
    numbers = join(list(map(str, caution.calls)))
    return (
        f"{calls} {numbers} of this study found {join(what)} to be others than in the "
        "calls before. Runs of one seed that different calls trained do not begin "
        "alike: their configs differ by more than hyperparameters, and the earlier "
        "numbers would not be had again."
    )


def _few(seeds: Sequence[int]) -> str:
    more = len(seeds) - MAX_NAMED
    named = list(map(str, seeds if more <= 0 else seeds[:MAX_NAMED]))
    return join(named if more <= 0 else [*named, f"{more} more"])


def _say_edge(caution: EdgeOfGrid, varied: Sequence[str]) -> str:
    name = words(caution.hyperparameter)
    told = [{n: v for n, v in o.items() if n in varied} for o in caution.others]
    places = [place_words(others) for others in told if others]
    # All hyperparameters that vary elsewhere: only where they tell places apart.
    is_everywhere = len(caution.others) == caution.n_places
    where = "" if is_everywhere or not places else f" {_some(places)}"
    beyond = "lower" if caution.side == "lowest" else "higher"
    return (
        f"The best {name}{where} is {show_value(caution.value)}, the {caution.side} "
        f"that was tried: a {beyond} one may be better still. Adding "
        f"{show_value(caution.to_add)} would tell."
    )


def _say_of_configs(
    caution: Unconverged | BrokenStarts, labels: Mapping[int, str]
) -> str:
    named = [labels[index] for index in caution.configs if labels.get(index)]
    if isinstance(caution, Unconverged):
        return _say_unconverged(caution, named)
    return _say_broken(caution, named)


def _say_unconverged(caution: Unconverged, named: list[str]) -> str:
    n = len(caution.configs)
    which = f" ({_some(named)})" if named and n < caution.n_configs else ""
    best = ", the best one among them," if caution.has_best and n > 1 else ""
    return (
        f"{n} of {count(caution.n_configs, 'config')}{which}{best} had more than a "
        "fifth of the runs still improving when the budget was spent: their final "
        "numbers are about this budget, not about where training leads."
    )


def _say_broken(caution: BrokenStarts, named: list[str]) -> str:
    where = f" ({_some(named)})" if named else ""
    return (
        f"{caution.n_broken:,} of {count(caution.n_runs, 'finished run')}{where} "
        f"diverged at the first step: {WHY_BROKEN}. A rate that is too high takes more "
        "than one step, so look at the model, the data, and what these configs share."
    )


def _say_of_seeds(caution: FewSeeds | OtherStarts) -> str:
    if isinstance(caution, FewSeeds):
        return _say_few_seeds(caution)
    return _say_other_starts(caution)


def _say_few_seeds(caution: FewSeeds) -> str:
    n = count(caution.n_seeds, "seed")
    if caution.is_below_minimum:
        return (
            f"{sentence(n)} a config: values are shown, but no verdict rests on them."
        )
    one = "a single comparison"
    if caution.n_intervals > 1:
        one = (
            f"a comparison whose interval is one of {caution.n_intervals:,} that share "
            "the error rate"
        )
    start = f"{sentence(n)} a config show large effects only: {one}"
    if caution.detectable is None:
        return (
            f"{start} misses even a difference of {LARGEST_EFFECT:g} standard "
            "deviations of one run more than once in five."
        )
    return (
        f"{start} finds a difference that lies {caution.detectable:g} standard "
        "deviations of one run beyond 0, or beyond the smallest effect where a claim "
        "has one, and misses one in five of those."
    )


def _say_noisy_timing(caution: NoisyTiming, study: Study) -> str:
    varied = varying(study)
    static = dict.fromkeys(
        label_values({n: v for n, v in study.static_part(config) if n in varied})
        or "the one program"
        for config in caution.configs
    )
    programs = _some(list(static))
    if caution.kind == "load":
        return (
            f"Programs were timed ({programs}) under a load of {caution.load:.1f} on "
            f"{caution.n_cores} cores, more than training itself makes: seconds are "
            "those of that hour, and are not compared."
        )
    if caution.kind == "apart":
        return (
            f"Programs were not all timed in the same {N_ROUNDS} rounds ({programs}), "
            "so what disturbed the machine meanwhile would count as a difference: "
            "seconds are not compared. `paribus run` once more times what lacks."
        )
    varied_by = f"{percent(caution.worst, 0)} at a load of {caution.load:.1f}"
    if caution.kind == "repeats":
        return (
            f"Timings were noisy ({programs}): repeats varied by up to {varied_by}, so "
            "what is said in seconds is not to be trusted."
        )
    if caution.kind == "ratio":
        n_pairs, limit = (
            count(caution.n_pairs, "pair"),
            percent(MAX_TIMING_VARIATION, 0),
        )
        return (
            f"Timings were noisy: from round to round the ratio of the seconds of two "
            f"programs ({programs}) varied by {varied_by}. Of {n_pairs} of programs "
            f"{caution.n_noisy} varied by more than {limit}, and are not compared in "
            "seconds."
        )
    return (
        f"The machine was not left alone while programs were timed ({programs}): from "
        f"round to round their seconds varied by up to {varied_by}, of all programs "
        "together. Seconds are compared within rounds, so ratios are free of it; the "
        "seconds themselves are those of those minutes."
    )


def _some(names: list[str]) -> str:
    """A few names, which may have commas, and how many more."""
    more = len(names) - MAX_NAMED
    if more <= 0:
        return "; ".join(names)
    return f"{'; '.join(names[:MAX_NAMED])}; and {more} more"
