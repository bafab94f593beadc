"""What a study's model is to predict: classes or numbers, by which loss and metrics."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paribus.code_digests import source_digest
from paribus.errors import StudyError, as_toml, unknown_name
from paribus.hyperparameters import is_number


KINDS = ("classification", "regression")

CROSS_ENTROPY = "cross_entropy"
BINARY = "binary_cross_entropy"
HUBER = "huber"

# The losses of each kind of task; the first is the default.
LOSSES: Mapping[str, tuple[str, ...]] = {
    "classification": (CROSS_ENTROPY, BINARY),
    "regression": ("mean_squared_error", "mean_absolute_error", HUBER),
}
# What is always measured of each split, beside the loss.
MEASURED: Mapping[str, tuple[str, ...]] = {
    "classification": ("accuracy",),
    "regression": ("rmse", "mae", "r2"),
}
# What may be asked for beside it; `top_<k>` for any k from 2 on.
EXTRA: Mapping[str, tuple[str, ...]] = {
    "classification": ("nll", "error", "top_5"),
    "regression": (),
}

ALL_METRICS = ("loss", *MEASURED["classification"], *MEASURED["regression"])

# How names of metrics end of which less is better.
LOWER_IS_BETTER = ("loss", "error", "rmse", "mae", "nll")

MAX_METRICS = 20

_SHORT = {"rmse": "RMSE", "mae": "MAE", "r2": "R2", "nll": "NLL"}

_TOP = re.compile(r"top_([1-9][0-9]{0,3})")
_OWN_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class TaskChoice:
    """What is predicted, what training descends on, and what is measured.

    Attributes:
        kind: `"classification"`: one of some classes; `"regression"`: a number.
        loss: A loss of that kind, or `package.module:function`; None for the first.
        delta: Of the Huber loss: errors above it count by their size, those below by
            their square.
        label_smoothing: The share of each label that is spread over all classes.
        class_weights: What the loss of each class is multiplied by; `"balanced"` for
            examples / (classes x examples of the class) in training; None for 1.
        standardise: Whether a number is predicted in units of its deviation from its
            mean, both of the training split. Metrics stay in the unit of the data.
        metrics: What is measured beside loss and accuracy, or RMSE, MAE and R2.
        source: A digest of the source of the functions of the user's own.
        functions: Those functions by their references, where they have been imported;
            no part of the record.

    Raises:
        StudyError: If a part is out of range, or does not fit the kind.
    """

    kind: str = "classification"
    loss: str | None = None
    delta: float = 1.0
    label_smoothing: float = 0.0
    class_weights: tuple[float, ...] | str | None = None
    standardise: bool = False
    metrics: tuple[str, ...] = ()
    source: str = ""
    functions: Mapping[str, Callable[..., Any]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown_name("kind of task", self.kind, KINDS, where="[task] kind")
        object.__setattr__(self, "loss", self.loss or LOSSES[self.kind][0])
        self._check_loss()
        self._check_delta()
        self._check_classes()
        if not isinstance(self.standardise, bool):
            raise StudyError(
                f"`task.standardise` must be true or false, got {self.standardise!r}"
            )
        if self.standardise and self.is_classification:
            raise StudyError("`task.standardise` needs the kind regression")
        self._check_metrics()

    @property
    def is_classification(self) -> bool:
        """Whether a class is predicted."""
        return self.kind == "classification"

    @property
    def is_plain(self) -> bool:
        """Whether it is classification by the cross-entropy, and nothing else."""
        return self == TaskChoice()

    @property
    def loss_name(self) -> str:
        """The loss: where none was said, it was filled in."""
        assert self.loss is not None
        return self.loss

    @property
    def has_plain_loss(self) -> bool:
        """Whether the loss is the cross-entropy itself."""
        is_entropy = self.loss_name in (CROSS_ENTROPY, BINARY)
        return is_entropy and not self.label_smoothing and self.class_weights is None

    @property
    def score(self) -> str:
        """What tells whether a run has learned: more is better, guessing is known."""
        return "accuracy" if self.is_classification else "r2"

    @property
    def primary(self) -> str:
        """What configs are compared by."""
        return "accuracy" if self.is_classification else "rmse"

    def metric_names(self) -> tuple[str, ...]:
        """Everything that is measured of a split, the loss first."""
        return ("loss", *MEASURED[self.kind], *map(metric_name, self.metrics))

    def n_outputs(self, n_classes: int) -> int:
        """How many numbers the model puts out for an example."""
        if not self.is_classification or self.loss == BINARY:
            return 1
        return n_classes

    def recorded(self) -> dict[str, Any]:
        """Write it as plain JSON values; `from_dict` reads it back.

        Nothing for the plain task, as in records that are older than tasks.
        """
        if self.is_plain:
            return {}
        weights = self.class_weights
        return {
            "kind": self.kind,
            "loss": self.loss_name,
            "delta": self.delta,
            "label_smoothing": self.label_smoothing,
            "class_weights": list(weights) if isinstance(weights, tuple) else weights,
            "standardise": self.standardise,
            "metrics": list(self.metrics),
            "source": self.source,
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "TaskChoice":
        """Read what `recorded` wrote; the code of own functions stays where it is."""
        if not written:
            return TaskChoice()
        weights = written["class_weights"]
        return TaskChoice(
            **{
                **written,
                "class_weights": tuple(weights)
                if isinstance(weights, list)
                else weights,
                "metrics": tuple(written["metrics"]),
            }
        )

    def _check_loss(self) -> None:
        known = LOSSES[self.kind]
        if self.loss_name in known or is_own(self.loss_name):
            return
        other = next((k for k, names in LOSSES.items() if self.loss in names), None)
        if other is not None:
            raise StudyError(
                f"`task.loss` must be one of {self.kind}, got `{self.loss}`, "
                f"one of {other}",
                hint=f'set `kind = "{other}"`',
            )
        raise unknown_name("loss", self.loss_name, known, where="[task] loss")

    def _check_delta(self) -> None:
        if not is_number(self.delta) or not 0 < self.delta < math.inf:
            raise StudyError(f"`task.delta` must be above 0, got {self.delta!r}")
        if self.delta != 1.0 and self.loss != HUBER:
            raise StudyError(
                f"`task.delta` needs the loss `{HUBER}`, got `{self.loss}`"
            )

    def _check_classes(self) -> None:
        smoothing, weights = self.label_smoothing, self.class_weights
        if not is_number(smoothing) or not 0 <= smoothing < 1:
            raise StudyError(
                f"`task.label_smoothing` must be from 0 to below 1, got {smoothing!r}"
            )
        if isinstance(weights, tuple):
            if len(weights) < 2:
                raise StudyError(
                    "`task.class_weights` must have a weight for each class, got "
                    f"{len(weights)}"
                )
            for weight in weights:
                if not is_number(weight) or not 0 < weight < math.inf:
                    raise StudyError(
                        f"`task.class_weights` must be above 0, got {weight!r}"
                    )
        elif weights not in (None, "balanced"):
            raise StudyError(
                '`task.class_weights` must be "balanced" or a number for each class, '
                f"got {as_toml(weights)}"
            )
        for name, is_set in (
            ("label_smoothing", bool(smoothing)),
            ("class_weights", weights is not None),
        ):
            if is_set and self.loss_name not in (CROSS_ENTROPY, BINARY):
                raise StudyError(
                    f"`task.{name}` needs the loss `{CROSS_ENTROPY}` or `{BINARY}`, "
                    f"got `{self.loss}`"
                )

    def _check_metrics(self) -> None:
        if len(self.metrics) > MAX_METRICS:
            raise StudyError(
                f"`task.metrics` must be at most {MAX_METRICS}, got {len(self.metrics)}"
            )
        always = ("loss", *MEASURED[self.kind])
        taken = [*always]
        for metric in self.metrics:
            name = metric_name(metric)
            if name in taken:
                raise StudyError(
                    f"`task.metrics` must name each metric once, got `{name}` again",
                    hint=f"always measured: {', '.join(always)}",
                )
            taken.append(name)
            self._check_metric(metric)

    def _check_metric(self, metric: str) -> None:
        if is_own(metric):
            name = metric_name(metric)
            known = {
                name
                for names in (*MEASURED.values(), *EXTRA.values())
                for name in names
            }
            if not _OWN_NAME.fullmatch(name) or name in known or _TOP.fullmatch(name):
                raise StudyError(
                    "a metric of your own must be a function whose name is small "
                    f"letters, digits and `_`, and none of ours, got `{name}`"
                )
            return
        if metric in EXTRA[self.kind] or (
            self.is_classification and top_k(metric) is not None
        ):
            return
        raise unknown_name(
            f"metric of {self.kind}",
            metric,
            EXTRA[self.kind] or ("module:function",),
            where="[task] metrics",
        )


def digest_of(functions: Mapping[str, Callable[..., Any]]) -> str:
    """A digest of the source of functions; empty where one has none, or without any."""
    return source_digest(*(functions[name] for name in sorted(functions)))


def is_own(name: str) -> bool:
    """Whether a loss or metric is a function of the user's own, by its reference."""
    return ":" in name


def metric_name(metric: str) -> str:
    """What a metric is called behind its split, e.g. `top_5_accuracy`."""
    if top_k(metric) is not None:
        return f"{metric}_accuracy"
    return metric.rpartition(":")[2].rpartition(".")[2]


def is_lower_better(metric: str) -> bool:
    """Whether less of a metric is better, so that it is compared by ratios.

    A metric of the user's own tells by its name.

    Example:
        >>> is_lower_better("test_rmse"), is_lower_better("test_top_5_accuracy")
        (True, False)
    """
    return metric.endswith(LOWER_IS_BETTER)


def spoken(name: str) -> str:
    """A name as it stands in a sentence.

    Example:
        >>> spoken("test_rmse"), spoken("learning_rate")
        ('test RMSE', 'learning rate')
    """
    return " ".join(_SHORT.get(part, part) for part in name.split("_"))


def top_k(metric: str) -> int | None:
    """The k of `top_<k>`; None for other metrics."""
    found = _TOP.fullmatch(metric)
    return int(found[1]) if found and int(found[1]) > 1 else None
