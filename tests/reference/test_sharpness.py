"""Sharpness against gradients by hand, rescaled networks, and SciPy's maximisation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from probe_builders import make_examples, make_network, mean_loss, train_fully
from scipy.optimize import minimize

from paribus.engine.curvature import lambda_max
from paribus.engine.sharpness import asam_sharpness, keskar_phi, sam_sharpness


def rescale(params, alpha):
    """The same function: the first layer times alpha, the next one's kernel by it."""
    first, second, *rest = params
    return [
        jax.tree.map(lambda w: alpha * w, first),
        {"kernel": second["kernel"] / alpha, "bias": second["bias"]},
        *rest,
    ]


@pytest.fixture(
    scope="module", params=[pytest.param((8,), marks=pytest.mark.slow), (8, 5)], ids=str
)
def trained(request):
    model, params = make_network(hidden=request.param)
    loss = mean_loss(model)
    return model, loss, train_fully(loss, params)


@pytest.mark.parametrize("alpha", [0.1, 10.0])
def test_asam_does_not_change_when_layers_are_rescaled(trained, alpha):
    model, loss, params = trained
    inputs, _ = make_examples()
    rescaled = rescale(params, alpha)

    np.testing.assert_allclose(
        model.logits(params, inputs), model.logits(rescaled, inputs), atol=1e-5
    )
    assert float(asam_sharpness(loss, rescaled)) == pytest.approx(
        float(asam_sharpness(loss, params)), rel=1e-3
    )


@pytest.mark.parametrize("alpha", [0.1, 10.0])
def test_sam_and_lambda_max_change_when_layers_are_rescaled(trained, alpha):
    _, loss, params = trained
    rescaled = rescale(params, alpha)

    sam = float(sam_sharpness(loss, rescaled)) / float(sam_sharpness(loss, params))
    find = jax.jit(lambda params: lambda_max(loss, params, jax.random.key(0)).largest)
    largest = float(find(rescaled) / find(params))

    assert abs(np.log(sam)) > 0.1
    assert abs(np.log(largest)) > 0.1


@pytest.mark.parametrize(
    ("measure", "radius", "is_scaled"),
    [(asam_sharpness, 0.5, True), (sam_sharpness, 0.05, False)],
)
def test_one_step_of_ascent_is_that_written_out_in_numpy(
    trained, measure, radius, is_scaled
):
    _, loss, params = trained
    flat, unravel = ravel_pytree(params)
    w = np.asarray(flat, np.float64)
    g = np.asarray(ravel_pytree(jax.grad(loss)(params))[0], np.float64)
    t = np.abs(w) if is_scaled else np.ones_like(w)
    e = radius * t**2 * g / np.linalg.norm(t * g)

    expected = loss(unravel(jnp.asarray(w + e, jnp.float32))) - loss(params)

    # The difference of two float32 losses near 1.
    assert float(measure(loss, params)) == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize("measure", [asam_sharpness, sam_sharpness])
def test_ten_steps_of_ascent_climb_at_least_as_high_as_one(trained, measure):
    _, loss, params = trained

    one, ten = (float(measure(loss, params, n_steps=n)) for n in (1, 10))

    assert one > 0
    assert ten >= 0.98 * one


@pytest.mark.parametrize("measure", [asam_sharpness, sam_sharpness, keskar_phi])
def test_a_loss_that_no_weight_changes_is_not_sharp(measure):
    _, params = make_network()

    assert float(measure(lambda _: jnp.asarray(1.5), params)) == 0


def published_phi(loss, params, *, epsilon):
    """As the paper does it: 10 iterations of L-BFGS-B from the centre."""
    flat, unravel = ravel_pytree(params)
    centre = np.asarray(flat, np.float64)
    climb = jax.jit(jax.value_and_grad(lambda v: -loss(unravel(v))))
    bound = epsilon * (np.abs(centre) + 1)

    def value_and_slope(y):
        value, slope = climb(jnp.asarray(centre + y, jnp.float32))
        return float(value), np.asarray(slope, np.float64)

    found = minimize(
        value_and_slope,
        np.zeros_like(centre),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(-bound, bound, strict=True)),
        options={"maxiter": 10},
    )
    before = float(loss(params))
    return 100 * (-found.fun - before) / (1 + before)


@pytest.mark.parametrize("epsilon", [5e-4, 1e-3, 3e-2])
def test_keskar_phi_finds_what_the_published_maximisation_finds(trained, epsilon):
    _, loss, params = trained

    ours = float(keskar_phi(loss, params, epsilon=epsilon))

    # Both are lower bounds of one maximum. At 5e-4 the loss rises by 5e-4 of itself,
    # of which float32's last bit is 1e-4.
    theirs = published_phi(loss, params, epsilon=epsilon)
    assert ours >= (1 - 1e-3) * theirs
    assert ours <= 1.25 * theirs
