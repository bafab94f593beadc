"""The weights of ONE run when its training loss first fell to each of some levels."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from paribus.engine.curvature import preconditioner
from paribus.engine.recipe import Fitted, Recipe, Traced
from paribus.engine.run import RunState


# Sharpness is compared at equal training loss: with cross-entropy it falls with it.
LEVELS = (0.3, 0.1, 0.03, 0.01)


class Weights(NamedTuple):
    """What is measured of a run at one moment.

    Attributes:
        model: The model.
        preconditioner: What Adam divides by, shaped like its weights; None without.
    """

    model: Fitted
    preconditioner: Any


class Snapshots(NamedTuple):
    """Copies of a run's weights, one for each level.

    Attributes:
        weights: With an axis for the level in front of each array.
        loss: The training loss then, in nats; NaN for levels that were not reached.
    """

    weights: Weights
    loss: Float[Array, " level"]


def weights_of(recipe: Recipe, state: RunState, traced: Traced) -> Weights:
    """What is measured of a run as it is now."""
    diagonal = preconditioner(recipe.optimizer_name, state.optimizer, traced)
    return Weights(state.fitted, diagonal)


def start_snapshots(recipe: Recipe, state: RunState, traced: Traced) -> Snapshots:
    """No level is reached: the copies hold nothing of meaning."""
    weights = weights_of(recipe, state, traced)
    return Snapshots(
        weights=jax.tree.map(lambda leaf: jnp.stack([leaf] * len(LEVELS)), weights),
        loss=jnp.full(len(LEVELS), jnp.nan),
    )


def keep_snapshots(
    recipe: Recipe,
    snapshots: Snapshots,
    state: RunState,
    traced: Traced,
    train_loss: Float[Array, ""],
) -> Snapshots:
    """Copy the weights for each level that is reached for the first time."""
    # False for the NaN of a run that has diverged.
    is_first = jnp.isnan(snapshots.loss) & (train_loss <= jnp.array(LEVELS))

    def copied(kept: Array, now: Array) -> Array:
        condition = is_first.reshape(-1, *[1] * now.ndim)
        return jnp.where(condition, now[None], kept)

    weights = weights_of(recipe, state, traced)
    return Snapshots(
        weights=jax.tree.map(copied, snapshots.weights, weights),
        loss=jnp.where(is_first, train_loss, snapshots.loss),
    )
