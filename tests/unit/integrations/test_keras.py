import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from keras_builders import ARCHITECTURES, recurrent

from paribus.builders import describe_builder
from paribus.errors import ExecutionError, StudyError, UserCodeError
from paribus.integrations.build import build_group_model, build_user_model
from paribus.integrations.compiled import compiled_choices
from paribus.study import ModelChoice


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras


def small(
    *,
    hidden: int = 4,
    activation: str | None = "softmax",
    n_outputs: int = 3,
    **compiled: Any,
) -> Any:
    import keras

    network = keras.Sequential(
        [
            keras.layers.Input((12,)),
            keras.layers.Dense(hidden, activation="relu"),
            keras.layers.Dense(n_outputs, activation=activation),
        ]
    )
    if compiled:
        network.compile(**compiled)
    return network


def adapt(function, *, example_shape=(12,), n_classes=3):
    return build_user_model(
        describe_builder(function),
        {},
        example_shape=example_shape,
        n_classes=n_classes,
    )


def choose(function, **settings):
    builder = describe_builder(function)
    return ModelChoice(name=builder.reference, builder=builder, settings=settings)


def outputs_of(model, params, inputs, state=()):
    return model.apply(params, list(state), inputs, hyperparameters={}).outputs


def test_final_softmax_is_taken_away():
    with_softmax = adapt(lambda: small(activation="softmax"))
    without = adapt(lambda: small(activation=None))
    params, _ = without.init(jax.random.key(0), {})
    inputs = jax.random.normal(jax.random.key(1), (5, 12))

    logits = outputs_of(with_softmax, params, inputs)

    np.testing.assert_array_equal(logits, outputs_of(without, params, inputs))
    assert float(jnp.abs(logits.sum(axis=1) - 1).max()) > 0.01


def test_final_softmax_layer_is_taken_away():
    import keras

    def build():
        inner = small(activation=None)
        return keras.Sequential([inner, keras.layers.Softmax()])

    model = adapt(build)
    params, _ = model.init(jax.random.key(0), {})
    inputs = jax.random.normal(jax.random.key(1), (5, 12))

    expected = outputs_of(adapt(lambda: small(activation=None)), params, inputs)

    np.testing.assert_array_equal(outputs_of(model, params, inputs), expected)


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_one_output_of_two_classes_is_the_log_odds_of_the_second(activation):
    model = adapt(lambda: small(activation=activation, n_outputs=1), n_classes=2)
    params, _ = model.init(jax.random.key(0), {})
    inputs = jax.random.normal(jax.random.key(1), (5, 12))

    logits = outputs_of(model, params, inputs)

    kernel, bias, last, last_bias = params
    z = jax.nn.relu(inputs @ kernel + bias) @ last + last_bias
    shares = jax.nn.softmax(logits)
    np.testing.assert_allclose(shares[:, 1], jax.nn.sigmoid(z[:, 0]), rtol=1e-5)


def test_each_seed_draws_its_own_weights_by_the_model_s_initialisers():
    import keras

    normal: Any = keras.initializers.RandomNormal(mean=2.0, stddev=0.3, seed=7)

    def build():
        return keras.Sequential(
            [
                keras.layers.Input((12,)),
                keras.layers.Dense(
                    300,
                    kernel_initializer=normal,
                    bias_initializer="ones",
                ),
                keras.layers.Dense(3, kernel_initializer="orthogonal"),
            ]
        )

    model = adapt(build)

    (kernel, bias, last, _), _ = model.init(jax.random.key(0), {})
    again = model.init(jax.random.key(0), {})[0]
    other = model.init(jax.random.key(1), {})[0]

    # 3,600 draws: five standard errors of their mean and of their spread.
    assert float(kernel.mean()) == pytest.approx(2.0, abs=5 * 0.3 / 60)
    assert float(kernel.std()) == pytest.approx(0.3, abs=5 * 0.3 / np.sqrt(7200))
    assert (bias == 1).all()
    np.testing.assert_allclose(last.T @ last, np.eye(3), atol=1e-5)
    np.testing.assert_array_equal(kernel, again[0])
    assert (kernel != other[0]).mean() > 0.99
    assert (last != other[2]).mean() > 0.99


@pytest.mark.slow
def test_an_lstm_keeps_its_forget_bias_and_draws_the_rest():
    model = adapt(recurrent, example_shape=(7,))
    first, other = (model.init(jax.random.key(seed), {})[0] for seed in (0, 1))
    network = recurrent()

    for variable, drawn, again in zip(
        network.trainable_variables, first, other, strict=True
    ):
        if variable.name == "bias":  # zeros, and ones for the LSTM's forget gate
            np.testing.assert_array_equal(drawn, variable.value)
        else:
            assert (np.asarray(drawn) != np.asarray(again)).mean() > 0.9


def test_loaded_weights_stay_what_they_are():
    def build():
        network = small()
        kernel = network.layers[0].kernel
        kernel.assign(np.full(kernel.shape, 0.25, np.float32))
        return network

    params, _ = adapt(build).init(jax.random.key(3), {})

    assert (params[0] == 0.25).all()
    assert params[2].std() > 0


def test_a_model_without_an_input_takes_the_shape_of_the_data():
    import keras

    def build():
        return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])

    params, _ = adapt(build, example_shape=(4, 5)).init(jax.random.key(0), {})

    assert params[0].shape == (20, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["convolution", "normalised"])
def test_only_training_draws_or_uses_its_own_batch(name):
    model = adapt(ARCHITECTURES[name], example_shape=(8, 8, 1))
    params, state = model.init(jax.random.key(0), {})
    inputs = jax.random.normal(jax.random.key(1), (6, 8, 8, 1))

    def apply(**how):
        return model.apply(params, state, inputs, hyperparameters={}, **how)

    key = jax.random.key(2) if model.draws else None
    evaluated, again = apply(), apply()
    trained, other = apply(train=True, key=key), apply(train=True, key=key)

    np.testing.assert_array_equal(evaluated.outputs, again.outputs)
    np.testing.assert_array_equal(trained.outputs, other.outputs)
    assert (evaluated.outputs != trained.outputs).any()
    for before, after in zip(state, evaluated.state, strict=True):
        np.testing.assert_array_equal(before, after)


COMPILED: dict[str, Any] = {
    "optimizer": "adam",
    "loss": "sparse_categorical_crossentropy",
}


def test_the_optimizer_of_the_compiled_model_is_taken():
    import keras

    def build(learning_rate=0.003):
        optimizer = keras.optimizers.SGD(learning_rate, momentum=0.8, nesterov=True)
        return small(**{**COMPILED, "optimizer": optimizer}, metrics=["accuracy"])

    fixed = compiled_choices(choose(build), [{"batch_size": (8,)}])[0]
    varied = compiled_choices(choose(build), [{"learning_rate": (0.1, 0.2)}])[0]

    assert fixed.name == "sgd"
    assert fixed.settings == {
        "learning_rate": 0.003,
        "momentum": 0.8,
        "nesterov": True,
    }
    assert varied.settings == {"momentum": 0.8, "nesterov": True}


@pytest.mark.parametrize(
    ("compiled", "word"),
    [
        ({"loss": "hinge"}, "hinge"),
        ({"loss": "mse"}, "one output for mse, got 3"),
        ({"metrics": ["accuracy", "AUC"]}, "AUC"),
        ({"optimizer": "ftrl"}, "Ftrl"),
        ({"loss_weights": [2.0]}, "loss_weights"),
    ],
    ids=["loss", "outputs", "metric", "optimizer", "weights"],
)
def test_what_has_no_counterpart_is_refused_by_name(compiled, word):
    def build():
        return small(**{**COMPILED, **compiled})

    with pytest.raises(StudyError, match=f"(?i){word}"):
        compiled_choices(choose(build), [{"batch_size": (8,)}])


@pytest.mark.parametrize("setting", ["clipnorm", "loss_scale_factor", "use_ema"])
def test_a_setting_without_counterpart_is_refused_by_name(setting):
    import keras

    def build():
        settings: dict[str, Any] = {setting: 0.5}
        return small(
            **{**COMPILED, "optimizer": keras.optimizers.Adam(0.01, **settings)}
        )

    with pytest.raises(StudyError, match=f"`{setting}`.*got 0.5"):
        compiled_choices(choose(build), [{"batch_size": (8,)}])


def test_a_learning_rate_other_than_the_config_s_is_refused():
    import keras

    def build(learning_rate):
        return small(
            **{**COMPILED, "optimizer": keras.optimizers.Adam(learning_rate / 2)}
        )

    with pytest.raises(StudyError, match=r"of its config, got 0.05") as caught:
        compiled_choices(choose(build), [{"learning_rate": (0.1, 0.2)}])

    assert caught.value.hint.endswith("as it is: `learning_rate=learning_rate`")


def test_a_model_without_compile_needs_an_optimizer():
    with pytest.raises(StudyError, match="compiled model") as caught:
        compiled_choices(choose(small_uncompiled), [{"batch_size": (8,)}])

    assert "optimizer" in caught.value.hint


def small_uncompiled() -> Any:
    return small()


def test_a_loss_of_probabilities_needs_a_softmax():
    def build():
        return small(activation=None, **COMPILED)

    with pytest.raises(UserCodeError, match="must end with softmax") as caught:
        adapt(build)

    assert "from_logits=True" in caught.value.hint


def test_a_learning_rate_that_the_network_depends_on_is_refused():
    def build(learning_rate):
        return small(hidden=4 if learning_rate < 0.05 else 5)

    builder = describe_builder(build)

    with pytest.raises(StudyError, match=r"`learning_rate`.*computes otherwise with"):
        build_group_model(
            builder,
            [{"learning_rate": rate} for rate in (0.01, 0.1)],
            example_shape=(12,),
            n_classes=3,
        )


def test_a_constraint_is_refused_by_name():
    import keras

    def build():
        return keras.Sequential(
            [
                keras.layers.Input((12,)),
                keras.layers.Dense(3, kernel_constraint="max_norm"),
            ]
        )

    with pytest.raises(UserCodeError, match=r"MaxNorm at .*kernel"):
        adapt(build)


def test_another_backend_is_refused_and_none_is_chosen():
    script = """
import sys, types
from paribus.integrations.backend import choose_jax_backend
choose_jax_backend()
import os
assert os.environ["KERAS_BACKEND"] == "jax" and "keras" not in sys.modules
keras = types.ModuleType("keras")
keras.__version__ = "3.9.0"
keras.backend = types.SimpleNamespace(backend=lambda: "tensorflow")
sys.modules["keras"] = keras
try:
    choose_jax_backend()
except Exception as error:
    print(type(error).__name__, error, error.hint)
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert ExecutionError.__name__ in ended.stdout
    assert '"tensorflow"' in ended.stdout
    assert "KERAS_BACKEND=jax" in ended.stdout
