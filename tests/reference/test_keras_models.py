"""A user's Keras model here, and in Keras's own training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from keras_builders import ARCHITECTURES, N_TOKENS, dense

from paribus.builders import describe_builder
from paribus.engine.keys import purpose_key
from paribus.engine.recipe import Arrays, Recipe
from paribus.engine.run import Steps, start_run, train_run
from paribus.integrations.build import build_user_model
from paribus.integrations.compiled import compiled_choices
from paribus.optimizer_catalogue import OPTIMIZERS as ours_known
from paribus.optimizer_catalogue import in_use
from paribus.optimizers.transformations import traced_numbers
from paribus.study import ModelChoice


N_STEPS, BATCH_SIZE = 50, 16
SEED = jnp.array([0, 5], jnp.uint32)
SETTINGS = {"learning_rate": 1e-3, "b1": 0.9, "b2": 0.999, "eps": 1e-7}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras


def make_examples(name):
    rng = np.random.default_rng(0)
    n = N_STEPS * BATCH_SIZE
    labels = rng.integers(0, 3, size=n).astype(np.int32)
    if name == "recurrent":
        tokens = (labels[:, None] * 3 + rng.integers(0, 5, size=(n, 7))) % N_TOKENS
        return tokens.astype(np.float32), labels
    images = rng.normal(size=(n, 8, 8, 1)) + labels[:, None, None, None] / 3
    return images.astype(np.float32), labels


def our_losses(recipe, inputs, labels, settings=SETTINGS, n_steps=N_STEPS):
    """The objective before each step, and the states before the first and at last."""
    numbers = traced_numbers(recipe.optimizer_name, settings)
    traced = {name: jnp.float32(value) for name, value in numbers.items()}
    data = Arrays(jnp.asarray(inputs), jnp.asarray(labels))
    order = jnp.arange(len(labels))

    @jax.jit
    def step(state, k):
        batch = jax.tree.map(
            lambda a: jax.lax.dynamic_slice_in_dim(a, k * BATCH_SIZE, BATCH_SIZE), data
        )
        key = None
        if state.seed is not None:
            key = jax.random.fold_in(purpose_key(state.seed, "dropout"), state.step)
        objective, _ = recipe.objective(state.params, state.fitted, batch, key)
        steps = Steps(k, jnp.int32(1), jnp.bool_(False), jnp.int32(0), jnp.int32(1))
        return train_run(recipe, state, traced, order, data, steps), objective

    first = state = start_run(recipe, SEED, traced)
    losses = []
    for k in range(n_steps):
        state, loss = step(state, jnp.int32(k))
        losses.append(float(loss))
    return np.array(losses), first, state


def keras_losses(network, first, inputs, labels, optimizer=None, n_steps=N_STEPS):
    """Losses before each step of Keras's own training, from the same weights."""
    import keras

    network.compile(
        optimizer=optimizer or keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    for variables, values in (
        (network.trainable_variables, first.params),
        (network.non_trainable_variables, first.model),
    ):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
    losses = []
    for k in range(n_steps):
        key = jax.random.fold_in(purpose_key(SEED, "dropout"), k)
        for place, variable in enumerate(network.non_trainable_variables):
            if variable.name == "seed_generator_state":
                variable.assign(jax.random.key_data(jax.random.fold_in(key, place)))
        part = slice(k * BATCH_SIZE, (k + 1) * BATCH_SIZE)
        network.reset_metrics()  # else the loss is a running mean
        losses.append(float(network.train_on_batch(inputs[part], labels[part])))
    return np.array(losses)


def make_recipe(function, inputs, optimizer="keras_adam", static=None):
    model = build_user_model(
        describe_builder(function), {}, example_shape=inputs.shape[1:], n_classes=3
    )
    return Recipe(
        model=model,
        optimizer_name=optimizer,
        static_settings=static or {},
        batch_size=BATCH_SIZE,
        n_examples=len(inputs),
        input_divisor=1.0,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_model_has_keras_s_own_losses_for_50_steps(name):
    inputs, labels = make_examples(name)
    recipe = make_recipe(ARCHITECTURES[name], inputs)

    ours, first, last = our_losses(recipe, inputs, labels)
    network = ARCHITECTURES[name]()
    theirs = keras_losses(network, first, inputs, labels)

    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert ours[-5:].mean() < ours[:5].mean()  # it learns, so the steps count
    for variable, value in zip(
        network.non_trainable_variables, last.model, strict=True
    ):
        if variable.name != "seed_generator_state":
            # Running statistics of 50 batches in float32.
            np.testing.assert_allclose(value, variable.value, rtol=1e-4, atol=1e-5)


def test_penalties_are_descended_on_but_no_part_of_the_loss():
    inputs, labels = make_examples("dense")
    batch = Arrays(jnp.asarray(inputs[:16]), jnp.asarray(labels[:16]))
    recipe = make_recipe(dense, inputs)
    network = dense()
    first = start_run(
        recipe, SEED, {n: jnp.float32(1) for n in (*SETTINGS, "b1_rest", "b2_rest")}
    )
    for variable, value in zip(network.trainable_variables, first.params, strict=True):
        variable.assign(value)

    objective, trained = recipe.objective(first.params, first.fitted, batch, None)

    network(inputs[:16], training=True)
    penalties = sum(float(loss) for loss in network.losses)
    assert penalties > 0.01
    assert float(objective - trained.loss) == pytest.approx(penalties, rel=1e-4)


OPTIMIZERS = {
    "Adam": {"weight_decay": 0.1},
    "AdamW": {"beta_1": 0.8},
    "Nadam": {"global_clipnorm": 0.5},
    "Adamax": {},
    "Lion": {"weight_decay": 0.1},
    "RMSprop": {"momentum": 0.5},
    "Adagrad": {"initial_accumulator_value": 0.3},
    "Adadelta": {},
    "SGD": {"momentum": 0.9, "nesterov": True, "clipvalue": 0.05},
}


@pytest.mark.long
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_optimizer_of_a_compiled_model_takes_keras_s_own_steps(name):
    import keras

    def make_optimizer():
        return getattr(keras.optimizers, name)(0.01, **OPTIMIZERS[name])

    def build():
        network = dense()
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        network.compile(optimizer=make_optimizer(), loss=loss)
        return network

    inputs, labels = make_examples("dense")
    builder = describe_builder(build)
    model = ModelChoice(name=builder.reference, builder=builder)
    choice = compiled_choices(model, [{"batch_size": (BATCH_SIZE,)}])[0]
    assert choice.name is not None
    known = ours_known[choice.name]
    defaults = {n: h.default for n, h in known.items() if h.default is not None}
    values = {**defaults, **choice.settings}
    used = in_use(known, values, fixed=choice.settings, varied=())
    static = {n: v for n, v in used.items() if known[n].is_static}
    recipe = make_recipe(build, inputs, choice.name, static)

    ours, first, _ = our_losses(recipe, inputs, labels, used, n_steps=20)
    theirs = keras_losses(dense(), first, inputs, labels, make_optimizer(), 20)

    np.testing.assert_allclose(ours, theirs, rtol=2e-5)
    assert len(set(theirs.round(4))) > 10  # it moves
