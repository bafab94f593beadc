"""The rescue test against a plain loop that trains a bad run on by hand."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset, train_blobs

from paribus.analysis import classify_runs
from paribus.analysis.rescues import plan_rescues
from paribus.analysis.scores import is_bad
from paribus.data.batches import epoch_order
from paribus.engine.keys import purpose_key
from paribus.models.build import build_model
from paribus.study import DataChoice
from paribus.tuning import Tuning, count_tuning_seeds


pytestmark = pytest.mark.slow

RATES = (1e-5, 0.1, 0.5, 10.0)
N_VALIDATION = 40


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    study = make_blobs_study(learning_rate=RATES, seeds=(0, 1, 2), epochs=3)
    study = replace(
        study,
        data=DataChoice(path="blobs.npz", validation=N_VALIDATION),
        optimizer=replace(study.optimizer, name="sgd"),
        tuning=Tuning(seeds=count_tuning_seeds(5), n_choosing=2, compare="all"),
        diagnostics=("rescue",),
    )
    return train_blobs(study, tmp_path_factory.mktemp("rescue"))


@pytest.fixture(scope="module")
def dataset():
    return make_dataset().hold_out(N_VALIDATION, to="validation")


def by_hand(result, dataset, seed, rates):
    """Accuracy on the validation split after each epoch of some learning rates."""
    model = build_model(
        "mlp",
        {"hidden": (8,), "activation": "relu"},
        example_shape=dataset.example_shape,
        n_classes=dataset.n_classes,
    )
    words = jnp.array([0, seed], jnp.uint32)
    params, _ = model.init(purpose_key(words, "initialisation"), {})

    @jax.jit
    def loss_of(params, inputs, labels):
        shares = jax.nn.log_softmax(model.logits(params, inputs / 255))
        return -shares[jnp.arange(len(labels)), labels].mean()

    held_out = dataset.splits["validation"]
    scores = []
    for epoch, rate in enumerate(rates):
        order = epoch_order(seed, epoch, len(dataset.train))
        for first in range(0, len(order), 16):
            batch = dataset.train.take(order[first : first + 16])
            inputs = batch.inputs.astype(np.float32)
            gradient = jax.grad(loss_of)(params, inputs, batch.labels)
            params = jax.tree.map(lambda w, g, r=rate: w - r * g, params, gradient)
        logits = model.logits(params, jnp.asarray(held_out.inputs, jnp.float32) / 255)
        scores.append(float((np.argmax(logits, 1) == held_out.labels).mean()))
    return scores


def test_a_bad_run_goes_on_as_a_plain_loop_does(result, dataset):
    assert is_bad(classify_runs(result))[0, :3].all()  # 1e-5 learns nothing
    plan = plan_rescues(result)
    for seed in range(3):
        rescue = plan.by_config[0]
        scores = by_hand(result, dataset, seed, [1e-5] * 3 + [rescue.learning_rate] * 3)
        found = {name: values[0, seed] for name, values in result.measures.items()}

        assert found["rescue_learning_rate"] == np.float32(rescue.learning_rate)
        assert found["rescue_target"] == np.float32(rescue.target)
        assert found["rescued_accuracy"] == pytest.approx(scores[-1], abs=1e-6)
        assert found["rescued"] == (max(scores[3:]) >= rescue.target)


def test_what_noise_held_up_recovers_and_what_died_does_not(result):
    rescued = result.measures["rescued"][:, :3]

    assert (rescued[0] == 1).all()  # too small a rate harms nothing
    assert (rescued[3] == 0).all()  # after steps of 10 every ReLU is dead
    assert (result.final("train_dead_share")[3, :3] == 1).all()


def test_only_bad_runs_of_seeds_that_judge_are_rescued(result):
    judges = np.isin(result.seeds, result.study.seeds)

    tried = np.isfinite(result.measures["rescued"])

    assert tried.any()
    assert (tried == (is_bad(classify_runs(result)) & judges)).all()


def test_training_itself_stays_as_it_is(result, tmp_path):
    without = train_blobs(replace(result.study, diagnostics=()), tmp_path)

    for name, curve in result.curves.items():
        assert curve.tobytes() == without.curves[name].tobytes(), name
