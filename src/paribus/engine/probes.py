"""ONE run measured after training: its weights and data to numbers, by name."""

from collections.abc import Collection
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Key, UInt32

from paribus.engine.calibration import measure_calibration
from paribus.engine.curvature import (
    lambda_max,
    preconditioned_lambda_max,
    stability_edge,
)
from paribus.engine.evaluation import answers
from paribus.engine.keys import purpose_key
from paribus.engine.noise_scale import (
    NoiseScale,
    dense_gradient_norms2,
    noise_scale,
    two_batch_noise_scale,
)
from paribus.engine.recipe import Arrays, Fitted, Recipe, Traced
from paribus.engine.run import RunState
from paribus.engine.sharpness import asam_sharpness, keskar_phi, sam_sharpness
from paribus.engine.snapshots import LEVELS, Snapshots, Weights, weights_of


PROBED_EXAMPLES = 2000
N_SMALL_BATCHES = 40

Measured = dict[str, Float[Array, ""]]


class ProbeData(NamedTuple):
    """What runs are measured on.

    Attributes:
        examples: A fixed part of the training split; their number is the m of
            m-sharpness.
        test: The test split.
    """

    examples: Arrays
    test: Arrays


def probe_noise(
    recipe: Recipe, state: RunState, is_active: Bool[Array, ""], examples: Arrays
) -> Measured:
    """Measure the gradient noise scale at a run's weights, each part and the whole.

    Args:
        recipe: What is trained.
        state: The run as it is.
        is_active: Whether to measure; NaN otherwise, and for a run that has diverged.
        examples: Training examples.
    """

    def measure() -> Measured:
        scale = _noise_scale(recipe, state.fitted, examples)
        return {
            "noise_scale_trace": scale.trace,
            "noise_scale_gradient2": scale.gradient2,
            "noise_scale": scale.batch_size(),
        }

    return _measure_if(is_active & (state.diverged_at == 0), measure)


def probe_end(
    recipe: Recipe,
    asked: Collection[str],
    state: RunState,
    traced: Traced,
    seed: UInt32[Array, "2"],
    is_active: Bool[Array, ""],
    snapshots: Snapshots | None,
    data: ProbeData,
) -> Measured:
    """Measure a run at the end of its budget, and at the losses it was copied at.

    Args:
        recipe: What was trained.
        asked: Which of `paribus.declared.DIAGNOSTICS` to measure.
        state: The run at its end.
        traced: Its traced hyperparameters.
        seed: Its seed's words.
        is_active: Whether to measure; NaN otherwise, and for a run that has diverged.
        snapshots: Its weights at matched training losses; None if nothing needs them.
        data: What it is measured on.
    """
    is_measured = is_active & (state.diverged_at == 0)
    measured: Measured = {}
    if "weight_distance" in asked:
        key = purpose_key(seed, "initialisation")
        start, _ = recipe.model.init(key, state.hyperparameters)
        moved = jax.tree.map(jnp.subtract, state.params, start)
        distance = jnp.where(is_measured, optax.tree_utils.tree_norm(moved), jnp.nan)
        measured["weight_distance"] = distance
    if "calibration" in asked:
        measured |= _measure_if(
            is_measured, lambda: _calibration(recipe, state.fitted, data.test, seed)
        )
    if snapshots is not None:
        weights = weights_of(recipe, state, traced)
        measured |= _at_matched_losses(
            recipe, asked, weights, snapshots, traced, seed, is_measured, data.examples
        )
        if recipe.task.choice.is_classification:
            measured |= _matched_accuracies(recipe, snapshots, is_measured, data.test)
    return measured


def probe_weights(
    recipe: Recipe,
    asked: Collection[str],
    weights: Weights,
    traced: Traced,
    key: Key[Array, ""],
    examples: Arrays,
) -> Measured:
    """Measure curvature and sharpness at some weights, whichever of them is asked for.

    Args:
        recipe: What was trained.
        asked: Which of `paribus.declared.DIAGNOSTICS` to measure.
        weights: Where.
        traced: The run's traced hyperparameters.
        key: Draws the vector that the search for the curvature starts with.
        examples: Training examples; their number is the m of m-sharpness.
    """
    params = weights.model.params

    def loss(params: Any) -> Array:
        fitted = weights.model._replace(params=params)
        return recipe.losses(fitted, examples).mean()

    # Evaluation holds running statistics fixed, and so gives curvature to weights that
    # training cannot feel, as a bias before batch statistics.
    as_trained = _has_statistics(weights.model)
    step_key = key if as_trained and recipe.model.draws else None

    def objective(params: Any) -> Array:
        return recipe.objective(
            params, weights.model, examples, step_key, train=as_trained
        )[0]

    measured: Measured = {}
    if "curvature" in asked:
        settings = {**traced, **recipe.static_settings}
        curvature = lambda_max(objective, params, key).largest
        measured["lambda_max"] = curvature
        if weights.preconditioner is not None:
            curvature = preconditioned_lambda_max(
                objective, params, weights.preconditioner, key
            ).largest
            measured["preconditioned_lambda_max"] = curvature
        edge = stability_edge(recipe.optimizer_name, settings)
        measured["edge_ratio"] = curvature / edge
    if "sharpness" in asked:
        measured["asam_sharpness"] = asam_sharpness(loss, params)
        measured["asam_sharpness_10_steps"] = asam_sharpness(loss, params, n_steps=10)
        measured["sam_sharpness"] = sam_sharpness(loss, params)
        measured["keskar_phi"] = keskar_phi(loss, params)
    return measured


def _has_statistics(fitted: Fitted) -> bool:
    """Whether the model's state has real numbers, as running statistics are."""
    leaves = jax.tree.leaves(fitted.state)
    return any(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves)


def _at_matched_losses(
    recipe: Recipe,
    asked: Collection[str],
    weights: Weights,
    snapshots: Snapshots,
    traced: Traced,
    seed: UInt32[Array, "2"],
    is_measured: Bool[Array, ""],
    examples: Arrays,
) -> Measured:
    key = purpose_key(seed, "curvature")

    def measure(at: tuple[Weights, Array]) -> Measured:
        weights, is_there = at
        return _measure_if(
            is_there,
            lambda: probe_weights(recipe, asked, weights, traced, key, examples),
        )

    # One program for the end and all levels, which come after it.
    everywhere = jax.tree.map(
        lambda end, copies: jnp.concatenate([end[None], copies]),
        weights,
        snapshots.weights,
    )
    is_there = jnp.isfinite(jnp.append(0, snapshots.loss)) & is_measured
    values = jax.lax.map(measure, (everywhere, is_there))
    measured: Measured = {}
    for place, suffix in enumerate(["", *(f"_at_{level:g}" for level in LEVELS)]):
        measured |= {name + suffix: row[place] for name, row in values.items()}
    for place, level in enumerate(LEVELS):
        loss = jnp.where(is_measured, snapshots.loss[place], jnp.nan)
        measured[f"train_loss_at_{level:g}"] = loss
    return measured


def _matched_accuracies(
    recipe: Recipe, snapshots: Snapshots, is_measured: Bool[Array, ""], test: Arrays
) -> Measured:
    """The share of test examples classified right at each level of the loss."""

    def measure(at: tuple[Fitted, Array]) -> Measured:
        fitted, is_there = at
        return _measure_if(
            is_there,
            lambda: {"matched_test_accuracy": answers(recipe, fitted, test).mean()},
        )

    is_there = jnp.isfinite(snapshots.loss) & is_measured
    (row,) = jax.lax.map(measure, (snapshots.weights.model, is_there)).values()
    return {f"matched_test_accuracy_at_{v:g}": row[k] for k, v in enumerate(LEVELS)}


def _noise_scale(recipe: Recipe, fitted: Fitted, examples: Arrays) -> NoiseScale:
    def losses(params: Any) -> Array:
        return recipe.losses(fitted._replace(params=params), examples)

    params = fitted.params
    if recipe.model.layer_inputs is not None:
        entering = recipe.model.layer_inputs(params, recipe.scaled(examples))
        return noise_scale(*dense_gradient_norms2(losses, params, entering))
    # The parts are linear in the squared norms, so small batches may lie in the big.
    small = len(examples.labels) // N_SMALL_BATCHES
    batches = jax.tree.map(
        lambda a: a[: small * N_SMALL_BATCHES].reshape(-1, small, *a.shape[1:]),
        examples,
    )

    def loss(params: Any, batch: Arrays) -> Array:
        return recipe.losses(fitted._replace(params=params), batch).mean()

    gradients = jax.lax.map(lambda batch: jax.grad(loss)(params, batch), batches)
    norms2 = jax.vmap(_norm2)(gradients)
    mean = jax.tree.map(lambda rows: rows.mean(axis=0), gradients)
    big = small * N_SMALL_BATCHES
    return two_batch_noise_scale(norms2.mean(), _norm2(mean), small=small, big=big)


def _norm2(tree: Any) -> Float[Array, ""]:
    return optax.tree_utils.tree_norm(tree, squared=True)


def _calibration(
    recipe: Recipe, fitted: Fitted, test: Arrays, seed: UInt32[Array, "2"]
) -> Measured:
    logits = recipe.logits(fitted, test)
    key = purpose_key(seed, "calibration")
    measured = measure_calibration(logits, test.labels, key)
    return {f"test_{name}": value for name, value in measured._asdict().items()}


def _measure_if(condition: Bool[Array, ""], measure: Any) -> Measured:
    """What `measure` returns, or NaN for each of its names, without the work."""
    names = jax.eval_shape(measure)
    return jax.lax.cond(
        condition, measure, lambda: {name: jnp.full((), jnp.nan) for name in names}
    )
