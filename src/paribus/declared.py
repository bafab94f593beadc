"""What a study declares before its first run: claims to judge, things to measure."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from paribus.errors import StudyError, suggest, unknown_name
from paribus.hyperparameters import Value, frozen_values
from paribus.problems import Problem
from paribus.space import Config, show_value, values_of
from paribus.tasks import is_lower_better


# The chosen value of the tuned hyperparameter, in a side of a claim.
TUNED = "tuned"

_SPLITS = ("train", "validation", "test", "minibatch")
_DERIVED = (
    *("tuv", "jitter", "share_of_increases", "bad_share", "aulc", "aulc_10"),
    *("gap", "loss_gap", "seconds_per_epoch", "damaged_share"),
    *("steps_to_target", "epochs_to_target", "seconds_to_target"),
)
_RECORDED = (
    *("max_early_loss", "overshoot_share", "early_overshoot_share"),
    *("first_update", "update_ratio"),
    *("gradient_norm", "noise_scale", "lambda_max", "preconditioned_lambda_max"),
    *("asam_sharpness", "sam_sharpness", "keskar_phi", "test_nll", "test_brier"),
    *("edge_ratio", "test_ece", "test_ece_debiased", "weight_distance"),
    *("annealed_train_loss", "rescued", "rescued_accuracy"),
    "matched_test_accuracy",
)
# Those that are compared by ratios: a smallest effect of theirs is a factor.
_RATIOS = (
    *("tuv", "jitter", "seconds_per_epoch", "max_early_loss", "first_update"),
    *("steps_to_target", "epochs_to_target", "seconds_to_target", "gradient_norm"),
    *("noise_scale", "lambda_max", "preconditioned_lambda_max", "edge_ratio"),
    *("asam_sharpness", "sam_sharpness", "keskar_phi", "test_nll", "test_brier"),
    *("weight_distance", "annealed_train_loss"),
)
_SUFFIX = re.compile(r"_(at_[0-9.e-]+|0|10|50|100|p50|p90|p99|long)$")

# What a claim may be about; `paribus.analysis` says how each is made.
MEASURES = (
    *(f"{split}_{what}" for split in _SPLITS for what in ("accuracy", "loss")),
    *_DERIVED,
    *_RECORDED,
)

Relation = Literal["greater", "less", "at_least", "equivalent"]

# Needs the best learning rate, which only a study that tunes it knows.
RESCUE = "rescue"

DIAGNOSTICS = (
    "noise_scale",
    "curvature",
    "sharpness",
    "calibration",
    "weight_distance",
    "anneal",
    RESCUE,
)
# Probabilities and guessing are needed for these.
OF_CLASSIFICATION = ("calibration", RESCUE)


@dataclass(frozen=True, kw_only=True)
class DeclaredClaim:
    """A claim of the user's own: a sentence and the comparison that would decide it.

    Attributes:
        text: The sentence.
        measure: What is compared: a metric, e.g. `test_accuracy`, or a measure.
        a: Values that define one side, e.g. `{"learning_rate": 0.01}`. The word
            `"tuned"` as the value of the tuned hyperparameter means the chosen one.
        b: Values that define the other side.
        relation: `greater`: a is above b by more than the smallest effect; `less`: the
            reverse; `at_least`: a is not below b by more than the smallest effect;
            `equivalent`: they differ by less than it.
        smallest_effect: The smallest difference that would matter, above 0, in the
            measure's unit; for losses, times and other ratios a factor above 1. None
            for the measure's default.
        is_late: Whether it was declared after the first run.

    Raises:
        StudyError: If a field is out of range.
    """

    text: str
    measure: str
    a: Mapping[str, Value]
    b: Mapping[str, Value]
    relation: Relation
    smallest_effect: float | None = None
    is_late: bool = False

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise StudyError("`text` must not be empty")
        if self.relation not in get_args(Relation):
            raise unknown_name("relation", self.relation, get_args(Relation))
        effect = self.smallest_effect
        if effect is not None and not 0 < effect < math.inf:
            raise StudyError(f"`smallest_effect` must be above 0, got {effect}")

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain JSON values; `from_dict` reads it back."""
        return {**asdict(self), "a": dict(self.a), "b": dict(self.b)}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "DeclaredClaim":
        """Read what `to_dict` wrote."""
        sides = {side: frozen_values(written[side]) for side in ("a", "b")}
        return cls(**{**written, **sides})


def check_claims(
    claims: Sequence[DeclaredClaim],
    grids: Sequence[Mapping[str, tuple[Value, ...]]],
    tuned: str | None,
    metrics: Sequence[str] = (),
) -> None:
    """Refuse claims about what a study does not have.

    Args:
        claims: All claims of a study.
        grids: Those of its space, with values in their canonical form.
        tuned: The hyperparameter that the study tunes; None if it tunes none.
        metrics: What the study's task measures of each split.

    Raises:
        StudyError: If no measure has the name, a side names no config, or both sides
            are the same.
    """
    for position, claim in enumerate(claims, start=1):
        for problem in claim_problems(claim, grids, tuned, metrics):
            raise problem.error(f"claim {position}")


def claim_problems(
    claim: DeclaredClaim,
    grids: Sequence[Mapping[str, tuple[Value, ...]]],
    tuned: str | None,
    metrics: Sequence[str] = (),
) -> Iterator[Problem]:
    """What keeps a claim from being judged, as `check_claims` takes it."""
    if not is_measure(claim.measure, metrics):
        yield Problem(
            ("measure",),
            f"no measure is called `{claim.measure}`",
            suggest(claim.measure, MEASURES),
        )
    effect = claim.smallest_effect
    if effect is not None and effect <= 1 and is_ratio(claim.measure):
        yield Problem(
            ("smallest_effect",),
            f"`{claim.measure}` is compared by ratios: its smallest effect must be a "
            f"factor above 1, got {effect:g}",
            "write e.g. 1.25 for a quarter more",
        )
    n_before = 0
    for side in ("a", "b"):
        for problem in _side_problems(side, getattr(claim, side), grids, tuned):
            n_before += 1
            yield problem
    if not n_before and claim.a == claim.b:
        yield Problem(("b",), "`a` and `b` must differ, got the same values twice")


def _side_problems(
    side: str,
    values: Mapping[str, Value],
    grids: Sequence[Mapping[str, tuple[Value, ...]]],
    tuned: str | None,
) -> Iterator[Problem]:
    known = values_of(grids)
    if not values:
        yield Problem((side,), f"`{side}` must name at least one hyperparameter")
    is_sound = True
    for name, value in values.items():
        if name not in known:
            is_sound = False
            yield Problem(
                (side, name),
                f"no hyperparameter of the space is called `{name}`",
                suggest(name, known),
            )
        elif value == TUNED and name != tuned:
            is_sound = False
            yield Problem(
                (side, name),
                f'`{name}` must be tuned to be "{TUNED}"',
                f'add [tuning] with `hyperparameter = "{name}"`',
            )
        elif value != TUNED and value not in known[name]:
            is_sound = False
            shown = ", ".join(map(show_value, known[name]))
            yield Problem(
                (side, name),
                f"`{name}` must be a value of the space, got {show_value(value)}",
                f"there are: {shown}",
            )
    fixed = {name: value for name, value in values.items() if value != TUNED}
    if is_sound and not any(
        all(value in grid.get(name, ()) for name, value in fixed.items())
        for grid in grids
    ):
        yield Problem((side,), f"no config has {Config(fixed).label()}")


def is_measure(name: str, metrics: Sequence[str] = ()) -> bool:
    """Whether a claim may be about it; recorded measures may carry when they were.

    Args:
        name: As a claim names it.
        metrics: What the study's task measures of each split.
    """
    split, _, metric = name.partition("_")
    is_curve = split in _SPLITS and metric in metrics
    return is_curve or name in MEASURES or _SUFFIX.sub("", name) in _RECORDED


def is_ratio(name: str) -> bool:
    """Whether a measure is compared by ratios: losses, times, sizes."""
    base = _SUFFIX.sub("", name)
    is_curve = name.partition("_")[0] in _SPLITS and base not in _RECORDED
    return base in _RATIOS or (is_curve and is_lower_better(name))


def check_diagnostics(names: tuple[str, ...], *, kind: str = "classification") -> None:
    """Refuse a diagnostic that there is not, or that needs another kind of task.

    Raises:
        UnknownNameError: If a name is not in `DIAGNOSTICS`.
        StudyError: If it needs classification, and numbers are predicted.
    """
    for name in names:
        if name not in DIAGNOSTICS:
            raise unknown_name("diagnostic", name, DIAGNOSTICS, where="[diagnostics]")
        if name in OF_CLASSIFICATION and kind != "classification":
            raise StudyError(
                f"`{name}` of [diagnostics] needs classification, got a study of {kind}"
            )


def check_rescue(names: tuple[str, ...], tuned: str | None) -> None:
    """Refuse to rescue runs in a study that does not find the best learning rate.

    Args:
        names: The diagnostics of a study.
        tuned: The hyperparameter that it tunes; None if it tunes none.

    Raises:
        StudyError: If runs are to be rescued and the learning rate is not tuned.
    """
    if RESCUE in names and tuned != "learning_rate":
        raise StudyError(
            f"`{RESCUE}` of [diagnostics] needs a study that tunes `learning_rate`, "
            f"got {f'one that tunes `{tuned}`' if tuned else 'one without tuning'}",
            hint='add [tuning] with `hyperparameter = "learning_rate"`',
        )
