"""Records as sentences: the one place where findings become words."""

import math
import re
from collections.abc import Collection, Mapping, Sequence

from paribus.analysis import OneSeedAnalysis
from paribus.counts import count
from paribus.optimizer_catalogue import optimizer_words
from paribus.report.notebook import Placement
from paribus.report.numbers import join, percent, points
from paribus.report.slices import noun, varying, words
from paribus.results import StudyResult
from paribus.space import show_value
from paribus.stats.proportions import upper_bound_of_none
from paribus.status import STATUS_MEANINGS, RunStatus
from paribus.study import ELSEWHERE, Study
from paribus.tasks import is_lower_better


_MODULES = re.compile(r"[\w.?]+:(?:[\w.]+<locals>\.)?")


def status_words(status: RunStatus) -> str:
    """A status in a sentence: `"late collapse"`."""
    return status.word.replace("_", " ")


def sentence(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]


def say_meaning(status: RunStatus) -> str:
    """Say what a status means."""
    return f"{status_words(status).capitalize()}: {STATUS_MEANINGS[status]}."


def examples_word(result: StudyResult) -> str:
    """What the examples of the data set are called."""
    return "images" if result.study.data.name == "mnist" else "examples"


def say_question(result: StudyResult) -> str:
    """Ask what the study asks: the title of its report."""
    names = [noun(name) for name in varying(result.study)]
    if not names:
        return f"How well does {name_model(result)} do on {result.data.name}?"
    verb = "does" if len(names) == 1 else "do"
    subject = join([f"the {name}" for name in names])
    model, data = name_model(result), result.data.name
    return f"What {verb} {subject} change for {model} on {data}?"


def name_model(result: StudyResult) -> str:
    """Name the model without its hyperparameters."""
    names = {
        "mlp": "a multilayer perceptron",
        "cnn": "a convolutional network",
        "softmax": "softmax regression",
        ELSEWHERE: "a model that another tool trained",
    }
    name = result.study.model.name
    if result.study.model.builder is not None:  # `package.module:function`
        return f"the model {_MODULES.sub('', name)}"
    return names.get(name, name)


def say_model(result: StudyResult) -> str:
    """Name the model with its fixed hyperparameters."""
    fixed = _fixed(result, "model")
    return f"{name_model(result)} ({fixed})" if fixed else name_model(result)


def say_optimizer(result: StudyResult, last: str = "and") -> str:
    """Name the optimizer with its fixed hyperparameters, of several all."""
    study = result.study
    used = dict.fromkeys(study.settings(c).optimizer_name for c in study.configs())
    name = join(
        [
            "an optimizer of its own" if name == ELSEWHERE else optimizer_words(name)
            for name in used
        ],
        last,
    )
    fixed = _fixed(result, "optimizer")
    return f"{name} ({fixed})" if fixed else name


def say_schedule(study: Study) -> str:
    """Name what the learning rate does while a run trains."""
    if study.is_imported:
        return "a learning rate of its own making"
    if "schedule" in study.space.hyperparameters():
        values = {str(config.get("schedule")): None for config in study.configs()}
        kinds = join([words(value) for value in values], "or")
        return f"a {kinds} schedule of the learning rate"
    optimizer = study.settings(study.configs()[0]).optimizer
    schedule = optimizer["schedule"]
    if schedule == "constant":
        return "a constant learning rate"
    if schedule in ("linear", "cosine") and "final_fraction" not in optimizer:
        return f"a learning rate that falls to zero ({schedule})"
    return f"a learning rate that follows a schedule ({words(str(schedule))})"


def say_protocol(result: StudyResult) -> str:
    """Say in one line how many runs there are, and of what."""
    study = result.study
    n_configs, n_seeds = len(study.configs()), len(study.seeds)
    names = join([words(name) for name in varying(study)]) or "one setting"
    names += _say_refined(study)
    n_runs, epochs = count(result.n_runs, "run"), count(study.budget.epochs, "epoch")
    if study.halving is not None:
        epochs = f"up to {epochs}"
    seeds = f"{count(n_seeds, 'seed')} each"
    if study.tuning is not None:
        is_all = study.tuning.compare == "all"
        compared = "them" if is_all else "those that were chosen"
        seeds = (
            f"{count(study.tuning.n_choosing, 'seed')} each to choose by, and "
            f"{count(n_seeds, 'other')} to compare {compared}"
        )
        if n_copies := count_untuned(study):
            seeds = (
                f"{n_configs - n_copies} of them with {seeds}; the {n_copies} that are "
                f"not tuned with {count(n_seeds, 'seed')} each"
            )
    if study.is_imported:
        return f"{count(n_configs, 'config')} of {names}: {n_runs} of {epochs}."
    return f"{count(n_configs, 'config')} of {names}, {seeds}: {n_runs} of {epochs}."


def say_training(result: StudyResult) -> str:
    """Say what was trained, and with what; empty where another tool did."""
    if result.study.is_imported:
        return ""
    return (
        f"Each run trains {say_model(result)} with {say_optimizer(result, 'or')} and "
        f"{say_schedule(result.study)}."
    )


def _say_refined(study: Study) -> str:
    """How many configs tuning added, if any, and which."""
    is_declared = study.space.is_declared
    n_refined = sum(not is_declared(config) for config in study.configs())
    if study.tuning is None or not n_refined:
        return ""
    name = words(study.tuning.hyperparameter)
    return f" ({n_refined} at half or twice the best declared {name})"


def count_untuned(study: Study) -> int:
    """How many configs tuning is not about: they have no seeds that choose."""
    if study.tuning is None:
        return 0
    return sum(not study.tuning.tunes(config) for config in study.configs())


def say_splits(result: StudyResult) -> str:
    """Say which examples were trained on, and which split configs are compared on."""
    data, noun = result.data, examples_word(result)
    if result.study.is_imported:
        split = result.primary_metric.split("_")[0]
        return f"Configs are compared on the {split} split."
    if not data.n_validation:
        return (
            f"Trained on all {data.n_train:,} {noun}; there is no validation split, so "
            f"what needs one is measured on the test split of {data.n_test:,}. A "
            "config chosen by these numbers looks a little better here than it is."
        )
    return (
        f"Trained on {data.n_train:,} {noun}, with {data.n_validation:,} held out for "
        f"validation. Configs are compared on the validation split; the test split of "
        f"{data.n_test:,} is recorded along the way and chooses nothing."
    )


def say_scope(result: StudyResult) -> str:
    """Say what every statement of the report is about."""
    study = result.study
    chose = "" if study.tuning is None else " that chose nothing"
    return (
        f"Scope: {result.data.name}, {say_model(result)}, {say_optimizer(result)}, "
        f"{say_schedule(study).removeprefix('a ')}, "
        f"{count(study.budget.epochs, 'epoch')}, "
        f"{count(len(study.seeds), 'seed')}{chose}; varied by seed: initialisation and "
        "data order. Intervals and tests are about new seeds, not about other data or "
        "models."
    )


def say_statuses(counts: Mapping[RunStatus, int]) -> str:
    """Say how many runs ended in which way, all statuses that occur."""
    total = sum(counts.values())
    parts = [f"{n:,} {status_words(status)}" for status, n in counts.items() if n]
    return f"Of {count(total, 'run')}: {join(parts)}."


def say_failing(
    failing: Mapping[str, tuple[int, int]], sublinear: Collection[str] = ()
) -> str:
    """Say at which configs half of the runs or more ended badly.

    Args:
        failing: Config -> how many runs ended badly, of how many.
        sublinear: Those of them whose bad runs are all sublinear, which may score well.
    """
    said = []
    for how, names in (
        ("badly", [label for label in failing if label not in sublinear]),
        ("sublinear", [label for label in failing if label in sublinear]),
    ):
        shown = [f"{x} ({failing[x][0]} of {failing[x][1]})" for x in names]
        rest = f"; and {len(shown) - 4} more" if len(shown) > 4 else ""
        where = f"{'; '.join(shown[:4])}{rest}"
        if shown:
            said.append(f"Half of the runs or more ended {how} at {where}")
    if any(label in sublinear for label in failing):
        said[-1] += (
            ": with a training loss more than 1.25 times that of a linear model, "
            "whatever their score"
        )
    return " ".join(f"{text}." for text in said)


def say_no_bad_runs(n_per_config: int) -> str:
    """Say what it is worth that no run of any config ended badly."""
    bound = percent(upper_bound_of_none(n_per_config), 0)
    return (
        f"No run ended badly. For a single config that is 0 of {n_per_config}, "
        f"which leaves room for a share of up to {bound} (one-sided 95% bound)."
    )


def say_divergence(label: str, seeds: Sequence[int], n_runs: int, first: int) -> str:
    """Name the runs of one config that diverged."""
    shown = ", ".join(str(seed) for seed in seeds[:8])
    more = f", and {len(seeds) - 8} more" if len(seeds) > 8 else ""
    what = f"{label}: {len(seeds)} of {count(n_runs, 'run')} diverged"
    when = f", the first at step {first:,}" if first else ""
    plural = "seed" if len(seeds) == 1 else "seeds"
    return sentence(f"{what} ({plural} {shown}{more}){when}.")


def say_placements(placements: Mapping[str, Placement]) -> str:
    """Say whether the notebook's single numbers lie among our runs of the same configs.

    Args:
        placements: Name of a config -> where its published number falls.
    """
    outside = {name: p for name, p in placements.items() if not p.is_inside}
    if not outside:
        return (
            f"All {len(placements)} numbers that the notebook printed lie inside the "
            "range of our runs of the same config."
        )
    parts = [
        f"{percent(p.accuracy)} at {name} lies {_side(p)} all {p.n_runs} of ours "
        f"({percent(p.lowest)} to {percent(p.highest)})"
        for name, p in outside.items()
    ]
    return (
        f"Of the {len(placements)} numbers that the notebook printed, {len(outside)} "
        f"{'lies' if len(outside) == 1 else 'lie'} outside the range of our runs: "
        f"{join(parts)}."
    )


def _side(placement: Placement) -> str:
    return "above" if placement.accuracy > placement.highest else "below"


def say_one_seed(analysis: OneSeedAnalysis, labels: Sequence[str], best: int) -> str:
    """Say how often a study with one seed per config would have named another best."""
    a = analysis
    metric = words(a.metric)
    which = "lowest" if is_lower_better(a.metric) else "highest"
    first = f"Over all seeds, {labels[best]} has the {which} mean {metric}."
    if a.named_best[best] == 1:
        return (
            f"{first} Had each config been trained once, as the usual study does, "
            "every such study of these runs would have named it the best too."
        )
    other = percent(1 - a.named_best[best], 0)
    untied = percent(a.outside_tied, 0)
    cost = f"{points(a.expected_regret).lstrip('+')} points of {metric}"
    if is_lower_better(a.metric):
        cost = f"{percent(math.expm1(a.expected_regret), 1)} of the {metric}"
    elif not a.metric.endswith("_accuracy"):
        cost = f"{a.expected_regret:.3g} of {metric}"
    return (
        f"{first} Had each config been trained once, as the usual study does, another "
        f"config would have been named the best in {other} of such studies, and one "
        f"that is not tied with the best in {untied}. Trusting one seed costs {cost} "
        "on average."
    )


def say_more_seeds(flips: Mapping[int, float]) -> str:
    """Say how the risk of naming another best falls with seeds averaged."""
    parts = [
        f"{percent(share, 0)} with {count(n, 'seed')}" for n, share in flips.items()
    ]
    return f"Another config is named the best in {join(parts)} averaged per config."


def say_bank(analysis: OneSeedAnalysis) -> str:
    """Say what the one-seed studies are drawn from, and what that leaves out."""
    text = (
        f"Each one-seed study draws one of the {analysis.n_seeds} runs of every "
        "config, independently, as a script without a fixed seed does."
    )
    if analysis.bank_is_small:
        text += (
            f" {analysis.n_seeds} seeds show little of a distribution's tails, so rare "
            "surprises are underestimated; 20 or more would show them."
        )
    return text


def _fixed(result: StudyResult, table: str) -> str:
    chosen = [result.study.settings(config) for config in result.study.configs()]
    in_use = {n for one in chosen for n in (*one.model, *one.optimizer)}
    parts = [
        f"{words(key.removeprefix(f'{table}.'))} "
        f"{show_value(tuple(value) if isinstance(value, list) else value)}"
        for key, value in result.study.fixed_settings().items()
        if key.startswith(f"{table}.")
        and key.removeprefix(f"{table}.") in in_use - {"schedule"}
    ]
    return ", ".join(parts)
