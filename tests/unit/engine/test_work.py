import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import make_blobs_study, train_blobs

from paribus.engine.plan import runs_per_device, steps_per_call
from paribus.engine.work import products_per_example
from paribus.models.build import build_model
from paribus.models.model import Applied, Model


def build(name, **settings):
    return build_model(name, settings, example_shape=(28, 28), n_classes=10)


def test_dense_layers_take_one_product_a_weight():
    model = build("mlp", hidden=(128,), activation="relu")

    assert products_per_example(model, (28, 28)) == 784 * 128 + 128 + 128 * 10 + 10


def test_a_convolution_takes_as_many_as_it_has_pixels():
    model = build(
        "cnn",
        channels=(32, 64),
        kernel_size=3,
        padding="valid",
        hidden=(),
        activation="relu",
    )

    first, second = 26 * 26 * 9 * 32, 11 * 11 * 9 * 32 * 64
    # XLA counts biases, pooling and activations too.
    assert products_per_example(model, (28, 28)) == pytest.approx(
        first + second + 1600 * 10, rel=0.02
    )


def test_an_embedding_counts_its_weights():
    def init(key, hyperparameters):
        return {"table": jax.random.normal(key, (5000, 3))}, ()

    def apply(params, state, inputs, *, hyperparameters, train=False, key=None):
        words = params["table"][inputs.astype(jnp.int32)]
        return Applied(words.sum(axis=1), state)

    assert products_per_example(Model(init=init, apply=apply), (4,)) == 15_000


def test_a_call_of_a_large_model_has_fewer_steps():
    calls = [
        steps_per_call(n_products=n, batch_size=100, runs_per_device=2, on_cpu=on_cpu)
        for n, on_cpu in ((1e5, True), (1e7, True), (1e12, True), (1e7, False))
    ]

    assert calls == [1000, 10, 1, 2**31 - 1]


def test_blocks_of_a_large_model_have_fewer_runs():
    sizes = [
        runs_per_device(
            n_products=n,
            n_examples=1000,
            epochs=1.0,
            n_runs=100,
            n_devices=2,
            on_cpu=True,
        )
        for n in (1e4, 1e6, 1e9)
    ]

    assert sizes == [50, 10, 1]


def test_how_often_a_call_ends_changes_no_bit(tmp_path, monkeypatch):
    # The second learning rate makes weights of 1e30, which is seen a step later.
    study = make_blobs_study(
        optimizer="sgd", learning_rate=(0.1, 1e30), seeds=(0,), evaluate_every=0.5
    )
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()

    whole = train_blobs(study, tmp_path / "whole")
    monkeypatch.setattr("paribus.engine.plan.CALL_SECONDS", 2e-8)
    parts = train_blobs(study, tmp_path / "parts")

    assert whole.diverged_at.max() > 0
    assert whole.diverged_at.tolist() == parts.diverged_at.tolist()
    for name, curve in whole.curves.items():
        np.testing.assert_array_equal(curve, parts.curves[name])
    for name, values in whole.measures.items():
        np.testing.assert_array_equal(values, parts.measures[name])
