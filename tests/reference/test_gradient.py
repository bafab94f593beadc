"""Loss and gradient against a closed form in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from paribus.engine.recipe import Arrays, Fitted, Recipe
from paribus.models.build import build_model


def closed_form(params, inputs, labels):
    """Loss and gradient of a ReLU network with one hidden layer, in float64."""
    hidden, last = params
    x = inputs.reshape(len(inputs), -1).astype(np.float64) / 255
    before = x @ hidden["kernel"] + hidden["bias"]
    after = np.maximum(before, 0)
    logits = after @ last["kernel"] + last["bias"]
    logits -= logits.max(axis=1, keepdims=True)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    picked = np.arange(len(labels)), labels
    loss = -np.log(shares[picked]).mean()
    error = shares.copy()
    error[picked] -= 1
    error /= len(labels)
    back = (error @ last["kernel"].T) * (before > 0)
    gradient = [
        {"kernel": x.T @ back, "bias": back.sum(axis=0)},
        {"kernel": after.T @ error, "bias": error.sum(axis=0)},
    ]
    return loss, gradient


@pytest.mark.parametrize("seed", range(3))
def test_loss_and_gradient_equal_the_closed_form(seed):
    rng = np.random.default_rng(seed)
    model = build_model(
        "mlp",
        {"hidden": (16,), "activation": "relu"},
        example_shape=(5, 4),
        n_classes=4,
    )
    recipe = Recipe(
        model=model,
        optimizer_name="sgd",
        static_settings={"nesterov": False},
        batch_size=32,
        n_examples=32,
        input_divisor=255.0,
    )
    inputs = rng.integers(0, 256, size=(32, 5, 4)).astype(np.uint8)
    labels = rng.integers(0, 4, size=32).astype(np.int32)
    params, _ = model.init(jax.random.key(seed), {})

    differentiate = jax.value_and_grad(recipe.objective, has_aux=True)
    (loss, _), gradient = differentiate(
        params,
        Fitted(params, (), {}),
        Arrays(jnp.asarray(inputs), jnp.asarray(labels)),
        None,
    )
    exact = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    expected_loss, expected = closed_form(exact, inputs, labels)

    # float32 sums of 32 terms: a few units in the seventh digit.
    assert float(loss) == pytest.approx(expected_loss, rel=2e-6)
    for ours, theirs in zip(
        jax.tree.leaves(gradient), jax.tree.leaves(expected), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=2e-7, rtol=1e-4)
