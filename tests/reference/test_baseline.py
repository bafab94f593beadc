"""The linear baseline of a study, against softmax regression written by hand."""

import jax.numpy as jnp
import numpy as np
from builders import make_blobs_study, make_dataset, train_blobs

from paribus.data.batches import epoch_order
from paribus.engine.keys import purpose_key
from paribus.models.build import build_model


def by_hand(dataset, *, learning_rate, seed, epochs):
    """Softmax regression with Adam in double precision; its final training loss."""
    model = build_model("softmax", {}, example_shape=dataset.example_shape, n_classes=3)
    key = purpose_key(jnp.array([0, seed], jnp.uint32), "initialisation")
    kernel = np.asarray(model.init(key, {})[0][0]["kernel"], np.float64)
    weights = np.vstack([kernel, np.zeros(3)])  # the bias is last
    inputs = np.hstack([dataset.train.inputs / 255, np.ones((len(dataset.train), 1))])
    one_hot = np.eye(3)[dataset.train.labels]
    m = v = np.zeros_like(weights)
    t = 0
    for epoch in range(epochs):
        order = epoch_order(seed, epoch, len(inputs))
        for first in range(0, len(order), 128):
            x, y = (a[order[first : first + 128]] for a in (inputs, one_hot))
            shares = np.exp(x @ weights)
            shares /= shares.sum(axis=1, keepdims=True)
            gradient = x.T @ (shares - y) / len(x)
            t += 1
            m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
            corrected = np.sqrt(v / (1 - 0.999**t)) + 1e-8
            weights = weights - learning_rate * m / (1 - 0.9**t) / corrected
    logits = inputs @ weights
    return (np.log(np.exp(logits).sum(axis=1)) - (logits * one_hot).sum(axis=1)).mean()


def test_baseline_is_the_best_median_of_softmax_regression(tmp_path):
    study = make_blobs_study(seeds=(7, 8, 9, 10, 11), epochs=3)

    result = train_blobs(study, tmp_path)

    medians = [
        np.median(
            [
                by_hand(make_dataset(), learning_rate=rate, seed=seed, epochs=3)
                for seed in range(5)
            ]
        )
        for rate in (0.001, 0.01, 0.1)
    ]
    assert result.baseline_loss is not None
    # Six steps in float32 against double precision.
    np.testing.assert_allclose(result.baseline_loss, min(medians), rtol=1e-4)
