"""The losses and metrics of ONE run, example by example, as JAX functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Float32, Shaped

from paribus.data import Dataset
from paribus.errors import StudyError, UserCodeError
from paribus.tasks import BINARY, TaskChoice, is_own, metric_name, top_k
from paribus.user_code import user_code


Outputs = Float[Array, "example output"]
Targets = Shaped[Array, " example"]
OfExamples = Float[Array, " example"]
OwnFunction = Callable[[Any, Any], Any]

N_EXAMPLES = 4  # that a user's function is checked with


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """What a run's outputs are for, fixed when its program is compiled.

    Attributes:
        choice: What the study says.
        n_classes: Number of classes; 0 where numbers are predicted.
        class_weights: By class, `"balanced"` worked out; None for 1.
        mean: Of the numbers to be predicted, in training; 0 to predict them as they
            are.
        deviation: Theirs; 1 to predict them as they are.
    """

    choice: TaskChoice = field(default_factory=TaskChoice)
    n_classes: int = 0
    class_weights: Float32[np.ndarray, " label"] | None = None
    mean: float = 0.0
    deviation: float = 1.0

    def opened(self, outputs: Outputs) -> Float[Array, "example opened"]:
        """The model's outputs as losses take them: of log-odds two logits."""
        if self.choice.loss_name != BINARY:
            return outputs
        # softmax(0, z) is (1 - sigmoid(z), sigmoid(z)).
        return jnp.concatenate([jnp.zeros_like(outputs), outputs], axis=-1)

    def losses(self, outputs: Outputs, targets: Targets) -> OfExamples:
        """What training descends on, of each example."""
        name = self.choice.loss_name
        if is_own(name):
            return self._own(name)(self._plain(outputs), self._scaled(targets))
        if self.choice.is_classification:
            return self._entropies(outputs, targets)
        errors = outputs[:, 0] - self._scaled(targets)
        match name:
            case "mean_squared_error":
                return jnp.square(errors)
            case "mean_absolute_error":
                return jnp.abs(errors)
        delta = self.choice.delta
        sizes = jnp.abs(errors)
        within = jnp.minimum(sizes, delta)
        return 0.5 * within**2 + delta * (sizes - within)

    def correct(self, outputs: Outputs, targets: Targets) -> Bool[Array, " example"]:
        """Which examples are classified right; none where numbers are predicted."""
        if not self.choice.is_classification:
            return jnp.zeros(len(targets), bool)
        return jnp.argmax(outputs, axis=-1) == targets

    def extras(self, outputs: Outputs, targets: Targets) -> dict[str, OfExamples]:
        """What the metrics beside loss and accuracy are means of, by name."""
        found = {
            metric_name(metric): self._extra(metric, outputs, targets)
            for metric in self.choice.metrics
        }
        if self.choice.is_classification:
            return found
        errors = self.deviation * (outputs[:, 0] - self._scaled(targets))
        return {"rmse": jnp.square(errors), "mae": jnp.abs(errors), **found}

    def finished(
        self, means: Mapping[str, Float[Array, ""]], targets: Targets
    ) -> dict[str, Float[Array, ""]]:
        """The metrics of a split from the means over its examples.

        Args:
            means: Of what `extras` gives.
            targets: All of the split.
        """
        if self.choice.is_classification:
            return dict(means)
        squared = means["rmse"]
        spread = self.deviation**2 * jnp.var(self._scaled(targets))
        own = {
            name: mean for name, mean in means.items() if name not in ("rmse", "mae")
        }
        return {
            "rmse": jnp.sqrt(squared),
            "mae": means["mae"],
            "r2": 1.0 - squared / spread,
            **own,
        }

    def _scaled(self, targets: Targets) -> Targets:
        if self.choice.is_classification:
            return targets
        if not self.choice.standardise:
            return targets
        return (targets - self.mean) / self.deviation

    def _plain(self, outputs: Outputs) -> Array:
        """Outputs as functions of the user's own take them."""
        return outputs if self.choice.is_classification else outputs[:, 0]

    def _own(self, reference: str) -> OwnFunction:
        return self.choice.functions[reference]

    def _entropies(self, logits: Outputs, labels: Targets) -> OfExamples:
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        share = self.choice.label_smoothing
        if share:
            # A label spread evenly costs the mean over classes of -log probability.
            spread = -jax.nn.log_softmax(logits).mean(axis=-1)
            losses = (1 - share) * losses + share * spread
        if self.class_weights is None:
            return losses
        return losses * jnp.asarray(self.class_weights)[labels]

    def _extra(self, metric: str, outputs: Outputs, targets: Targets) -> OfExamples:
        if is_own(metric):
            scaled = self.deviation * self._plain(outputs) + self.mean
            values = outputs if self.choice.is_classification else scaled
            return self._own(metric)(values, targets).astype(jnp.float32)
        if metric == "nll":
            return optax.softmax_cross_entropy_with_integer_labels(outputs, targets)
        if metric == "error":
            return 1.0 - self.correct(outputs, targets)
        k = top_k(metric)
        assert k is not None
        right = jnp.take_along_axis(outputs, targets[:, None], axis=-1)
        # Of equal logits the first counts, as it does for accuracy.
        is_before = jnp.arange(outputs.shape[-1]) < targets[:, None]
        n_above = (outputs > right) | ((outputs == right) & is_before)
        return (n_above.sum(axis=-1) < k).astype(jnp.float32)


def make_task(choice: TaskChoice, dataset: Dataset) -> Task:
    """Fit what a study predicts to its data.

    Raises:
        StudyError: If they have other classes than the task needs.
        UserCodeError: If a loss or a metric of the user's own cannot be used.
    """
    labels, n_classes = dataset.train.labels, dataset.n_classes
    mean, deviation = 0.0, 1.0
    if choice.standardise:
        mean = float(labels.mean(dtype=np.float64))
        deviation = float(labels.std(dtype=np.float64))
    if choice.loss == BINARY and n_classes != 2:
        raise StudyError(
            f"`task.loss` {BINARY} needs two classes, got data of {n_classes}",
            key=("task", "loss"),
        )
    for metric in choice.metrics:
        if (k := top_k(metric) or 0) and k >= n_classes:
            raise StudyError(
                f"`task.metrics` `{metric}` needs more than {k} classes, got data of "
                f"{n_classes}: every run would score 100 %",
                key=("task", "metrics"),
            )
    task = Task(
        choice=choice,
        n_classes=n_classes,
        class_weights=_class_weights(choice, dataset),
        mean=mean,
        deviation=deviation,
    )
    for reference in (choice.loss_name, *choice.metrics):
        if is_own(reference):
            _check_own(task, reference)
    return task


def _class_weights(
    choice: TaskChoice, dataset: Dataset
) -> Float32[np.ndarray, " label"] | None:
    weights, n_classes = choice.class_weights, dataset.n_classes
    if weights is None:
        return None
    if weights == "balanced":
        counts = np.bincount(dataset.train.labels, minlength=n_classes)
        balanced = counts.sum() / (n_classes * np.maximum(counts, 1))
        return balanced.astype(np.float32)
    assert isinstance(weights, tuple)
    if len(weights) != n_classes:
        raise StudyError(
            f"`task.class_weights` must be {n_classes} numbers, one for each class of "
            f"the data, got {len(weights)}",
            key=("task", "class_weights"),
        )
    return np.array(weights, np.float32)


def _check_own(task: Task, reference: str) -> None:
    """Refuse a function that is not one of (outputs, targets), example by example."""
    if reference not in task.choice.functions:
        raise UserCodeError(f"`{reference}` is only known by its name here")
    function = task.choice.functions[reference]
    is_loss = reference == task.choice.loss
    what = "a loss" if is_loss else "a metric"
    outputs, targets = _tried(task)
    with user_code(reference, f"be used as {what} of (outputs, targets)"):
        values = jax.eval_shape(function, outputs, targets)
    shape = getattr(values, "shape", None)
    if shape != (N_EXAMPLES,):
        got = type(values).__name__ if shape is None else f"shape {shape}"
        hint = ""
        if shape == ():
            hint = "leave out the mean over examples: it is taken here"
        raise UserCodeError(
            f"`{reference}` must return {what} for each example, for {N_EXAMPLES} "
            f"examples the shape ({N_EXAMPLES},), got {got}",
            hint=hint,
        )
    if is_loss and not jnp.issubdtype(values.dtype, jnp.floating):
        raise UserCodeError(
            f"`{reference}` must return floating-point losses, got {values.dtype}"
        )
    if not is_loss:
        return
    with user_code(reference, "be differentiated"):
        gradient = jax.grad(lambda o: function(o, targets).mean())(outputs)
    if not jnp.isfinite(gradient).all():
        raise UserCodeError(
            f"`{reference}` must have a finite gradient, got one that is not for "
            f"outputs {np.asarray(outputs).ravel()[:3].tolist()}..."
        )
    _check_by_example(function, reference, outputs, targets)


def _check_by_example(
    function: OwnFunction, reference: str, outputs: Array, targets: Array
) -> None:
    """Refuse a loss of an example that depends on the others."""
    with user_code(reference, "be used as a loss of (outputs, targets)"):
        together = np.asarray(function(outputs, targets))
        alone = np.asarray(function(outputs[:1], targets[:1]))
    # A loss of a single example may be summed in another order.
    if not np.allclose(together[:1], alone, rtol=1e-4, atol=1e-6):
        raise UserCodeError(
            f"`{reference}` must give the loss of each example by itself, got "
            f"{together[0]:g} for one among {N_EXAMPLES} and {alone[0]:g} alone"
        )


def _tried(task: Task) -> tuple[Array, Array]:
    """Outputs and targets to try a function with, as it will be given them."""
    key = jax.random.key(0)
    if not task.choice.is_classification:
        outputs = jax.random.normal(key, (N_EXAMPLES,))
        return outputs, outputs[::-1] + 0.5
    outputs = jax.random.normal(key, (N_EXAMPLES, task.n_classes))
    return outputs, jnp.arange(N_EXAMPLES) % task.n_classes


def guessing(task: Task, dataset: Dataset) -> dict[str, Any]:
    """What guessing scores: constant outputs, as fields of `DataFacts`.

    Of classes their shares in training, weighted and smoothed as the loss is, which no
    constant beats; of numbers the training mean, whatever the loss is.

    Returns:
        `label_entropy`, the loss, and `guessing`, the metrics beside it; nothing for
        the cross-entropy alone, of which the data know it.
    """
    choice = task.choice
    if choice.is_plain or (choice.has_plain_loss and not choice.metrics):
        return {}
    labels = jnp.asarray(dataset.train.labels)
    row = _constant(task, dataset)
    # One row for each label, or all of them: constants do not depend on the example.
    outputs = jnp.broadcast_to(row, (len(labels), len(row)))
    means = {n: v.mean() for n, v in task.extras(outputs, labels).items()}
    metrics = {n: float(v) for n, v in task.finished(means, labels).items()}
    if not choice.is_classification:
        metrics["r2"] = 0.0
    finite = {name: value for name, value in metrics.items() if np.isfinite(value)}
    loss = float(task.losses(outputs, labels).mean())
    return {"label_entropy": loss, "guessing": finite}


def _constant(task: Task, dataset: Dataset) -> Float[Array, " output"]:
    labels = dataset.train.labels
    if not task.choice.is_classification:
        mean = float(labels.mean(dtype=np.float64))
        return jnp.array([(mean - task.mean) / task.deviation])
    mass = np.bincount(labels, minlength=task.n_classes).astype(np.float64)
    if task.class_weights is not None:
        mass *= task.class_weights
    share = task.choice.label_smoothing
    mass = (1 - share) * mass + share * mass.sum() / len(mass)
    return jnp.log(jnp.maximum(jnp.asarray(mass / mass.sum()), 1e-30))
