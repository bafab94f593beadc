"""ONE run: start it, train it for a segment of steps, evaluate it. No axis for runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, UInt32

from paribus.engine.keys import purpose_key
from paribus.models.model import Model
from paribus.optimizers.transformations import build_optimizer


EVALUATION_CHUNK = 1000

# One run's traced hyperparameters by name, e.g. its learning rate.
Traced = Mapping[str, Float[Array, ""]]


class Arrays(NamedTuple):
    """Examples on the device, as bytes or float32, with their labels."""

    inputs: Array
    labels: Int[Array, " example"]


class Steps(NamedTuple):
    """The steps of a `paribus.data.batches.Segment`, as traced numbers."""

    first_step: ArrayLike
    n_steps: ArrayLike
    has_partial: ArrayLike


class RunState(NamedTuple):
    """All that changes while one run trains.

    Attributes:
        params: The model's weights.
        optimizer: The optimizer's state.
        step: Steps done.
        diverged_at: The first step with a non-finite loss or weight, counted from 1; 0
            while there is none. The run is frozen in its last finite state.
        loss_sum: Sum of the training losses of the examples seen since the last
            evaluation, each before its own step.
        n_correct: How many of them were classified correctly.
        n_seen: How many there were.
    """

    params: Any
    optimizer: Any
    step: Int[Array, ""]
    diverged_at: Int[Array, ""]
    loss_sum: Float[Array, ""]
    n_correct: Int[Array, ""]
    n_seen: Int[Array, ""]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is fixed when the program of a run is compiled.

    Attributes:
        model: The model.
        optimizer_name: A key of `paribus.hyperparameters.OPTIMIZERS`.
        static_settings: The optimizer's hyperparameters that are not traced.
        batch_size: Examples per step, at most `n_examples`.
        n_examples: Examples in the training split.
        input_divisor: What inputs are divided by before the model sees them.
    """

    model: Model
    optimizer_name: str
    static_settings: Mapping[str, Any]
    batch_size: int
    n_examples: int
    input_divisor: float

    def optimizer(
        self, traced: Traced, *, step: ArrayLike
    ) -> optax.GradientTransformation:
        """The optimizer of a step, inside the traced function that uses it."""
        settings = {**traced, **self.static_settings}
        return build_optimizer(self.optimizer_name, settings, step=step)

    def loss_and_correct(self, params: Any, batch: Arrays) -> tuple[Array, Array]:
        """Mean cross-entropy from logits, in nats; how many are classified right."""
        inputs = batch.inputs.astype(jnp.float32) / self.input_divisor
        logits = self.model.apply(params, inputs)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch.labels)
        correct = jnp.argmax(logits, axis=-1) == batch.labels
        return losses.mean(), correct.sum()


def start_run(recipe: Recipe, seed: UInt32[Array, "2"], traced: Traced) -> RunState:
    """The state before the first step; its weights depend on the seed alone."""
    params = recipe.model.init(purpose_key(seed, "initialisation"))
    zero = jnp.zeros((), jnp.int32)
    return RunState(
        params=params,
        optimizer=recipe.optimizer(traced, step=0).init(params),
        step=zero,
        diverged_at=zero,
        loss_sum=jnp.zeros(()),
        n_correct=zero,
        n_seen=zero,
    )


def train_run(
    recipe: Recipe,
    state: RunState,
    traced: Traced,
    order: Int[Array, " example"],
    data: Arrays,
    steps: Steps,
) -> RunState:
    """Train for some steps of one epoch, whatever becomes of the numbers.

    A run that `has_gone_bad` afterwards is trained again from `state` with
    `train_run_carefully`. Looking at every weight after every step would cost a fifth
    of the training time of every healthy run, and what is not finite stays so.
    """
    return _train(recipe, _step, state, traced, order, data, steps)


def train_run_carefully(
    recipe: Recipe,
    state: RunState,
    traced: Traced,
    order: Int[Array, " example"],
    data: Arrays,
    steps: Steps,
) -> RunState:
    """As `train_run`, but freeze the run before its first step that is not finite."""
    return _train(recipe, _step_or_freeze, state, traced, order, data, steps)


def has_gone_bad(state: RunState) -> Bool[Array, ""]:
    """Whether any loss since the last evaluation, or any weight, is not finite."""
    return ~(jnp.isfinite(state.loss_sum) & _all_finite(state.params))


def evaluate_run(
    recipe: Recipe, state: RunState, splits: Mapping[str, Arrays]
) -> tuple[RunState, dict[str, Float[Array, ""]]]:
    """Measure loss and accuracy on every split, and set the state's sums back to zero.

    Returns:
        The state, and `<split>_<metric>` -> value. `minibatch_loss` is the mean over
        the examples trained on since the last evaluation, as most loops print it.
        A diverged run has NaN throughout.
    """
    n_seen = state.n_seen.astype(jnp.float32)  # 0 before the first step: 0 / 0 is NaN
    metrics = {
        "minibatch_loss": state.loss_sum / n_seen,
        "minibatch_accuracy": state.n_correct / n_seen,
    }
    for name, split in splits.items():
        loss, accuracy = _evaluate_split(recipe, state.params, split)
        metrics[f"{name}_loss"] = loss
        metrics[f"{name}_accuracy"] = accuracy
    is_alive = state.diverged_at == 0
    metrics = {name: jnp.where(is_alive, v, jnp.nan) for name, v in metrics.items()}
    zero = jnp.zeros((), jnp.int32)
    return state._replace(loss_sum=jnp.zeros(()), n_correct=zero, n_seen=zero), metrics


_StepFunction = Callable[[Recipe, RunState, Traced, Arrays], RunState]


def _train(
    recipe: Recipe,
    step: _StepFunction,
    state: RunState,
    traced: Traced,
    order: Int[Array, " example"],
    data: Arrays,
    steps: Steps,
) -> RunState:
    batch_size = recipe.batch_size
    n_partial = recipe.n_examples % batch_size

    def take(indices: Int[Array, " batch"]) -> Arrays:
        return Arrays(data.inputs[indices], data.labels[indices])

    def whole_batch(k: Array, state: RunState) -> RunState:
        indices = jax.lax.dynamic_slice_in_dim(order, k * batch_size, batch_size)
        return step(recipe, state, traced, take(indices))

    # The number of steps is traced, so one program serves every evaluation cadence.
    after_last = steps.first_step + steps.n_steps
    state = jax.lax.fori_loop(steps.first_step, after_last, whole_batch, state)
    if not n_partial:
        return state
    return jax.lax.cond(
        steps.has_partial,
        lambda state: step(recipe, state, traced, take(order[-n_partial:])),
        lambda state: state,
        state,
    )


def _step(recipe: Recipe, state: RunState, traced: Traced, batch: Arrays) -> RunState:
    return _step_with_loss(recipe, state, traced, batch)[0]


def _step_with_loss(
    recipe: Recipe, state: RunState, traced: Traced, batch: Arrays
) -> tuple[RunState, Float[Array, ""]]:
    differentiate = jax.value_and_grad(recipe.loss_and_correct, has_aux=True)
    (loss, n_correct), gradient = differentiate(state.params, batch)
    updates, optimizer_state = recipe.optimizer(traced, step=state.step).update(
        gradient, state.optimizer, state.params
    )
    n_examples = len(batch.labels)
    new = RunState(
        params=optax.apply_updates(state.params, updates),
        optimizer=optimizer_state,
        step=state.step + 1,
        diverged_at=state.diverged_at,
        loss_sum=state.loss_sum + loss * n_examples,
        n_correct=state.n_correct + n_correct,
        n_seen=state.n_seen + n_examples,
    )
    return new, loss


def _step_or_freeze(
    recipe: Recipe, old: RunState, traced: Traced, batch: Arrays
) -> RunState:
    new, loss = _step_with_loss(recipe, old, traced, batch)
    was_alive = old.diverged_at == 0
    is_alive = was_alive & jnp.isfinite(loss) & _all_finite(new.params)
    # Selected with `where`: a mask by multiplication would turn 0 × NaN into NaN.
    kept = jax.tree.map(lambda n, o: jnp.where(is_alive, n, o), new, old)
    diverged_at = jnp.where(was_alive & ~is_alive, new.step, old.diverged_at)
    return kept._replace(diverged_at=diverged_at)


def _all_finite(tree: Any) -> Bool[Array, ""]:
    return jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]).all()


def _evaluate_split(recipe: Recipe, params: Any, split: Arrays) -> tuple[Array, Array]:
    """Mean loss and accuracy, a cache-sized chunk of examples at a time."""
    n = len(split.labels)
    n_whole = n // EVALUATION_CHUNK * EVALUATION_CHUNK
    loss_sum, n_correct = jnp.zeros(()), jnp.zeros((), jnp.int32)

    def sums(chunk: Arrays) -> tuple[Array, Array]:
        loss, n_correct = recipe.loss_and_correct(params, chunk)
        return loss * len(chunk.labels), n_correct

    if n_whole:
        chunks = jax.tree.map(
            lambda a: a[:n_whole].reshape(-1, EVALUATION_CHUNK, *a.shape[1:]), split
        )
        loss_sums, counts = jax.lax.map(sums, chunks)
        loss_sum, n_correct = loss_sums.sum(), counts.sum()
    if n_whole < n:
        rest_loss, rest_count = sums(jax.tree.map(lambda a: a[n_whole:], split))
        loss_sum, n_correct = loss_sum + rest_loss, n_correct + rest_count
    return loss_sum / n, n_correct / n
