"""Gradient noise against brute force, and where it is known exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from probe_builders import example_losses, make_examples, make_network

from paribus.engine.noise_scale import (
    dense_gradient_norms2,
    noise_scale,
    two_batch_noise_scale,
)


N_WEIGHTS = 20


def brute_force_gradients(model, params, inputs, labels):
    """[example, weight]: one gradient after the other."""
    gradient = jax.jit(
        lambda x, y: jax.grad(lambda p: example_losses(model, x, y)(p).mean())(params)
    )
    return np.stack(
        [
            np.asarray(ravel_pytree(gradient(x[None], y[None]))[0], np.float64)
            for x, y in zip(inputs, labels, strict=True)
        ]
    )


@pytest.mark.parametrize("hidden", [(), (8,), (8, 5)], ids=str)
def test_norms_of_per_example_gradients_equal_brute_force(hidden):
    model, params = make_network(hidden=hidden)
    inputs, labels = make_examples()

    assert model.layer_inputs is not None
    norms2, mean_norm2 = dense_gradient_norms2(
        example_losses(model, inputs, labels),
        params,
        model.layer_inputs(params, inputs),
    )

    gradients = brute_force_gradients(model, params, inputs, labels)
    np.testing.assert_allclose(norms2, (gradients**2).sum(axis=1), rtol=1e-5)
    exact = (gradients.mean(axis=0) ** 2).sum()
    assert float(mean_norm2) == pytest.approx(exact, rel=1e-5)


def draw_gradients(n, *, distance, seed=0):
    """Gradients w - x_i of sq(w - x_i)/2 with x_i ~ N(mu, S), w - mu of a length.

    Returns them with tr S and sq(w - mu); H is the identity, so that the simple and the
    full noise scale agree.
    """
    rng = np.random.default_rng(seed)
    sds = np.linspace(0.5, 2, N_WEIGHTS)
    shift = np.full(N_WEIGHTS, distance / np.sqrt(N_WEIGHTS))
    gradients = shift - sds * rng.normal(size=(n, N_WEIGHTS))
    return gradients, (sds**2).sum(), distance**2


def jackknife(parts, estimate):
    """Estimate from all parts, and its jackknife standard error."""
    n = len(parts)
    without = np.array([estimate(np.delete(parts, k, axis=0)) for k in range(n)])
    return estimate(parts), np.sqrt(
        (n - 1) / n * ((without - without.mean()) ** 2).sum()
    )


@pytest.mark.parametrize("distance", [0.5, 3.0])
def test_noise_scale_is_that_of_a_known_noise(distance):
    n = 4000
    gradients, trace, gradient2 = draw_gradients(n, distance=distance)

    def batch_size(gradients):
        scale = noise_scale(
            jnp.asarray((gradients**2).sum(axis=1)),
            jnp.asarray((gradients.mean(axis=0) ** 2).sum()),
        )
        return float(scale.batch_size())

    blocks = gradients.reshape(50, -1, N_WEIGHTS)
    estimate, error = jackknife(blocks, lambda b: batch_size(b.reshape(-1, N_WEIGHTS)))

    assert abs(estimate - trace / gradient2) < 3 * error
    assert error < 0.25 * estimate  # the test has teeth


@pytest.mark.parametrize("distance", [0.5, 3.0])
def test_two_batch_noise_scale_is_that_of_a_known_noise(distance):
    n_pairs, small, big = 400, 8, 256
    gradients, trace, gradient2 = draw_gradients(
        n_pairs * (small + big), distance=distance, seed=1
    )
    batches = gradients.reshape(n_pairs, small + big, N_WEIGHTS)
    norms2 = np.stack(
        [
            (batch.mean(axis=1) ** 2).sum(axis=1)
            for batch in (batches[:, :small], batches[:, small:])
        ],
        axis=1,
    )

    def batch_size(norms2):
        parts = two_batch_noise_scale(
            jnp.asarray(norms2[:, 0].mean()),
            jnp.asarray(norms2[:, 1].mean()),
            small=small,
            big=big,
        )
        return float(parts.batch_size())

    estimate, error = jackknife(norms2, batch_size)

    assert abs(estimate - trace / gradient2) < 3 * error
    assert error < 0.25 * estimate


def test_parts_of_the_noise_scale_are_unbiased():
    n, n_studies, distance = 10, 4000, 1.0
    gradients, trace, gradient2 = draw_gradients(n * n_studies, distance=distance)
    studies = gradients.reshape(n_studies, n, N_WEIGHTS)

    scales = jax.vmap(noise_scale)(
        jnp.asarray((studies**2).sum(axis=2)),
        jnp.asarray((studies.mean(axis=1) ** 2).sum(axis=1)),
    )

    for part, exact in ((scales.trace, trace), (scales.gradient2, gradient2)):
        part = np.asarray(part)
        assert abs(part.mean() - exact) < 4 * part.std() / np.sqrt(n_studies)


def test_noise_that_hides_the_gradient_gives_an_infinite_batch_size():
    norms2 = jnp.full(10, 5.0)

    scale = noise_scale(norms2, jnp.asarray(0.1))

    assert float(scale.gradient2) < 0
    assert float(scale.batch_size()) == np.inf


def test_noise_scale_of_an_unknown_gradient_is_unknown():
    scale = noise_scale(jnp.full(10, jnp.nan), jnp.asarray(jnp.nan))

    assert np.isnan(float(scale.batch_size()))
