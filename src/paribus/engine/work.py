"""How much a model computes: to divide training into calls of about a second."""

from typing import Any

import jax
import jax.numpy as jnp

from paribus.models.model import Model


# Roughly what a core with wide vectors does in a second of training, in products of the
# pass forwards: each is one of a weight with a number.
PRODUCTS_PER_S = 2e10


def products_per_example(model: Model, example_shape: tuple[int, ...]) -> float:
    """Products of the pass forwards: one a weight in dense layers, more elsewhere.

    Args:
        model: The model. One of dense layers alone is not looked into.
        example_shape: Shape of one example.
    """
    numbers = dict.fromkeys(model.hyperparameters, jnp.zeros(()))
    weights, state = jax.eval_shape(model.init, jax.random.key(0), numbers)
    n_weights = sum(leaf.size for leaf in jax.tree.leaves(weights))
    if model.layer_inputs is not None:
        return float(n_weights)

    def forwards(weights: Any, state: Any, inputs: jax.Array) -> jax.Array:
        return model.apply(weights, state, inputs, hyperparameters=numbers).outputs

    example = jax.ShapeDtypeStruct((1, *example_shape), jnp.float32)
    cost: Any = jax.jit(forwards).lower(weights, state, example).cost_analysis()
    # An embedding multiplies nothing, but its weights are optimized.
    return max(float(n_weights), cost["flops"] / 2)
