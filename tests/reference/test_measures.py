"""What is measured while runs train, against a plain loop over their steps."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from builders import make_blobs_study, make_dataset, train_blobs

from paribus.data.batches import epoch_order
from paribus.engine.keys import purpose_key
from paribus.models.build import build_model


EPOCHS, BATCH_SIZE = 45, 16  # 585 steps, 13 an epoch, the last of 8 examples
HALF_BIN = 0.5 / 50  # of the histograms, in decades


def kernels(params):
    return [np.asarray(layer["kernel"], np.float64) for layer in params]


def plain_loop(dataset, learning_rate, seed):
    """Train one run step by step, and write down every step."""
    model = build_model(
        "mlp",
        {"hidden": (8,), "activation": "relu"},
        example_shape=dataset.example_shape,
        n_classes=dataset.n_classes,
    )
    optimizer = optax.adam(learning_rate)
    key = purpose_key(jnp.array([0, seed], jnp.uint32), "initialisation")
    params, _ = model.init(key, {})
    state = optimizer.init(params)

    @jax.jit
    def loss_of(params, inputs, labels):
        logits = model.logits(params, inputs.astype(jnp.float32) / 255)
        return -jax.nn.log_softmax(logits)[jnp.arange(len(labels)), labels].mean()

    differentiate = jax.jit(jax.value_and_grad(loss_of))
    update = jax.jit(optimizer.update)
    steps = []
    for epoch in range(EPOCHS):
        order = epoch_order(seed, epoch, len(dataset.train))
        for first in range(0, len(order), BATCH_SIZE):
            batch = dataset.train.take(order[first : first + BATCH_SIZE])
            loss, gradient = differentiate(params, batch.inputs, batch.labels)
            updates, state = update(gradient, state, params)
            before, params = params, optax.apply_updates(params, updates)
            leaves = [np.asarray(g, np.float64) for g in jax.tree.leaves(gradient)]
            ratios = [
                np.linalg.norm(new - old) / np.linalg.norm(old)
                for old, new in zip(kernels(before), kernels(params), strict=True)
            ]
            steps.append(
                {
                    "n": len(batch),
                    "loss": float(loss),
                    "after": float(loss_of(params, batch.inputs, batch.labels)),
                    "norm": np.sqrt(sum(np.square(leaf).sum() for leaf in leaves)),
                    "ratios": ratios,
                }
            )
    test = dataset.splits["test"]
    logits = model.logits(params, jnp.asarray(test.inputs, jnp.float32) / 255)
    correct = np.asarray(logits).argmax(axis=1) == test.labels
    assert model.layer_inputs is not None
    hidden = model.layer_inputs(params, jnp.asarray(dataset.train.inputs) / 255.0)[1]
    return steps, correct, np.asarray(hidden)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Our measures, and the same runs by a plain loop."""
    study = make_blobs_study(
        learning_rate=(0.03, 0.05),
        optimizer="adam",
        seeds=(4,),
        epochs=EPOCHS,
        evaluate_every=float(EPOCHS),
    )
    result = train_blobs(study, tmp_path_factory.mktemp("measures"))
    dataset = make_dataset()
    loops = [plain_loop(dataset, rate, 4) for rate in (0.03, 0.05)]
    return result, loops


def sampled(steps):
    """The steps that are sampled, with how many steps each stands for."""
    chosen = [
        (step, 1 if t < 500 else 50)
        for t, step in enumerate(steps)
        if (t < 500 or t % 50 == 0) and step["n"] == BATCH_SIZE
    ]
    return [step for step, _ in chosen], np.array([weight for _, weight in chosen])


def weighted_quantile(values, weights, share):
    """The smallest value up to which at least `share` of the weight lies."""
    in_order = np.repeat(np.sort(values), weights[np.argsort(values)])
    return in_order[int(np.ceil(share * len(in_order))) - 1]


@pytest.mark.parametrize("config", [0, 1])
def test_early_losses_equal_those_of_a_plain_loop(both, config):
    result, loops = both
    windows, losses, n = [], 0.0, 0
    for step in loops[config][0][:500]:
        losses, n = losses + step["loss"] * step["n"], n + step["n"]
        if n >= 128:
            windows.append(losses / n)
            losses, n = 0.0, 0

    # The largest is among the first steps: float32 sums in another order.
    np.testing.assert_allclose(
        result.measures["max_early_loss"][config, 0], max(windows), rtol=1e-5
    )


@pytest.mark.parametrize("config", [0, 1])
def test_shares_of_overshoots_equal_those_of_a_plain_loop(both, config):
    result, loops = both
    steps, weights = sampled(loops[config][0])
    rises = np.array([step["after"] > step["loss"] for step in steps])

    # Sums in another order move the weights a little: a few of the 463 early steps
    # that hardly change the loss fall on the other side.
    for name, expected, one in (
        ("early_overshoot_share", rises[weights == 1].mean(), 1 / 463),
        ("overshoot_share", np.average(rises, weights=weights), 1 / 563),
    ):
        np.testing.assert_allclose(
            result.measures[name][config, 0], expected, atol=4.5 * one
        )
    assert (weights == 50).sum() == 2
    assert 0 < rises.mean() < 1


@pytest.mark.parametrize("config", [0, 1])
@pytest.mark.parametrize("percent", [50, 90, 99])
def test_gradient_norms_equal_those_of_a_plain_loop(both, config, percent):
    result, loops = both
    steps, weights = sampled(loops[config][0])
    norms = np.array([step["norm"] for step in steps])
    expected = weighted_quantile(norms, weights, percent / 100)

    ours = result.measures[f"gradient_norm_p{percent}"][config, 0]

    # Half a bin, and what 585 steps in another order of summation add to it.
    assert abs(np.log10(ours / expected)) < HALF_BIN + 0.005


@pytest.mark.parametrize("config", [0, 1])
def test_relative_updates_equal_those_of_a_plain_loop(both, config):
    result, loops = both
    steps, weights = sampled(loops[config][0])
    ratios = np.array([step["ratios"] for step in steps])
    typical = [
        np.log10(weighted_quantile(ratios[:, kernel], weights, 0.5))
        for kernel in range(ratios.shape[1])
    ]

    update_ratio = result.measures["update_ratio"][config, 0]
    first_update = result.measures["first_update"][config, 0]

    assert abs(update_ratio - max(typical)) < HALF_BIN + 0.005
    # A difference of weights keeps four digits of the six they have.
    np.testing.assert_allclose(first_update, max(steps[0]["ratios"]), rtol=1e-4)


@pytest.mark.parametrize("config", [0, 1])
def test_answers_and_dead_units_equal_those_of_a_plain_loop(both, config):
    result, loops = both
    _, correct, hidden = loops[config]

    assert (result.correct["test"][config, 0] == correct).all()
    assert result.curves["train_dead_share"][config, 0, -1] == pytest.approx(
        (hidden == 0).all(axis=0).mean()
    )
    assert result.curves["train_always_on_share"][config, 0, -1] == pytest.approx(
        (hidden > 0).all(axis=0).mean()
    )


def test_share_of_right_answers_is_the_accuracy(both):
    result, _ = both

    shares = result.correct["test"].mean(axis=-1)
    np.testing.assert_array_equal(
        shares.astype(np.float32), result.final("test_accuracy").astype(np.float32)
    )
