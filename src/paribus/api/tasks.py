"""What a study made in Python predicts, with functions as losses and metrics."""

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any, Literal

from paribus.code_digests import reference_of
from paribus.errors import StudyError, unknown_name
from paribus.tasks import TaskChoice, digest_of


def classification(
    *,
    loss: str | Callable[..., Any] | None = None,
    label_smoothing: float = 0.0,
    class_weights: Sequence[float | int] | Literal["balanced"] | None = None,
    metrics: Sequence[str | Callable[..., Any]] = (),
) -> TaskChoice:
    """Choose to predict classes; labels may be numbers, texts or one-hot rows.

    Args:
        loss: `"cross_entropy"`, of one logit for each class, if not said;
            `"binary_cross_entropy"`, of one logit for two classes; or a function of
            (outputs, labels) that returns a loss for each example.
        label_smoothing: The share of each label that is spread over all classes.
        class_weights: What the loss of each class is multiplied by, or `"balanced"`.
        metrics: `"nll"`, `"error"`, `"top_<k>"`, or functions of (outputs, labels) that
            return a number for each example. One whose name ends in `loss` or `error`
            is better where it is lower.

    Raises:
        StudyError: If a part is out of range.

    Example:
        >>> classification(metrics=["top_5"]).metric_names()
        ('loss', 'accuracy', 'top_5_accuracy')
    """
    weights = class_weights
    if weights is not None and not isinstance(weights, str):
        weights = tuple(map(float, weights))
    return _chosen(
        "classification",
        loss,
        metrics,
        label_smoothing=label_smoothing,
        class_weights=weights,
    )


def regression(
    *,
    loss: str | Callable[..., Any] | None = None,
    delta: float | int = 1.0,
    standardise: bool = False,
    metrics: Sequence[str | Callable[..., Any]] = (),
) -> TaskChoice:
    """Choose to predict a number.

    Args:
        loss: `"mean_squared_error"` if not said, `"mean_absolute_error"`, `"huber"`, or
            a function of (outputs, targets) that returns a loss for each example.
        delta: Of the Huber loss: where it goes over from squares to absolute values.
        standardise: Whether to predict in units of the deviation from the mean, both of
            the training split: for prices in thousands. Metrics stay as they are.
        metrics: Functions of (outputs, targets) that return a number for each example;
            one whose name ends in `loss` or `error` is better where it is lower.

    Raises:
        StudyError: If a part is out of range.

    Example:
        >>> regression(loss="huber", delta=2.0).metric_names()
        ('loss', 'rmse', 'mae', 'r2')
    """
    return _chosen(
        "regression", loss, metrics, delta=float(delta), standardise=standardise
    )


def as_task(task: TaskChoice | str | Mapping[str, Any] | None) -> TaskChoice:
    """The task that a study made in Python names.

    Args:
        task: A kind, or a dict that says what [task] of a study file does, with
            functions in place of their references.

    Raises:
        StudyError: If a part is unknown or out of range.
    """
    if isinstance(task, TaskChoice):
        return task
    said = {"kind": task} if isinstance(task, str) else dict(task or {})
    kind = said.pop("kind", "classification")
    choices = {"classification": classification, "regression": regression}
    if kind not in choices:
        raise unknown_name("kind of task", str(kind), choices, where="`task`")
    known = list(signature(choices[kind]).parameters)
    for name in said:
        if name not in known:
            raise unknown_name(f"setting of {kind}", name, known, where="`task`")
    return choices[kind](**said)


def _chosen(
    kind: str,
    loss: str | Callable[..., Any] | None,
    metrics: Sequence[str | Callable[..., Any]],
    **settings: Any,
) -> TaskChoice:
    own = [part for part in (loss, *metrics) if callable(part)]
    functions = {_reference(function): function for function in own}
    return TaskChoice(
        kind=kind,
        loss=_reference(loss) if callable(loss) else loss,
        metrics=tuple(_reference(m) if callable(m) else m for m in metrics),
        source=digest_of(functions),
        functions=functions,
        **settings,
    )


def _reference(function: Callable[..., Any]) -> str:
    reference = reference_of(function)
    if reference.endswith("<lambda>"):
        raise StudyError(
            "a loss or a metric must be a function with a name, got a lambda"
        )
    return reference
