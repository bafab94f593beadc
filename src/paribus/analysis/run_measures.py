"""Every measure that a claim may be about: one number for each run, by name."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from paribus.analysis.outcomes import accuracy_smallest_effect
from paribus.analysis.scores import is_accuracy, is_bad, is_learner, is_loss
from paribus.errors import unknown_name
from paribus.results import StudyResult
from paribus.stats.stability import (
    TUV_OFFSET,
    area_under_curve,
    jitter,
    share_of_increases,
    total_upward_variation,
)
from paribus.status import RunStatus


# A loss or a time has a logarithm: nothing is compared below this.
_FLOOR = 1e-7
_SUFFIX = re.compile(r"_(at_[0-9.e-]+|0|10|50|100|p50|p90|p99|long)$")

# Whose runs enter: `all` that ended; `learners` only; `unmixed`: all, unless a side has
# both runs that learned and runs that did not, and then only learners.
Population = Literal["all", "learners", "unmixed"]


@dataclass(frozen=True, kw_only=True)
class MeasureFacts:
    """What a reader must know of a measure.

    Attributes:
        words: What it is, to stand in a sentence.
        is_ratio: Whether it is compared by ratios of geometric means.
        higher_is_better: None if neither is.
        unit: `"pp"` for fractions shown as percentage points, else a word or empty.
        smallest_effect: The default: a difference, or a ratio above 1. None where there
            is no convention.
        population: Whose runs enter a comparison.
        offset: Added before the logarithm.
        is_share: Whether it is one of two things in each run, 0 or 1.
    """

    words: str
    is_ratio: bool = False
    higher_is_better: bool | None = None
    unit: str = ""
    smallest_effect: float | None = None
    population: Population = "all"
    offset: float = 0.0
    is_share: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class RunMeasure:
    """One number for each run.

    Attributes:
        name: As a study file names it.
        facts: What a reader must know of it.
        values: On its own scale; NaN where a run has none.
        smallest_effect: The smallest effect that matters: a difference, or a ratio
            above 1. None where none is declared and there is no convention.
    """

    name: str
    facts: MeasureFacts
    values: Float[np.ndarray, "config seed"]
    smallest_effect: float | None

    def scores(self) -> Float[np.ndarray, "config seed"]:
        """The values on the scale they are compared on; NaN where there is none."""
        if not self.facts.is_ratio:
            return self.values
        positive = np.maximum(self.values + self.facts.offset, _FLOOR)
        return np.log(positive)


_LOSS = {"is_ratio": True, "higher_is_better": False, "smallest_effect": 1.25}
_SHARPNESS = {
    "is_ratio": True,
    "higher_is_better": False,
    "smallest_effect": 2.0,
    "population": "learners",
}

DERIVED: Mapping[str, MeasureFacts] = {
    "tuv": MeasureFacts(
        words="total upward variation of the training loss, among learners",
        is_ratio=True,
        higher_is_better=False,
        smallest_effect=1.5,
        population="learners",
        offset=TUV_OFFSET,
    ),
    "jitter": MeasureFacts(
        words="late jitter of the score, among learners",
        is_ratio=True,
        higher_is_better=False,
        smallest_effect=1.5,
        population="learners",
    ),
    "share_of_increases": MeasureFacts(
        words="share of evaluations at which the training loss rose, among learners",
        higher_is_better=False,
        unit="pp",
        population="learners",
    ),
    "bad_share": MeasureFacts(
        words="share of runs that diverged, collapsed or learned nothing of use",
        higher_is_better=False,
        unit="pp",
        smallest_effect=0.2,
        is_share=True,
    ),
    "aulc": MeasureFacts(
        words="score averaged over the whole budget", higher_is_better=True, unit="pp"
    ),
    "aulc_10": MeasureFacts(
        words="score averaged over the first tenth of the budget",
        higher_is_better=True,
        unit="pp",
    ),
    "gap": MeasureFacts(
        words="generalisation gap: final training minus test accuracy, among learners",
        higher_is_better=False,
        unit="pp",
        population="learners",
    ),
    "loss_gap": MeasureFacts(
        words="generalisation gap: final test minus training loss, among learners",
        higher_is_better=False,
        unit="nats",
        population="learners",
    ),
    "seconds_per_epoch": MeasureFacts(
        words="seconds for an epoch of one run alone",
        is_ratio=True,
        higher_is_better=False,
        unit="s",
        smallest_effect=1.25,
    ),
}

RECORDED: Mapping[str, MeasureFacts] = {
    "max_early_loss": MeasureFacts(
        words="highest training loss of the first 500 steps", **_LOSS
    ),
    "overshoot_share": MeasureFacts(
        words="share of steps that raised the loss of their own batch",
        higher_is_better=False,
        unit="pp",
        smallest_effect=0.1,
    ),
    "first_update": MeasureFacts(
        words="size of the first update against the largest layer's weights",
        is_ratio=True,
        smallest_effect=1.5,
    ),
    "update_ratio": MeasureFacts(
        words="logarithm of the update's size against the weights", unit="decades"
    ),
    "gradient_norm": MeasureFacts(
        words="norm of the gradient", is_ratio=True, smallest_effect=1.5
    ),
    "noise_scale": MeasureFacts(
        words="gradient noise scale",
        is_ratio=True,
        unit="examples",
        smallest_effect=2.0,
        population="learners",
    ),
    "lambda_max": MeasureFacts(words="largest Hessian eigenvalue", **_SHARPNESS),
    "preconditioned_lambda_max": MeasureFacts(
        words="largest eigenvalue of the preconditioned Hessian", **_SHARPNESS
    ),
    "edge_ratio": MeasureFacts(
        words="curvature against the edge of stability",
        is_ratio=True,
        smallest_effect=1.5,
        population="learners",
    ),
    "asam_sharpness": MeasureFacts(words="ASAM sharpness", **_SHARPNESS),
    "sam_sharpness": MeasureFacts(words="SAM sharpness", **_SHARPNESS),
    "keskar_phi": MeasureFacts(words="Keskar's sharpness", **_SHARPNESS),
    "test_nll": MeasureFacts(words="final test loss", population="unmixed", **_LOSS),
    "test_brier": MeasureFacts(
        words="Brier score on the test split", population="unmixed", **_LOSS
    ),
    "test_ece": MeasureFacts(
        words="calibration error on the test split",
        higher_is_better=False,
        unit="pp",
        population="learners",
    ),
    "test_ece_debiased": MeasureFacts(
        words="calibration error on the test split, without that of chance",
        higher_is_better=False,
        unit="pp",
        population="learners",
    ),
    "weight_distance": MeasureFacts(
        words="distance of the weights from their start",
        is_ratio=True,
        smallest_effect=1.25,
        population="learners",
    ),
    "annealed_train_loss": MeasureFacts(
        words="training loss after annealing", population="learners", **_LOSS
    ),
}

TIMES: Mapping[str, MeasureFacts] = {
    f"{clock}_to_target": MeasureFacts(
        words=f"{clock} to the target",
        is_ratio=True,
        higher_is_better=False,
        unit=clock,
        smallest_effect=1.25,
    )
    for clock in ("steps", "epochs", "seconds")
}

_SPLITS = ("train", "validation", "test", "minibatch")
CURVES = tuple(f"{split}_{what}" for split in _SPLITS for what in ("accuracy", "loss"))


def measure_names() -> tuple[str, ...]:
    """Every name that a claim may use, suffixes of recorded measures left out."""
    return (*CURVES, *DERIVED, *TIMES, *RECORDED)


def measure_facts(name: str) -> MeasureFacts:
    """Say what a reader must know of a measure.

    Args:
        name: A metric, e.g. `test_accuracy`, or a measure, e.g. `tuv`. Recorded ones
            may carry a suffix for when they were taken: `asam_sharpness_at_0.1`.

    Raises:
        UnknownNameError: If nothing has the name.
    """
    base = _SUFFIX.sub("", name)
    for known in (DERIVED, TIMES, RECORDED):
        if name in known:
            return known[name]
        if base in known:
            return known[base]
    if name not in CURVES:
        raise unknown_name("measure", name, measure_names())
    split, what = name.rsplit("_", 1)
    words = f"final {'training' if split == 'train' else split} {what}"
    if what == "loss":
        return MeasureFacts(words=words, population="unmixed", **_LOSS)
    return MeasureFacts(
        words=words, higher_is_better=True, unit="pp", population="unmixed"
    )


def is_recorded(result: StudyResult, name: str) -> bool:
    """Whether the study has what the measure is made from, for one run at least."""
    try:
        measure = run_measure(result, name)
    except KeyError:
        return False
    return bool(np.isfinite(measure.values).any())


def run_measure(result: StudyResult, name: str) -> RunMeasure:
    """Reduce each run of a study to one number.

    Args:
        result: Statuses as `classify_runs` gives them.
        name: As `measure_facts` takes it; a time to target is made by `target_times`.

    Returns:
        The measure; NaN for runs that have not ended and, where only learners count,
        for the others. A diverged run enters an accuracy or a loss with what guessing
        scores.

    Raises:
        UnknownNameError: If nothing has the name.
        KeyError: If the study has not recorded what it is made from.
    """
    facts = measure_facts(name)
    if name in DERIVED:
        values = _DERIVATIONS[name](result)
    elif name in CURVES:
        values = final_values(result, name, result.n_evaluations - 1)
    else:
        values = result.measures[name].astype(np.float64)
    values = np.where(result.has_outcome(), values, np.nan)
    if facts.population == "learners":
        values = np.where(is_learner(result), values, np.nan)
    smallest = facts.smallest_effect
    if is_accuracy(name):
        smallest = accuracy_smallest_effect(result, name)
    return RunMeasure(name=name, facts=facts, values=values, smallest_effect=smallest)


def final_values(
    result: StudyResult, metric: str, evaluation: int
) -> Float[np.ndarray, "config seed"]:
    """The metric at one evaluation, with the score of guessing for diverged runs."""
    values = result.curves[metric][:, :, evaluation].astype(np.float64)
    guessing = _guessing(result, metric)
    values = np.where(result.status == RunStatus.DIVERGED, guessing, values)
    return np.where(result.has_outcome(), values, np.nan)


def values_at(
    result: StudyResult, metric: str, config: int, epochs: float
) -> Float[np.ndarray, " seed"]:
    """A config's metric after some epochs, read between evaluations.

    Not a number beyond the last evaluation of its runs. Diverged runs have the score of
    guessing.
    """
    at, curve = result.epochs.astype(np.float64), result.curves[metric][config]
    after = int(np.searchsorted(at, epochs * (1 - 1e-6)))
    if not after < len(at):
        return np.full(len(curve), np.nan)
    before = max(after - 1, 0)
    gap = at[after] - at[before]
    share = (epochs - at[before]) / gap if gap > 0 else 1.0
    first, last = (curve[:, i].astype(np.float64) for i in (before, after))
    read = last if abs(share - 1) < 1e-6 else first + share * (last - first)
    status = result.status[config]
    guessing = _guessing(result, metric)
    values = np.where(status == RunStatus.DIVERGED, guessing, read)
    return np.where(result.has_outcome()[config], values, np.nan)


def _guessing(result: StudyResult, metric: str) -> float:
    data = result.data
    return data.label_entropy if is_loss(metric) else data.majority_share


def _train_loss(result: StudyResult) -> Float[np.ndarray, "config seed evaluation"]:
    return result.curves["train_loss"][:, :, : result.n_evaluations].astype(np.float64)


def _score(result: StudyResult) -> Float[np.ndarray, "config seed evaluation"]:
    curve = result.curves[result.primary_metric]
    return curve[:, :, : result.n_evaluations].astype(np.float64)


def _epochs(result: StudyResult) -> Float[np.ndarray, " evaluation"]:
    return result.epochs[: result.n_evaluations].astype(np.float64)


def _tuv(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    return total_upward_variation(_train_loss(result), _learners(result))


def _jitter(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    return jitter(_epochs(result), _score(result), _learners(result))


def _learners(result: StudyResult) -> Bool[np.ndarray, "config seed"]:
    return is_learner(result)


def _increases(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    return share_of_increases(_train_loss(result))


def _bad_share(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    return is_bad(result).astype(np.float64)


def _area(share: float) -> "_Derivation":
    def area(result: StudyResult) -> Float[np.ndarray, "config seed"]:
        return area_under_curve(_epochs(result), _score(result), share=share)

    return area


def _gap(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    last = result.n_evaluations - 1
    train = final_values(result, "train_accuracy", last)
    return train - final_values(result, "test_accuracy", last)


def _loss_gap(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    last = result.n_evaluations - 1
    test = final_values(result, "test_loss", last)
    return test - final_values(result, "train_loss", last)


def _seconds_per_epoch(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    seconds = [result.seconds_per_epoch(config) for config in result.configs]
    column = np.array([np.nan if s is None else s for s in seconds])
    return np.broadcast_to(column[:, None], result.status.shape).copy()


_Derivation = Callable[[StudyResult], Float[np.ndarray, "config seed"]]

_DERIVATIONS: Mapping[str, _Derivation] = {
    "tuv": _tuv,
    "jitter": _jitter,
    "share_of_increases": _increases,
    "bad_share": _bad_share,
    "aulc": _area(1.0),
    "aulc_10": _area(0.1),
    "gap": _gap,
    "loss_gap": _loss_gap,
    "seconds_per_epoch": _seconds_per_epoch,
}
