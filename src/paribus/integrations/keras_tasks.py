"""What a Keras model is compiled for, in our names: loss and metrics.

The tables below are all there is to extend; whatever is not in them is refused by name.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from paribus.errors import StudyError, suggest
from paribus.tasks import TaskChoice


class _Loss(NamedTuple):
    """One of Keras's losses in ours.

    Attributes:
        kind: Of the task.
        name: What it is called here.
        settings: Its settings here, by their names in Keras.
        has_one_output: Whether it is of a model with one output alone.
    """

    kind: str
    name: str
    settings: Mapping[str, str]
    has_one_output: bool


_SMOOTHED = {"label_smoothing": "label_smoothing"}
_SQUARED = _Loss("regression", "mean_squared_error", {}, True)
_ABSOLUTE = _Loss("regression", "mean_absolute_error", {}, True)

# By Keras's names, in capitals or not. Each gives Keras's own losses
# (`tests/reference/test_keras_losses.py`). One output with a binary cross-entropy is
# the log-odds of the second of two classes (`keras_outputs.py`).
LOSSES: Mapping[str, _Loss] = {
    "sparse_categorical_crossentropy": _Loss(
        "classification", "cross_entropy", {}, False
    ),
    "categorical_crossentropy": _Loss(
        "classification", "cross_entropy", _SMOOTHED, False
    ),
    "binary_crossentropy": _Loss("classification", "cross_entropy", _SMOOTHED, True),
    "mean_squared_error": _SQUARED,
    "mse": _SQUARED,
    "mean_absolute_error": _ABSOLUTE,
    "mae": _ABSOLUTE,
    "huber": _Loss("regression", "huber", {"delta": "delta"}, True),
}
# Settings that change nothing at these values; another value is refused by name.
_WITHOUT_EFFECT: Mapping[str, tuple[Any, ...]] = {
    "label_smoothing": (0, 0.0),
    "ignore_class": (None,),
    "axis": (-1,),
    "reduction": ("sum_over_batch_size",),
}
_ANY = ("name", "dtype", "from_logits")  # `keras_outputs.py` asks for the last

# What is measured anyway, by Keras's names.
_ALWAYS: Mapping[str, tuple[str, ...]] = {
    "classification": (
        *("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy"),
        *("binary_accuracy", "sparse_categorical_crossentropy"),
        *("categorical_crossentropy", "binary_crossentropy"),
    ),
    "regression": (
        *("mean_squared_error", "mse", "mean_absolute_error", "mae"),
        *("root_mean_squared_error", "r2_score"),
    ),
}
_TOP_K = ("top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy")
_DEFAULT_K = 5


def compiled_task(
    network: Any, config: Mapping[str, Any], reference: str
) -> TaskChoice:
    """Read what loss and metrics a network is compiled with.

    Args:
        network: The compiled network.
        config: What it was compiled with, as Keras writes it.
        reference: Whose it is.

    Raises:
        StudyError: If the loss or a metric has no counterpart here.
    """
    name, settings = _named(config.get("loss"))
    small = _small(name)
    if small not in LOSSES:
        raise StudyError(
            f"`{reference}` must be compiled with a loss that is known here, "
            f"got {name}",
            hint=suggest(name, LOSSES),
        )
    loss = LOSSES[small]
    settings = {**_unwritten(network, loss, name, reference), **settings}
    known = {*loss.settings, *_ANY}
    refuse_others(settings, known, _WITHOUT_EFFECT, f"`{reference}`", of=name)
    ours: dict[str, Any] = {
        loss.settings[n]: float(settings[n]) for n in settings if n in loss.settings
    }
    shape = network.output_shape
    if loss.has_one_output and isinstance(shape, tuple) and shape[-1] != 1:
        raise StudyError(
            f"`{reference}` must have one output for {name}, got {shape[-1]}"
        )
    metrics = _metrics(config.get("metrics"), loss.kind, reference)
    return TaskChoice(kind=loss.kind, loss=loss.name, metrics=metrics, **ours)


def refuse_others(
    settings: Mapping[str, Any],
    known: Collection[str],
    without_effect: Mapping[str, tuple[Any, ...]],
    who: str,
    *,
    of: str,
) -> None:
    """Refuse settings of a part of Keras that have no counterpart here.

    Args:
        settings: What the part has, by Keras's names.
        known: Those that are taken over, or do not matter.
        without_effect: Values at which others change nothing.
        who: Whose part it is.
        of: The part.

    Raises:
        StudyError: With the first of them.
    """
    for name, value in settings.items():
        if name not in known and value not in without_effect.get(name, ()):
            raise StudyError(
                f"{who} must be compiled with {of} whose `{name}` has a counterpart "
                f"here, got {value!r}"
            )


def _unwritten(network: Any, loss: _Loss, name: str, reference: str) -> dict[str, Any]:
    """The settings of a loss that Keras leaves out of its configuration: `delta`."""
    if "delta" not in loss.settings or isinstance(network.loss, str):
        return {}
    kept = getattr(network.loss, "_fn_kwargs", {})
    if "delta" not in kept:
        raise StudyError(
            f"`{reference}` must be compiled with a {name} that tells its `delta`",
            hint="give the study a task: {kind: regression, loss: huber, delta: ...}",
        )
    return {"delta": kept["delta"]}


def _metrics(metrics: Any, kind: str, reference: str) -> tuple[str, ...]:
    """The metrics that are measured beside those that always are."""
    written = metrics if isinstance(metrics, list | tuple) else [metrics]
    found: dict[str, None] = {}
    for metric in written:
        if metric is None:
            continue
        name, settings = _named(metric)
        small = _small(name)
        if kind == "classification" and small in _TOP_K:
            k = int(settings.get("k", _DEFAULT_K))
            found[f"top_{k}"] = None
        elif small not in _ALWAYS[kind]:
            known = [*_ALWAYS[kind], *(_TOP_K if kind == "classification" else ())]
            raise StudyError(
                f"`{reference}` must be compiled with metrics that are known here, "
                f"got {name}",
                hint=f"leave it out of `metrics`: known are {', '.join(known)}",
            )
    return tuple(found)


def _named(part: Any) -> tuple[str, Mapping[str, Any]]:
    """The name of a loss or metric as Keras writes it, and its settings."""
    if isinstance(part, Mapping) and "class_name" in part:
        config = part.get("config")
        settings = config if isinstance(config, Mapping) else {}
        name = str(config if part["class_name"] == "function" else part["class_name"])
        return name, settings
    return str(part), {}


def _small(name: str) -> str:
    """`SparseCategoricalCrossentropy` as `sparse_categorical_crossentropy`."""
    if name.upper() == name:
        return name.lower()
    if name != name.lower():
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    return name
