"""ONE run: start it, train it for a segment of steps. No axis for runs anywhere."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, Key, UInt32

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
from paribus.engine.recipe import Arrays, Fitted, Recipe, Traced
from paribus.models.model import Hyperparameters


class Steps(NamedTuple):
    """The steps of a `paribus.engine.feed.Part`, as traced numbers.

    They are shared by all runs of a block, so that a loop or a condition that depends
    on them alone stays one under vmap.

    Attributes:
        first_step: Within the order of the examples, from 0.
        n_steps: Steps of a whole batch each.
        has_partial: Whether the epoch's last, partial batch follows.
        n_before: Steps of the run before those of the order.
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
        model: The model's state; `()` for most.
        hyperparameters: The model's own traced hyperparameters; they stay as they are.
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
    model: Any
    hyperparameters: Hyperparameters
    optimizer: Any
    step: Int[Array, ""]
    diverged_at: Int[Array, ""]
    loss_sum: Float[Array, ""]
    n_correct: Int[Array, ""]
    n_seen: Int[Array, ""]
    measures: Measures
    seed: UInt32[Array, "2"] | None

    @property
    def fitted(self) -> Fitted:
        """The model as it is now."""
        return Fitted(self.params, self.model, self.hyperparameters)


def start_run(recipe: Recipe, seed: UInt32[Array, "2"], traced: Traced) -> RunState:
    """The state before the first step; its weights depend on the seed alone."""
    model = recipe.model
    hyperparameters = {name: traced[name] for name in model.hyperparameters}
    params, state = model.init(purpose_key(seed, "initialisation"), hyperparameters)
    zero = jnp.zeros((), jnp.int32)
    return RunState(
        params=params,
        model=state,
        hyperparameters=hyperparameters,
        optimizer=recipe.optimizer(traced, step=0).init(params),
        step=zero,
        diverged_at=zero,
        loss_sum=jnp.zeros(()),
        n_correct=zero,
        n_seen=zero,
        measures=start_measures(params),
        seed=seed if model.draws else None,
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
    return ~(jnp.isfinite(state.loss_sum) & _is_finite(state))


class _Done(NamedTuple):
    """What one step was; `objective` is the loss and the penalty."""

    old: RunState
    new: RunState
    gradient: Any
    loss: Float[Array, ""]
    objective: Float[Array, ""]
    key: Key[Array, ""] | None


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
        index = steps.n_before + after_last
        return keep(done, watch_early_loss(measures, done.loss, n_partial, index))

    return jax.lax.cond(steps.has_partial, partial, lambda state: state, state)


def _step(recipe: Recipe, old: RunState, traced: Traced, batch: Arrays) -> _Done:
    differentiate = jax.value_and_grad(recipe.objective, has_aux=True)
    key = _step_key(old)
    (objective, trained), gradient = differentiate(old.params, old.fitted, batch, key)
    updates, optimizer_state = recipe.optimizer(traced, step=old.step).update(
        gradient, old.optimizer, old.params
    )
    n_examples = len(batch.labels)
    new = RunState(
        params=optax.apply_updates(old.params, updates),
        model=trained.state,
        hyperparameters=old.hyperparameters,
        optimizer=optimizer_state,
        step=old.step + 1,
        diverged_at=old.diverged_at,
        loss_sum=old.loss_sum + trained.loss * n_examples,
        n_correct=old.n_correct + trained.correct.sum(),
        n_seen=old.n_seen + n_examples,
        measures=old.measures,
        seed=old.seed,
    )
    return _Done(old, new, gradient, trained.loss, objective, key)


def _step_key(state: RunState) -> Key[Array, ""] | None:
    """Draws what the next step leaves out; None where the program draws nothing."""
    if state.seed is None:
        return None
    return jax.random.fold_in(purpose_key(state.seed, "dropout"), state.step)


def _measured(
    recipe: Recipe, measures: Measures, done: _Done, batch: Arrays, index: ArrayLike
) -> Measures:
    # With the step's own mask: another one would change the loss by itself.
    after, _ = recipe.objective(done.new.params, done.old.fitted, batch, done.key)
    sampled = SampledStep(
        before=done.old.params,
        after=done.new.params,
        gradient=done.gradient,
        loss=done.objective,
        loss_after=after,
    )
    return measure_step(measures, sampled, index)


def _as_it_is(done: _Done, measures: Measures) -> RunState:
    return done.new._replace(measures=measures)


def _frozen_if_bad(done: _Done, measures: Measures) -> RunState:
    old, new = done.old, done.new._replace(measures=measures)
    was_alive = old.diverged_at == 0
    is_alive = was_alive & jnp.isfinite(done.objective) & _is_finite(new)
    # Selected with `where`: a mask by multiplication would turn 0 × NaN into NaN.
    kept = jax.tree.map(lambda n, o: jnp.where(is_alive, n, o), new, old)
    diverged_at = jnp.where(was_alive & ~is_alive, new.step, old.diverged_at)
    return kept._replace(diverged_at=diverged_at)


def _is_finite(state: RunState) -> Bool[Array, ""]:
    """Whether every weight is finite, and every real number of the model's state."""
    leaves = jax.tree.leaves((state.params, state.model))
    numbers = [leaf for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.floating)]
    return jnp.stack([jnp.isfinite(leaf).all() for leaf in numbers]).all()
