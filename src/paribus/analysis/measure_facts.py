"""What a reader must know of each measure: its words, scale, unit, smallest effect."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from paribus.errors import unknown_name
from paribus.stats.stability import TUV_OFFSET
from paribus.tasks import is_lower_better, spoken


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

    @property
    def compared(self) -> str:
        """The words of what a ratio is one of: with what is added to it before.

        Example:
            >>> measure_facts("tuv").compared
            'total upward variation of the training loss + 0.01, among learners'
        """
        if not self.offset:
            return self.words
        name, comma, whose = self.words.partition(",")
        return f"{name} + {self.offset:g}{comma}{whose}"


# A share of the variance worth having. R2 has no noise floor to take it from.
SMALLEST_R2 = 0.01
# Errors are in the unit of what is predicted: 5 % of one is worth having, as 10 % of a
# squared loss is.
ERRORS = ("rmse", "mae")
_ERROR = {"is_ratio": True, "higher_is_better": False, "smallest_effect": 1.05}
_LOSS = {"is_ratio": True, "higher_is_better": False, "smallest_effect": 1.25}
_OVERSHOOT = {"higher_is_better": False, "unit": "pp", "smallest_effect": 0.1}
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
        words="share of runs that ended badly",
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
    "damaged_share": MeasureFacts(
        words="share of bad runs that the best learning rate does not rescue",
        higher_is_better=False,
        unit="pp",
        smallest_effect=0.2,
        is_share=True,
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
        words="share of steps that raised the loss of their own batch", **_OVERSHOOT
    ),
    "early_overshoot_share": MeasureFacts(
        words="share of the first 500 steps that raised the loss of their own batch",
        **_OVERSHOOT,
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
    "matched_test_accuracy": MeasureFacts(
        words="test accuracy when the training loss first fell to a given level",
        higher_is_better=True,
        unit="pp",
        smallest_effect=0.002,
    ),
    "rescued": MeasureFacts(
        words="share of bad runs that the best learning rate rescues",
        higher_is_better=True,
        unit="pp",
        smallest_effect=0.2,
        is_share=True,
    ),
    "rescued_accuracy": MeasureFacts(
        words="validation accuracy of bad runs after as much training at the best "
        "learning rate",
        higher_is_better=True,
        unit="pp",
        smallest_effect=0.002,
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
_METRIC = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)

# What is made of answers that are right or wrong, or of their probabilities.
_OF_CLASSES = (
    *("gap", "damaged_share", "rescued", "rescued_accuracy", "matched_test_accuracy"),
    *("test_nll", "test_brier", "test_ece", "test_ece_debiased"),
)


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
    if not is_curve(name):
        raise unknown_name("measure", name, measure_names())
    return _curve_facts(name)


def _curve_facts(name: str) -> MeasureFacts:
    split, _, what = name.partition("_")
    words = f"final {'training' if split == 'train' else split} {spoken(what)}"
    if what in ERRORS:
        return MeasureFacts(words=words, population="unmixed", **_ERROR)
    if is_lower_better(what):
        return MeasureFacts(words=words, population="unmixed", **_LOSS)
    is_share = what.endswith("accuracy")
    return MeasureFacts(
        words=words,
        higher_is_better=True,
        unit="pp" if is_share else "",
        smallest_effect=SMALLEST_R2 if what == "r2" else None,
        population="unmixed",
    )


def is_curve(name: str) -> bool:
    """Whether a name is that of a training curve: `<split>_<metric>`.

    Example:
        >>> is_curve("test_rmse"), is_curve("test_ece")
        (True, False)
    """
    split, _, what = name.partition("_")
    is_recorded = _SUFFIX.sub("", name) in RECORDED
    return split in _SPLITS and bool(_METRIC.fullmatch(what)) and not is_recorded


def needs_classes(name: str) -> bool:
    """Whether a measure is made of classes, so that there is none of numbers."""
    what = name.partition("_")[2]
    return _SUFFIX.sub("", name) in _OF_CLASSES or (
        is_curve(name) and what.endswith(("accuracy", "nll"))
    )
