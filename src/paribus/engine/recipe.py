"""What ONE run is made of: model, optimizer and task, fixed when it is compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Key, Shaped

from paribus.data.dataset import Scaling
from paribus.engine.tasks import Task
from paribus.models.model import Hyperparameters, Model
from paribus.optimizers.transformations import build_optimizer


# One run's traced hyperparameters by name, e.g. its learning rate.
Traced = Mapping[str, Float[Array, ""]]


class Arrays(NamedTuple):
    """Examples on the device, as bytes or float32, with their labels.

    Labels are classes as int32, or the numbers to be predicted as float32.
    """

    inputs: Array
    labels: Shaped[Array, " example"]


class Fitted(NamedTuple):
    """A model's numbers at one moment: all that its outputs depend on.

    Attributes:
        params: Its weights.
        state: What training changes without gradients, e.g. running statistics.
        hyperparameters: Its own traced hyperparameters.
    """

    params: Any
    state: Any
    hyperparameters: Hyperparameters


class Trained(NamedTuple):
    """What a training step says beside its objective.

    Attributes:
        loss: Mean loss of the batch, without the penalty.
        correct: Which of its examples were classified right; none of numbers.
        state: The model's state afterwards.
    """

    loss: Float[Array, ""]
    correct: Bool[Array, " example"]
    state: Any


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is fixed when the program of a run is compiled.

    Attributes:
        model: The model.
        optimizer_name: A key of `paribus.optimizer_catalogue.OPTIMIZERS`.
        static_settings: The optimizer's hyperparameters that are not traced.
        batch_size: Examples per step, at most `n_examples`.
        n_examples: Examples in the training split.
        input_divisor: What inputs are divided by before the model sees them.
        scaling: What standardises inputs, in place of the division; None for nothing.
        task: What its outputs are for.
    """

    model: Model
    optimizer_name: str
    static_settings: Mapping[str, Any]
    batch_size: int
    n_examples: int
    input_divisor: float
    scaling: Scaling | None = None
    task: Task = field(default_factory=Task)

    def optimizer(
        self, traced: Traced, *, step: ArrayLike
    ) -> optax.GradientTransformation:
        """The optimizer of a step, inside the traced function that uses it."""
        models = self.model.hyperparameters
        own = {name: value for name, value in traced.items() if name not in models}
        settings = {**own, **self.static_settings}
        return build_optimizer(self.optimizer_name, settings, step=step)

    def scaled(self, batch: Arrays) -> Float[Array, "example ..."]:
        """Inputs as the model sees them."""
        inputs = batch.inputs.astype(jnp.float32)
        if self.scaling is not None:
            return (inputs - self.scaling.mean) / self.scaling.deviation
        return inputs / self.input_divisor

    def logits(self, fitted: Fitted, batch: Arrays) -> Float[Array, "example class"]:
        """The outputs in evaluation: nothing is drawn, running statistics are used."""
        applied = self.model.apply(
            fitted.params,
            fitted.state,
            self.scaled(batch),
            hyperparameters=fitted.hyperparameters,
        )
        return self.task.opened(applied.outputs)

    def losses(self, fitted: Fitted, batch: Arrays) -> Float[Array, " example"]:
        """The loss of each example in evaluation."""
        return self.task.losses(self.logits(fitted, batch), batch.labels)

    def objective(
        self,
        params: Any,
        fitted: Fitted,
        batch: Arrays,
        key: Key[Array, ""] | None,
        *,
        train: bool = True,
    ) -> tuple[Float[Array, ""], Trained]:
        """What a training step descends on: the loss of its batch and the penalty.

        Args:
            params: The weights; those of `fitted` do not count.
            fitted: The rest of the model.
            batch: The step's examples.
            key: Draws what the step leaves out; None if the model draws nothing.
            train: Whether the model is as in a training step, not as in evaluation.
        """
        applied = self.model.apply(
            params,
            fitted.state,
            self.scaled(batch),
            hyperparameters=fitted.hyperparameters,
            train=train,
            key=key,
        )
        outputs = self.task.opened(applied.outputs)
        loss = self.task.losses(outputs, batch.labels).mean()
        correct = self.task.correct(outputs, batch.labels)
        total = loss if applied.penalty is None else loss + applied.penalty
        return total, Trained(loss, correct, applied.state)
