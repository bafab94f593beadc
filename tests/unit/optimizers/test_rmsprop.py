"""RMSprop against its definition, step by step in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from paribus.optimizers.transformations import build_optimizer, traced_numbers


N_STEPS = 10


def written_out(params, gradients, *, learning_rate, decay, eps, momentum):
    """Hinton's lecture 6e with epsilon under the root, as Keras and optax have it."""
    mean_square, velocity = np.zeros_like(params), np.zeros_like(params)
    for gradient in gradients:
        mean_square = decay * mean_square + (1 - decay) * gradient**2
        step = learning_rate * gradient / np.sqrt(mean_square + eps)
        velocity = momentum * velocity + step
        params = params - velocity
    return params


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("eps", [1e-8, 1e-7, 1e-2])
def test_ten_steps_equal_those_written_out(eps, momentum):
    rng = np.random.default_rng(0)
    params = rng.normal(size=7)
    gradients = rng.normal(size=(N_STEPS, 7)) * 10.0 ** np.arange(-6, 1)
    settings = {
        "learning_rate": 0.01,
        "decay": 0.9,
        "eps": eps,
        "momentum": momentum,
    }
    numbers = traced_numbers("rmsprop", settings)

    @jax.jit
    def train(params, gradients, numbers):
        optimizer = build_optimizer("rmsprop", numbers)
        state = optimizer.init(params)
        for gradient in gradients:
            updates, state = optimizer.update(gradient, state, params)
            params = params + updates
        return params

    ours = train(
        jnp.asarray(params, jnp.float32), jnp.asarray(gradients, jnp.float32), numbers
    )

    theirs = written_out(params, gradients, **settings)
    # Ten float32 additions to numbers of about 1.
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_ten_steps_equal_keras_s_own(momentum, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    import keras

    rng = np.random.default_rng(0)
    params = rng.normal(size=7).astype(np.float32)
    gradients = (rng.normal(size=(N_STEPS, 7)) * 10.0 ** np.arange(-6, 1)).astype(
        np.float32
    )
    theirs = keras.Variable(params)
    optimizer = keras.optimizers.RMSprop(learning_rate=0.01, momentum=momentum)
    settings = {
        "learning_rate": 0.01,
        "decay": 0.9,
        "eps": optimizer.epsilon,
        "momentum": momentum,
    }
    ours = build_optimizer("rmsprop", traced_numbers("rmsprop", settings))

    at = jnp.asarray(params)
    state = ours.init(at)
    for gradient in gradients:
        optimizer.apply([jnp.asarray(gradient)], [theirs])
        updates, state = ours.update(jnp.asarray(gradient), state, at)
        at = at + jnp.asarray(updates)

    assert optimizer.epsilon == 1e-7
    np.testing.assert_allclose(at, theirs.numpy(), rtol=1e-5, atol=1e-6)
