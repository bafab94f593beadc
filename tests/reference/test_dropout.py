"""Training with dropout against NumPy: masks applied by hand, one step at a time."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset, train_blobs

from paribus.data.batches import epoch_order
from paribus.engine.keys import purpose_key, seed_words
from paribus.models.build import build_model
from paribus.space import SearchSpace
from paribus.study import ModelChoice


# Its fixture trains for ten seconds.
pytestmark = pytest.mark.slow


HIDDEN = (9, 7)


def draw_masks(seed, step, n_examples):
    """What each hidden unit's uniform number is in one step of a seed's runs."""
    key = jax.random.fold_in(
        purpose_key(jnp.asarray(seed_words(seed)), "dropout"), step
    )
    return [
        np.asarray(jax.random.uniform(jax.random.fold_in(key, k), (n_examples, width)))
        for k, width in enumerate(HIDDEN)
    ]


def forward(params, inputs, kept):
    """What enters each layer, what leaves each ReLU, and the logits."""
    entering, before = [inputs], []
    for (kernel, bias), scale in zip(params[:-1], kept, strict=True):
        before.append(entering[-1] @ kernel + bias)
        entering.append(np.maximum(before[-1], 0) * scale)
    kernel, bias = params[-1]
    return entering, before, entering[-1] @ kernel + bias


def shares_of(logits):
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def descend(params, inputs, labels, kept, learning_rate):
    """One step of gradient descent, by the chain rule written out."""
    entering, before, logits = forward(params, inputs, kept)
    error = shares_of(logits)
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels)
    after = []
    for k in reversed(range(len(params))):
        kernel, bias = params[k]
        gradient = entering[k].T @ error, error.sum(axis=0)
        after.insert(
            0,
            (kernel - learning_rate * gradient[0], bias - learning_rate * gradient[1]),
        )
        if k:
            error = (error @ kernel.T) * kept[k - 1] * (before[k - 1] > 0)
    return after


def numpy_losses(study, dataset, config, seed):
    """Test losses after each epoch of one run in float64."""
    model = build_model(
        "mlp",
        {"hidden": HIDDEN, "activation": "relu"},
        example_shape=dataset.example_shape,
        n_classes=dataset.n_classes,
    )
    key = purpose_key(jnp.asarray(seed_words(seed)), "initialisation")
    drawn, _ = model.init(key, {})
    params = [
        tuple(np.asarray(layer[n], np.float64) for n in ("kernel", "bias"))
        for layer in drawn
    ]
    rate, batch_size = config["dropout"], config["batch_size"]
    test = dataset.splits["test"]
    losses, step = [], 0
    for epoch in range(study.budget.epochs):
        order = epoch_order(seed, epoch, len(dataset.train))
        for first in range(0, len(order), batch_size):
            batch = dataset.train.take(order[first : first + batch_size])
            masks = draw_masks(seed, step, len(batch.labels))
            kept = [(mask >= np.float32(rate)) / (1 - rate) for mask in masks]
            inputs = batch.inputs / 255
            params = descend(
                params, inputs, batch.labels, kept, config["learning_rate"]
            )
            step += 1
        _, _, logits = forward(params, test.inputs / 255, [1.0] * len(HIDDEN))
        picked = shares_of(logits)[np.arange(len(test.labels)), test.labels]
        losses.append(-np.log(picked).mean())
    return losses


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A dropout axis, trained once for this file."""
    space = {
        "learning_rate": (0.1, 0.3),
        "batch_size": (37,),
        "dropout": (0.0, 0.2, 0.7),
    }
    study = make_blobs_study(optimizer="sgd", seeds=(0, 2**40 + 9))

    study = replace(
        study,
        model=ModelChoice(name="mlp", settings={"hidden": HIDDEN}),
        space=SearchSpace(grids=(space,)),
    )
    return train_blobs(study, tmp_path_factory.mktemp("dropout"))


def test_runs_with_dropout_equal_masks_applied_in_numpy(trained):
    study, dataset = trained.study, make_dataset()

    ours = trained.curves["test_loss"][:, :, 1:]
    theirs = [
        [numpy_losses(study, dataset, config, seed) for seed in study.seeds]
        for config in study.configs()
    ]

    # Twelve steps in float32 against float64.
    np.testing.assert_allclose(ours, theirs, rtol=2e-5)


def test_dropout_changes_what_is_learned_but_not_where_it_starts(trained):
    losses = trained.curves["test_loss"]

    by_rate = losses.reshape(2, 3, *losses.shape[1:])
    assert (by_rate[:, :, :, 0] == by_rate[:1, :1, :, 0]).all()  # nothing dropped yet
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert (by_rate[:, first, :, 1] != by_rate[:, second, :, 1]).all()
