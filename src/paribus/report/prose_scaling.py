"""How things go with the batch size, in sentences."""

import numpy as np

from paribus.analysis.fastest import chooses_by_time
from paribus.analysis.scaling import MIN_DRAWN, RateScaling, StepsScaling
from paribus.analysis.targets import Target
from paribus.analysis.tuned import choose_tuned
from paribus.counts import count
from paribus.optimizer_catalogue import optimizer_words
from paribus.report.numbers import join, p_value, percent
from paribus.report.slices import label_values, varying
from paribus.results import StudyResult
from paribus.stats.critical_batch import MIN_BATCH_SIZES, CriticalBatch
from paribus.stats.scaling import BestValues


REMEDY = "`paribus run batch-size --size standard`"

_RULES = {
    "linear": "that allows scaling the learning rate linearly with the batch size, and "
    "not by its square root",
    "square root": "that allows scaling the learning rate by the square root of the "
    "batch size, and not linearly",
    "neither": "neither linear scaling (1) nor a square root (0.5) lies in it",
    "undecided": "undecided, since linear scaling (1) and a square root (0.5) both lie "
    "in it",
}


def say_rates(result: StudyResult, scaling: RateScaling) -> str:
    """Say how the best learning rate moves with the batch size, and how surely."""
    head = (
        f"Best learning rate of {whose(result, scaling)}, by {objective_words(scaling)}"
    )
    terms = f"{count(scaling.n_seeds, 'seed')}"
    found = scaling.found
    slope = found.slope
    numbers = f"{slope.estimate:.2f} [{slope.lower:.2f}, {slope.upper:.2f}]"
    match found.verdict:
        case "untested":
            n = int(found.best.is_used.sum())
            text = (
                f"not tested because {count(n, 'batch size')} "
                f"{'has' if n == 1 else 'have'} a best value inside the grid and "
                f"{MIN_BATCH_SIZES} are needed. To test it: {REMEDY}."
            )
        case "rises, then falls":
            text = (
                "it rises with the batch size, then falls: the curve bends down, with "
                f"its top near a batch size of {found.peak:,.0f}."
            )
        case "stopped early":
            text = (
                f"it goes with the batch size to the power {numbers}, which is not "
                "held against any rule, since values next to the best were stopped "
                "early."
            )
        case verdict:
            power = f"it goes with the batch size to the power {numbers}"
            text = f"{power}; {_RULES[verdict]}."
    if found.verdict != "untested":
        text += _say_stopped(result, found.best)
    return f"{head} ({terms}): {text}{_say_edges(found.best)}"


def _say_stopped(result: StudyResult, best: BestValues) -> str:
    """What early stops do to a slope; empty where every value has a final score."""
    scores = [found.mean_scores[~found.is_excluded] for found in best.selections]
    if not any(np.isnan(row).any() for row in scores):
        return ""
    return (
        " But values that fell behind were stopped early, at equal epochs: a large "
        "batch has made fewer steps by then, and fewer steps favour higher rates. A "
        "slope that is too steep for this reason is in no interval."
    )


def say_steps(result: StudyResult, scaling: StepsScaling) -> str:
    """Say up to which batch size larger batches save steps."""
    n = count(scaling.steps.shape[1], "seed")
    head = (
        f"Steps of {whose(result, scaling)} to {target_words(scaling.target)}, each "
        f"batch size at its own {_best(result)} learning rate ({n})"
    )
    parts = [f"{head}: {_say_critical(scaling)}", _say_left_out(result, scaling)]
    parts += [_say_slopes(scaling), _say_noise_scale(result, scaling)]
    return " ".join(filter(None, parts))


def say_no_rates(result: StudyResult) -> str:
    """Say why best learning rates are not set against batch sizes."""
    return (
        f"How the best learning rate moves with the batch size is not tested because "
        f"{_lack_of_rates(result)}. To test it: {REMEDY}."
    )


def say_no_steps(result: StudyResult) -> str:
    """Say why steps to a target are not set against batch sizes."""
    tuning = result.study.tuning
    reason = "fewer than 5 runs of the best config learned, to set a target by"
    n = len(result.study.batch_sizes())
    if n < MIN_DRAWN:
        reason = f"the study has {count(n, 'batch size')} and 5 are needed"
    elif tuning is None or tuning.hyperparameter != "learning_rate":
        reason = (
            "the study has no runs of their own to choose learning rates and to set a "
            "target by"
        )
    elif _n_settled(result) < MIN_DRAWN:
        reason = f"fewer than {MIN_DRAWN} batch sizes have a settled learning rate"
    return (
        "Steps to a target against batch size, and the critical batch size, are not "
        f"tested because {reason}. To test it: {REMEDY}."
    )


def whose(result: StudyResult, scaling: RateScaling | StepsScaling) -> str:
    """Name the optimizer, with the other hyperparameters that vary."""
    rest = {
        name: value
        for name, value in scaling.others.items()
        if name != "optimizer" and name in varying(result.study)
    }
    return ", ".join(
        filter(None, (optimizer_words(scaling.optimizer), label_values(rest)))
    )


def objective_words(scaling: RateScaling) -> str:
    """Name what makes a learning rate the best."""
    if scaling.target is None:
        return "final score"
    return f"steps to {target_words(scaling.target)}"


def target_words(target: Target) -> str:
    """Name a target with its rung."""
    return (
        f"{percent(target.score)} ({percent(target.rung, 1)} of the way from guessing "
        "to the best)"
    )


def _say_critical(scaling: StepsScaling) -> str:
    found = scaling.found
    if found is None:
        return "not tested, since an interval needs 2 seeds."
    used = scaling.batch_sizes[found.is_used]
    match found.verdict:
        case "inside":
            return (
                f"the critical batch size is {found.critical:,.0f} "
                f"[{found.lower:,.0f}, {found.upper:,.0f}]. Well below it twice the "
                "batch halves the steps; well above it larger batches hardly save any "
                f"of the last {found.min_steps:,.0f}."
            )
        case "below":
            return (
                f"the critical batch size lies below the smallest, {used[0]:,.0f} "
                f"(one-sided 95% bound: {found.upper:,.0f}), so twice the batch never "
                "halves the steps here."
            )
        case "above":
            return (
                f"the critical batch size lies above the largest, {used[-1]:,.0f} "
                f"(one-sided 95% bound: {found.lower:,.0f})."
            )
        case "no fit":
            return (
                "the hyperbola of McCandlish et al. does not fit (lack of fit, p "
                f"{p_value(found.lack_of_fit_p)}), so no critical batch size is given, "
                "only the curve."
            )
        case "untested":
            n = _n_used(found)
            return (
                "the critical batch size is not tested because all runs of "
                f"{count(n, 'batch size')} reached the target, and {MIN_BATCH_SIZES} "
                f"are needed. To test it: {REMEDY}."
            )


def _best(result: StudyResult) -> str:
    """What the learning rates are that steps are counted at."""
    return "fastest" if chooses_by_time(result.study) else "best"


def _say_left_out(result: StudyResult, scaling: StepsScaling) -> str:
    parts = []
    missed = (~np.isfinite(scaling.steps)).sum(axis=1)
    n = scaling.steps.shape[1]
    late = [
        f"{size:.0f} ({k} of {n} runs did not reach it)"
        for size, k in zip(scaling.batch_sizes, missed, strict=True)
        if k
    ]
    if late:
        parts.append(f"Left out of the fit: batch size {join(late)}.")
    if scaling.on_edge:
        sizes = join([str(size) for size in scaling.on_edge])
        parts.append(
            f"Left out, since the {_best(result)} learning rate lies at the end of its "
            f"grid: batch size {sizes}."
        )
    return " ".join(parts)


def _say_slopes(scaling: StepsScaling) -> str:
    if scaling.found is None or not len(scaling.found.slopes.first):
        return ""
    leaves = scaling.found.slopes.leaves_perfect_scaling()
    if leaves is None:
        return "Between neighbours, perfect scaling lies in or above every interval."
    return (
        f"From batch size {leaves:.0f} on, twice the batch saves less than half of the "
        "steps."
    )


def _say_noise_scale(result: StudyResult, scaling: StepsScaling) -> str:
    """The simple noise scale beside it: an order of magnitude, no verdict."""
    values = result.measures.get("noise_scale_50")
    if values is None or not is_inside(scaling):
        return ""
    rows = [i for i, c in enumerate(result.configs) if c.matches(scaling.others)]
    known = values[rows][np.isfinite(values[rows])]
    if not len(known):
        return ""
    return (
        "The simple noise scale of its gradients half way through training, which may "
        f"foretell it to an order of magnitude, is {np.median(known):,.0f}."
    )


def _say_edges(best: BestValues) -> str:
    parts = []
    for size, values in best.values_to_add().items():
        adding = join([f"{value:.3g}" for value in values])
        parts.append(f"{size:.0f} (add {adding})")
    if not parts:
        return ""
    return (
        " Left out, since the best that was tried is the last of its grid: batch size "
        f"{join(parts)}."
    )


def _lack_of_rates(result: StudyResult) -> str:
    n = len(result.study.batch_sizes())
    if n < MIN_DRAWN:
        return f"the study has {count(n, 'batch size')} and 5 are needed"
    return (
        f"no {MIN_DRAWN} batch sizes were trained with at least {MIN_DRAWN} learning "
        "rates each"
    )


def _n_settled(result: StudyResult) -> int:
    return sum(choice.is_settled for choice in choose_tuned(result))


def _n_used(found: CriticalBatch) -> int:
    return int(found.is_used.sum())


def is_inside(scaling: StepsScaling) -> bool:
    """Whether there is a critical batch size to draw."""
    return scaling.found is not None and scaling.found.verdict == "inside"
