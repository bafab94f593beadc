from dataclasses import replace
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset, write_blobs

from paribus.choices import ModelChoice
from paribus.data.batches import epoch_order
from paribus.engine.keys import purpose_key, seed_words
from paribus.engine.rate_sweep import FIRST_SEED, STEPS_PER_STAIR, sweep_rates
from paribus.errors import CommandError
from paribus.models.build import build_model
from paribus.results.rate_sweep import RateSweep
from paribus.study import Study


def linear_study(**changes: object) -> Study:
    study = make_blobs_study(batch_size=(16, 30), optimizer="sgd")
    return replace(study, model=ModelChoice(name="softmax"), **changes)


def sweep(folder: Path, study: Study, **arguments: object) -> RateSweep:
    write_blobs(folder / "blobs.npz")
    given = {"n_seeds": 2, "n_steps": 80, "device": "cpu", **arguments}
    return sweep_rates(study, data_folder=folder, **given)


def plain_losses(rates: np.ndarray, seed: int, batch_size: int) -> np.ndarray:
    """Softmax regression by hand in NumPy: the mean loss of each stair."""
    train = make_dataset().train
    inputs = train.inputs.reshape(len(train), -1) / 255
    model = build_model("softmax", {}, example_shape=(12,), n_classes=3)
    key = purpose_key(jnp.asarray(seed_words(seed)), "initialisation")
    (layer,), _ = model.init(key, {})
    weights = {name: np.asarray(value, np.float64) for name, value in layer.items()}
    n = len(train)
    means, total, seen, step = [], 0.0, 0, 0
    for epoch in range(100):
        order = epoch_order(seed, epoch, n)
        for first in range(0, n, batch_size):
            chosen = order[first : first + batch_size]
            x, labels = inputs[chosen], train.labels[chosen]
            logits = x @ weights["kernel"] + weights["bias"]
            shares = np.exp(logits - logits.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            rows = np.arange(len(chosen))
            total += -np.log(shares[rows, labels]).sum()
            seen += len(chosen)
            shares[rows, labels] -= 1
            rate = rates[step // STEPS_PER_STAIR]
            weights["kernel"] -= rate * x.T @ shares / len(chosen)
            weights["bias"] -= rate * shares.mean(axis=0)
            step += 1
            if step % STEPS_PER_STAIR == 0:
                means.append(total / seen)
                total, seen = 0.0, 0
            if len(means) == len(rates):
                return np.array(means)
    raise AssertionError


def test_the_losses_are_those_of_a_plain_loop(tmp_path: Path):
    found = sweep(tmp_path, linear_study(), bounds=(1e-4, 1.0))

    assert found.seeds == (FIRST_SEED, FIRST_SEED + 1)
    assert [c.others for c in found.curves] == [{"batch_size": 16}, {"batch_size": 30}]
    for curves, batch_size in zip(found.curves, (16, 30), strict=True):
        for place, seed in enumerate(found.seeds):
            expected = plain_losses(found.rates, seed, batch_size)
            # 80 steps in float32 beside float64.
            np.testing.assert_allclose(curves.losses[:, place], expected, rtol=1e-4)


def test_rates_rise_by_one_factor_and_divergence_ends_a_curve(tmp_path: Path):
    found = sweep(tmp_path, make_blobs_study(optimizer="sgd"), bounds=(0.01, 3e38))

    np.testing.assert_allclose(found.rates, np.geomspace(0.01, 3e38, 20))
    losses = found.curves[0].losses
    assert np.isfinite(losses[0]).all()
    assert np.isnan(losses[-1]).all()
    # Once diverged, for good.
    assert (np.diff(np.isnan(losses).astype(int), axis=0) >= 0).all()


def test_learning_rates_and_schedules_of_the_study_do_not_matter(tmp_path: Path):
    study = make_blobs_study(learning_rate=(0.5,), optimizer="sgd")
    grid = {**study.space.grids[0], "schedule": ("cosine", "constant")}
    scheduled = replace(study, space=replace(study.space, grids=(grid,)))

    plain = sweep(tmp_path, replace(make_blobs_study(optimizer="sgd")))
    without = sweep(tmp_path, scheduled)

    assert len(without.curves) == 1
    np.testing.assert_array_equal(plain.curves[0].losses, without.curves[0].losses)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"bounds": (1.0, 0.1)}, "must rise"), ({"n_steps": 20}, "at least 40")],
)
def test_a_sweep_that_cannot_be_is_refused(tmp_path: Path, arguments, message: str):
    with pytest.raises(CommandError, match=message):
        sweep(tmp_path, make_blobs_study(), **arguments)


def test_nothing_is_written(tmp_path: Path):
    sweep(tmp_path, make_blobs_study())

    assert [path.name for path in tmp_path.iterdir()] == ["blobs.npz"]
