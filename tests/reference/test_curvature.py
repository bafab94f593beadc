"""Curvature against full eigenvalue decompositions, and against what training does."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree
from probe_builders import make_network, mean_loss, train_fully

from paribus.engine.curvature import (
    TOLERANCE,
    lambda_max,
    largest_eigenvalue,
    preconditioned_lambda_max,
    preconditioner,
    stability_edge,
)
from paribus.optimizers.transformations import build_optimizer, traced_numbers


KEY = jax.random.key(3)


def full_hessian(loss, params):
    flat, unravel = ravel_pytree(params)
    hessian = jax.jit(jax.hessian(lambda v: loss(unravel(v))))
    return np.asarray(hessian(flat), np.float64)


def find_largest(matrix, *, seed=0):
    start = np.random.default_rng(seed).normal(size=len(matrix)).astype(np.float32)
    return jax.jit(
        lambda matrix, start: largest_eigenvalue(lambda v: matrix @ v, start)
    )(jnp.asarray(matrix, jnp.float32), jnp.asarray(start))


@pytest.mark.parametrize(
    "spectrum",
    [
        np.linspace(-1, 5, 60),
        np.linspace(-5, 1, 60),  # the eigenvalue of largest size is negative
        np.linspace(-5, -1, 60),
        np.concatenate([np.zeros(57), [2.0, 7.0, 7.0]]),
        np.concatenate([1e-8 * np.arange(99), [1e-6]]),
        np.full(60, 3.0),
    ],
    ids=["mixed", "mostly-negative", "negative", "low-rank", "tiny", "identity"],
)
def test_largest_eigenvalue_is_that_of_a_known_spectrum(spectrum):
    rng = np.random.default_rng(1)
    basis, _ = np.linalg.qr(rng.normal(size=(len(spectrum), len(spectrum))))

    found = find_largest(basis @ np.diag(spectrum) @ basis.T)

    assert float(found.largest) == pytest.approx(max(spectrum), rel=TOLERANCE)


def test_largest_eigenvalue_of_nothing_is_zero():
    found = find_largest(np.zeros((30, 30)))

    assert float(found.largest) == 0
    assert int(found.n_products) == 1


def test_a_product_that_is_not_finite_gives_nan_at_once():
    found = find_largest(np.full((30, 30), np.nan))

    assert np.isnan(float(found.largest))
    assert int(found.n_products) == 1


@pytest.mark.parametrize(
    "hidden", [(), pytest.param((8,), marks=pytest.mark.slow), (8, 5)], ids=str
)
@pytest.mark.parametrize("n_steps", [0, 200])
def test_lambda_max_is_that_of_the_full_hessian(hidden, n_steps):
    model, params = make_network(hidden=hidden)
    loss = mean_loss(model)
    params = train_fully(loss, params, n_steps=n_steps)

    found = jax.jit(lambda params: lambda_max(loss, params, KEY))(params)

    exact = np.linalg.eigvalsh(full_hessian(loss, params))[-1]
    assert float(found.largest) == pytest.approx(exact, rel=TOLERANCE)
    assert int(found.n_products) <= 50


@pytest.mark.parametrize("name", ["adam", "keras_adam"])
def test_preconditioned_lambda_max_is_that_of_the_scaled_hessian(name):
    model, params = make_network()
    loss = mean_loss(model)
    settings = {"learning_rate": 0.01, "b1": 0.9, "b2": 0.999, "eps": 1e-3}
    traced = traced_numbers(name, settings)
    optimizer = build_optimizer(name, traced)
    state = optimizer.init(params)

    @jax.jit
    def step(params, state):
        updates, state = optimizer.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, updates), state

    for _ in range(5):
        params, state = step(params, state)
    diagonal = preconditioner(name, state, traced)

    found = jax.jit(
        lambda params: preconditioned_lambda_max(loss, params, diagonal, KEY)
    )(params)

    root = 1 / np.sqrt(np.asarray(ravel_pytree(diagonal)[0], np.float64))
    scaled = root[:, None] * full_hessian(loss, params) * root
    exact = np.linalg.eigvalsh(scaled)[-1]
    assert float(found.largest) == pytest.approx(exact, rel=TOLERANCE)


@pytest.mark.parametrize("name", ["adam", "keras_adam"])
def test_preconditioner_is_what_the_averaged_gradient_is_divided_by(name):
    _, params = make_network()
    traced = traced_numbers(
        name, {"learning_rate": 0.01, "b1": 0.8, "b2": 0.95, "eps": 1e-3}
    )
    optimizer = build_optimizer(name, traced)
    state = optimizer.init(params)
    update = jax.jit(optimizer.update)
    rng = np.random.default_rng(0)
    updates, average = params, jax.tree.map(jnp.zeros_like, params)
    for _ in range(3):
        gradient = jax.tree.map(lambda w: jnp.asarray(rng.normal(size=w.shape)), params)
        average = jax.tree.map(lambda m, g: 0.8 * m + 0.2 * g, average, gradient)
        updates, state = update(gradient, state, params)

    diagonal = preconditioner(name, state, traced)

    for step, m, d in zip(
        *map(jax.tree.leaves, (updates, average, diagonal)), strict=True
    ):
        np.testing.assert_allclose(step, -0.01 * m / d, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("eps", [1e-8, 1e-2])
def test_rmsprop_divides_the_gradient_by_its_preconditioner(eps):
    _, params = make_network()
    traced = traced_numbers(
        "rmsprop", {"learning_rate": 0.01, "decay": 0.9, "eps": eps, "momentum": 0.0}
    )
    optimizer = build_optimizer("rmsprop", traced)
    state = optimizer.init(params)
    update = jax.jit(optimizer.update)
    rng = np.random.default_rng(0)
    updates, gradient = params, params
    for _ in range(3):
        gradient = jax.tree.map(lambda w: jnp.asarray(rng.normal(size=w.shape)), params)
        updates, state = update(gradient, state, params)

    diagonal = preconditioner("rmsprop", state, traced)

    for step, g, d in zip(
        *map(jax.tree.leaves, (updates, gradient, diagonal)), strict=True
    ):
        np.testing.assert_allclose(step, -0.01 * g / d, rtol=1e-5, atol=1e-9)


def test_gradient_descent_is_not_preconditioned():
    assert preconditioner("sgd", (), {"learning_rate": 0.1}) is None


CURVATURES = np.array([0.3, 1.0, 4.0], np.float32)


def final_distance(name, learning_rate, **settings):
    """How far full-batch training of a quadratic ends from its minimum."""
    traced = {"learning_rate": learning_rate, **settings}
    nesterov = traced.pop("nesterov", None)
    static = {} if nesterov is None else {"nesterov": nesterov}
    if name == "averaged":
        # Adam without its second moment: m / (1 - b1^t) with D = 1.
        optimizer = optax.chain(
            optax.ema(settings["b1"], debias=True), optax.scale(-learning_rate)
        )
    else:
        optimizer = build_optimizer(name, {**traced, **static})
    w = jnp.ones(3)
    state = optimizer.init(w)

    def step(_, carry):
        w, state = carry
        updates, state = optimizer.update(CURVATURES * w, state, w)
        return w + updates, state

    w, _ = jax.lax.fori_loop(0, 3000, step, (w, state))
    return float(jnp.nan_to_num(jnp.abs(w), nan=jnp.inf).max())


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("sgd", {"momentum": 0.0, "nesterov": False}),
        ("sgd", {"momentum": 0.9, "nesterov": False}),
        ("sgd", {"momentum": 0.9, "nesterov": True}),
        ("averaged", {"b1": 0.9}),
    ],
    ids=["descent", "heavy-ball", "nesterov", "averaged"],
)
def test_training_a_quadratic_diverges_just_above_the_stability_edge(name, settings):
    # The edge is a curvature in inverse proportion to the learning rate.
    optimizer = "adam" if name == "averaged" else name
    edge = stability_edge(optimizer, {"learning_rate": 1.0, **settings})
    largest = edge / CURVATURES.max()

    assert final_distance(name, 0.99 * largest, **settings) < 1e-3
    assert final_distance(name, 1.01 * largest, **settings) > 1e3


def test_edges_have_their_textbook_values():
    heavy_ball = {"learning_rate": 0.1, "momentum": 0.9, "nesterov": False}
    adam = {"learning_rate": 0.1, "b1": 0.9}

    assert stability_edge("sgd", heavy_ball) == pytest.approx(3.8 / 0.1)
    assert stability_edge("adam", adam) == pytest.approx(38 / 0.1)


def test_lanczos_finds_the_curvature_of_a_quadratic():
    def loss(w):
        return (jnp.asarray(CURVATURES) * w**2).sum() / 2

    found = lambda_max(loss, jnp.ones(3), KEY)

    assert float(found.largest) == pytest.approx(4.0, rel=TOLERANCE)
