"""ONE run: start it, train it for a segment of steps. No axis for runs anywhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, UInt32

from paribus.engine.keys import purpose_key
from paribus.engine.measures import (
    Measures,
    SampledStep,
    measure_step,
    next_sampled,
    start_measures,
    watch_early_loss,
    watch_loss,
)
from paribus.models.model import Dropout, Model
from paribus.optimizers.transformations import build_optimizer


# One run's traced hyperparameters by name, e.g. its learning rate.
Traced = Mapping[str, Float[Array, ""]]

# Traced where a study sets or varies it; without it a program draws no masks.
DROPOUT = "dropout"


class Arrays(NamedTuple):
    """Examples on the device, as bytes or float32, with their labels."""

    inputs: Array
    labels: Int[Array, " example"]


class Steps(NamedTuple):
    """The steps of a `paribus.data.batches.Segment`, as traced numbers.

    They are shared by all runs of a block, so that a loop or a condition that depends
    on them alone stays one under vmap.

    Attributes:
        first_step: Within the epoch, from 0.
        n_steps: Steps of a whole batch each.
        has_partial: Whether the epoch's last, partial batch follows.
        n_before: Steps of the run before this epoch.
        span: Steps in each of the spans by which the average of the loss moves.
    """

    first_step: ArrayLike
    n_steps: ArrayLike
    has_partial: ArrayLike
    n_before: ArrayLike
    span: ArrayLike


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
        measures: What is known of the run so far.
        seed: The words of its seed where a step draws anything, else None: nothing.
    """

    params: Any
    optimizer: Any
    step: Int[Array, ""]
    diverged_at: Int[Array, ""]
    loss_sum: Float[Array, ""]
    n_correct: Int[Array, ""]
    n_seen: Int[Array, ""]
    measures: Measures
    seed: UInt32[Array, "2"] | None


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
        own = {name: value for name, value in traced.items() if name != DROPOUT}
        settings = {**own, **self.static_settings}
        return build_optimizer(self.optimizer_name, settings, step=step)

    def scaled(self, batch: Arrays) -> Float[Array, "example ..."]:
        """Inputs as the model sees them."""
        return batch.inputs.astype(jnp.float32) / self.input_divisor

    def loss_and_correct(
        self, params: Any, batch: Arrays, dropout: Dropout | None = None
    ) -> tuple[Float[Array, ""], Bool[Array, " example"]]:
        """Mean cross-entropy from logits, in nats; which are classified right."""
        logits = self.model.apply(params, self.scaled(batch), dropout)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch.labels)
        return losses.mean(), jnp.argmax(logits, axis=-1) == batch.labels


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
        measures=start_measures(params),
        seed=seed if DROPOUT in traced else None,
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
    return _train(recipe, _as_it_is, state, traced, order, data, steps)


def train_run_carefully(
    recipe: Recipe,
    state: RunState,
    traced: Traced,
    order: Int[Array, " example"],
    data: Arrays,
    steps: Steps,
) -> RunState:
    """As `train_run`, but freeze the run before its first step that is not finite."""
    return _train(recipe, _frozen_if_bad, state, traced, order, data, steps)


def has_gone_bad(state: RunState) -> Bool[Array, ""]:
    """Whether any loss since the last evaluation, or any weight, is not finite."""
    return ~(jnp.isfinite(state.loss_sum) & _all_finite(state.params))


class _Done(NamedTuple):
    """What one step was."""

    old: RunState
    new: RunState
    gradient: Any
    loss: Float[Array, ""]
    dropout: Dropout | None


_Keep = Callable[[_Done, Measures], RunState]


def _train(
    recipe: Recipe,
    keep: _Keep,
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

    def whole_batch(k: Array) -> Arrays:
        return take(jax.lax.dynamic_slice_in_dim(order, k * batch_size, batch_size))

    def plain(k: Array, state: RunState) -> RunState:
        done = _step(recipe, state, traced, whole_batch(k))
        return keep(done, watch_loss(state.measures, done.loss, steps.span))

    def sampled(k: Array, state: RunState) -> RunState:
        batch, index = whole_batch(k), steps.n_before + k
        done = _step(recipe, state, traced, batch)
        measures = watch_loss(state.measures, done.loss, steps.span)
        measures = watch_early_loss(measures, done.loss, batch_size, index)
        return keep(done, _measured(recipe, measures, done, batch, index))

    # Sampled steps are the ends of the stretches between them, not branches of a step:
    # all other steps are what they would be without any measure. How far a stretch goes
    # is known from the shared numbers alone, so this is a loop under vmap too.
    after_last = steps.first_step + steps.n_steps

    def stretch(at: tuple[Array, RunState]) -> tuple[Array, RunState]:
        k, state = at
        end = jnp.minimum(next_sampled(steps.n_before + k) - steps.n_before, after_last)
        state = jax.lax.fori_loop(k, end, plain, state)
        after = jnp.minimum(end + 1, after_last)
        return after, jax.lax.fori_loop(end, after, sampled, state)

    # The number of steps is traced, so one program serves every evaluation cadence.
    start = jnp.asarray(steps.first_step)
    _, state = jax.lax.while_loop(
        lambda at: at[0] < after_last, stretch, (start, state)
    )
    if not n_partial:
        return state

    def partial(state: RunState) -> RunState:
        batch = take(order[-n_partial:])
        done = _step(recipe, state, traced, batch)
        measures = watch_loss(state.measures, done.loss, steps.span)
        index = steps.n_before + recipe.n_examples // batch_size
        return keep(done, watch_early_loss(measures, done.loss, n_partial, index))

    return jax.lax.cond(steps.has_partial, partial, lambda state: state, state)


def _step(recipe: Recipe, old: RunState, traced: Traced, batch: Arrays) -> _Done:
    differentiate = jax.value_and_grad(recipe.loss_and_correct, has_aux=True)
    dropout = _dropout(old, traced)
    (loss, correct), gradient = differentiate(old.params, batch, dropout)
    updates, optimizer_state = recipe.optimizer(traced, step=old.step).update(
        gradient, old.optimizer, old.params
    )
    n_examples = len(batch.labels)
    new = RunState(
        params=optax.apply_updates(old.params, updates),
        optimizer=optimizer_state,
        step=old.step + 1,
        diverged_at=old.diverged_at,
        loss_sum=old.loss_sum + loss * n_examples,
        n_correct=old.n_correct + correct.sum(),
        n_seen=old.n_seen + n_examples,
        measures=old.measures,
        seed=old.seed,
    )
    return _Done(old, new, gradient, loss, dropout)


def _dropout(state: RunState, traced: Traced) -> Dropout | None:
    """What the next step leaves out; None where the program has no dropout."""
    if state.seed is None:
        return None
    key = jax.random.fold_in(purpose_key(state.seed, DROPOUT), state.step)
    return Dropout(key=key, rate=traced[DROPOUT])


def _measured(
    recipe: Recipe, measures: Measures, done: _Done, batch: Arrays, index: ArrayLike
) -> Measures:
    # With the step's own mask: another one would change the loss by itself.
    loss_after, _ = recipe.loss_and_correct(done.new.params, batch, done.dropout)
    sampled = SampledStep(
        before=done.old.params,
        after=done.new.params,
        gradient=done.gradient,
        loss=done.loss,
        loss_after=loss_after,
    )
    return measure_step(measures, sampled, index)


def _as_it_is(done: _Done, measures: Measures) -> RunState:
    return done.new._replace(measures=measures)


def _frozen_if_bad(done: _Done, measures: Measures) -> RunState:
    old, new = done.old, done.new._replace(measures=measures)
    was_alive = old.diverged_at == 0
    is_alive = was_alive & jnp.isfinite(done.loss) & _all_finite(new.params)
    # Selected with `where`: a mask by multiplication would turn 0 × NaN into NaN.
    kept = jax.tree.map(lambda n, o: jnp.where(is_alive, n, o), new, old)
    diverged_at = jnp.where(was_alive & ~is_alive, new.step, old.diverged_at)
    return kept._replace(diverged_at=diverged_at)


def _all_finite(tree: Any) -> Bool[Array, ""]:
    return jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]).all()
