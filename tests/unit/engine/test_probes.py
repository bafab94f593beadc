"""What is measured of one run, and of a block without changing it."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset
from probe_builders import (
    blobs_recipe,
    make_examples,
    make_network,
    put_splits,
    sgd_recipe,
)

from paribus.declared import DIAGNOSTICS, RESCUE
from paribus.engine.block import BlockShape, CompiledEpochs, Compiler
from paribus.engine.epochs import BlockCurves, traced_values, train_block
from paribus.engine.feeding import WholeSplit
from paribus.engine.prober import Prober
from paribus.engine.probes import ProbeData, probe_end, probe_noise, probe_weights
from paribus.engine.recipe import Arrays, Fitted
from paribus.engine.run import start_run
from paribus.engine.snapshots import LEVELS, Weights, keep_snapshots, start_snapshots
from paribus.study import Run


# A rescue needs a study that tunes its learning rate.
OF_WEIGHTS = tuple(name for name in DIAGNOSTICS if name != RESCUE)
SUFFIXES = ("", *(f"_at_{level:g}" for level in LEVELS))
NOISE = ("noise_scale", "noise_scale_trace", "noise_scale_gradient2")
CURVATURE = ("lambda_max", "preconditioned_lambda_max", "edge_ratio")
SHARPNESS = (
    "asam_sharpness",
    "asam_sharpness_10_steps",
    "sam_sharpness",
    "keskar_phi",
)
SGD = {"learning_rate": jnp.asarray(0.1), "momentum": jnp.asarray(0.0)}
SEED = jnp.array([0, 7], jnp.uint32)


def make_recipe(*, hidden: tuple[int, ...] = (8,)):
    model, params = make_network(hidden=hidden)
    return sgd_recipe(model), params


def measure_weights(recipe, params):
    """Curvature and sharpness by a compiled program."""
    examples = Arrays(*make_examples())
    measure = jax.jit(
        lambda params: probe_weights(
            recipe,
            ("curvature", "sharpness"),
            Weights(Fitted(params, (), {}), None),
            SGD,
            jax.random.key(0),
            examples,
        )
    )
    return {name: float(value) for name, value in measure(params).items()}


def train_blobs_block(*learning_rates: float, diagnostics=OF_WEIGHTS) -> BlockCurves:
    """One block of three blobs runs on one device, measured in every way."""
    study = replace(
        make_blobs_study(learning_rate=learning_rates, seeds=(0,), epochs=4),
        diagnostics=diagnostics,
    )
    dataset = make_dataset()
    runs = [Run(config, 0) for config in study.configs()]
    names = list(traced_values(study, runs, n_examples=len(dataset.train)))
    recipe = blobs_recipe(study, dataset)
    shape = BlockShape(
        devices=tuple(jax.devices("cpu")[:1]), runs_per_device=4, map_width=1
    )
    splits = put_splits(dataset, shape)
    with Compiler(n_threads=2) as compiler:
        driver = CompiledEpochs(
            recipe,
            shape,
            compiler,
            feed=WholeSplit(splits["train"], shape, n_examples=len(dataset.train)),
            splits=splits,
            traced_names=names,
            epochs=4.0,
            key="blobs",
        )
        prober = Prober(
            recipe,
            shape,
            compiler,
            asked=diagnostics,
            data=ProbeData(splits["train"], splits["test"]),
            traced_names=names,
            key="blobs",
        )
        trained = train_block(
            driver,
            runs,
            study,
            n_examples=len(dataset.train),
            prober=prober if diagnostics else None,
        )
    assert trained is not None
    return trained


@pytest.fixture(scope="module")
def measured():
    return train_blobs_block(0.01, 0.1, 0.02)


@pytest.fixture(scope="module")
def with_a_diverged_run():
    return train_blobs_block(0.01, 1e38, 0.02)


@pytest.mark.slow
def test_every_diagnostic_has_its_measures(measured):
    names = {
        *(f"{n}_{share}" for n in NOISE for share in (0, 10, 50, 100)),
        *(f"{n}{suffix}" for n in (*CURVATURE, *SHARPNESS) for suffix in SUFFIXES),
        *(f"train_loss{suffix}" for suffix in SUFFIXES[1:]),
        *(f"matched_test_accuracy{suffix}" for suffix in SUFFIXES[1:]),
        *(f"test_{n}" for n in ("nll", "brier", "ece", "ece_debiased")),
        *("test_ece_null", "test_ece_null_upper", "weight_distance"),
        *("annealed_train_loss", "annealed_train_loss_long"),
    }

    assert names <= measured.measures.keys()
    assert all(measured.measures[name].shape == (3,) for name in names)


@pytest.mark.slow
def test_measuring_changes_no_bit_of_training(measured):
    without = train_blobs_block(0.01, 0.1, 0.02, diagnostics=())

    for name, curve in without.curves.items():
        assert curve.tobytes() == measured.curves[name].tobytes(), name
    for name, values in without.measures.items():
        assert values.tobytes() == measured.measures[name].tobytes(), name


@pytest.mark.slow
def test_a_diverged_run_has_no_measures_and_its_neighbours_keep_theirs(
    measured, with_a_diverged_run
):
    diagnosed = measured.measures.keys() - train_names()
    assert with_a_diverged_run.diverged_at[1] > 0

    for name in sorted(diagnosed):
        ours, theirs = measured.measures[name], with_a_diverged_run.measures[name]
        assert ours[[0, 2]].tobytes() == theirs[[0, 2]].tobytes(), name
        if not name.endswith("_0"):  # before the first step nothing had diverged
            assert np.isnan(theirs[1]), name


def train_names() -> set[str]:
    """What is measured while runs train."""
    return {
        "early_overshoot_share",
        "ends_high",
        "first_update",
        "gradient_norm_p50",
        "gradient_norm_p90",
        "gradient_norm_p99",
        "high_loss_share",
        "max_early_loss",
        "overshoot_share",
        "update_ratio",
    }


@pytest.mark.slow
def test_levels_are_measured_where_the_loss_first_fell_to_them(measured):
    losses = measured.curves["train_loss"]  # evaluation, run

    for level in LEVELS:
        for run in range(3):
            below = losses[losses[:, run] <= np.float32(level), run]
            expected = below[0] if len(below) else np.nan
            found = measured.measures[f"train_loss_at_{level:g}"][run]
            np.testing.assert_equal(found, np.float32(expected))
            sharpness = measured.measures[f"asam_sharpness_at_{level:g}"][run]
            assert np.isnan(sharpness) == np.isnan(expected)


@pytest.mark.slow
def test_a_level_that_is_reached_at_the_end_is_measured_as_the_end_is(measured):
    losses = measured.curves["train_loss"]
    last = np.array(
        [
            [(losses[:-1, run] > np.float32(level)).all() for run in range(3)]
            for level in LEVELS
        ]
    ) & (losses[-1] <= np.array(LEVELS, np.float32)[:, None])
    assert last.any()  # else this tests nothing

    for level, run in zip(*np.nonzero(last), strict=True):
        for name in (*CURVATURE, *SHARPNESS):
            at_level = measured.measures[f"{name}_at_{LEVELS[level]:g}"][run]
            assert at_level == measured.measures[name][run], name


def test_snapshots_keep_the_first_weights_below_each_level():
    recipe, params = make_recipe()
    state = start_run(recipe, SEED, SGD)
    snapshots = start_snapshots(recipe, state, SGD)

    losses = [2.3, 0.2, 0.25, 0.03, np.nan]
    for place, loss in enumerate(losses):
        now = jax.tree.map(lambda w, place=place: jnp.full_like(w, place), params)
        snapshots = keep_snapshots(
            recipe, snapshots, state._replace(params=now), SGD, jnp.float32(loss)
        )

    np.testing.assert_equal(
        np.asarray(snapshots.loss), np.array([0.2, 0.03, 0.03, np.nan], np.float32)
    )
    for leaf in jax.tree.leaves(snapshots.weights.model.params):
        assert np.unique(leaf[0]) == 1
        assert np.unique(leaf[1]) == np.unique(leaf[2]) == 3


def test_test_accuracy_at_a_level_is_that_of_the_weights_kept_for_it():
    recipe, params = make_recipe()
    state = start_run(recipe, SEED, SGD)
    test = Arrays(*make_examples(n=1300, seed=1))
    snapshots = start_snapshots(recipe, state, SGD)
    kept = {}
    for place, loss in enumerate([0.2, 0.05]):
        kept[place] = jax.tree.map(lambda w, k=place: (1 - 3 * k) * w, params)
        now = state._replace(params=kept[place])
        snapshots = keep_snapshots(recipe, snapshots, now, SGD, jnp.float32(loss))

    data = ProbeData(Arrays(*make_examples()), test)
    found = probe_end(
        recipe, ("sharpness",), state, SGD, SEED, jnp.asarray(True), snapshots, data
    )

    def by_hand(params) -> float:
        hidden = np.maximum(test.inputs @ params[0]["kernel"] + params[0]["bias"], 0)
        logits = hidden @ params[1]["kernel"] + params[1]["bias"]
        return float((np.argmax(logits, axis=1) == np.asarray(test.labels)).mean())

    assert by_hand(kept[0]) != by_hand(kept[1])
    name = "matched_test_accuracy_at_"
    assert found[f"{name}0.3"] == pytest.approx(by_hand(kept[0]), abs=1e-6)
    assert found[f"{name}0.1"] == pytest.approx(by_hand(kept[1]), abs=1e-6)
    assert np.isnan(found[f"{name}0.03"])


def test_a_dead_network_is_flat_but_for_its_last_biases():
    recipe, params = make_recipe()
    params[0]["bias"] = jnp.full_like(params[0]["bias"], -1000.0)

    found = measure_weights(recipe, params)

    # The logits are the last biases: the Hessian is the covariance of a softmax.
    shares = np.exp(params[1]["bias"]) / np.exp(params[1]["bias"]).sum()
    hessian = np.diag(shares) - np.outer(shares, shares)
    assert found["lambda_max"] == pytest.approx(
        np.linalg.eigvalsh(hessian)[-1], rel=1e-3
    )
    assert all(np.isfinite(value) for value in found.values())


def test_a_network_without_any_slope_is_not_sharp():
    recipe, params = make_recipe()
    params = jax.tree.map(jnp.zeros_like, params)

    found = measure_weights(recipe, params)

    # Balanced or not, the gradient of the last biases alone is left, and ASAM's
    # distances are relative to weights that are 0.
    assert found["asam_sharpness"] == pytest.approx(0, abs=1e-6)  # float32
    assert found["sam_sharpness"] > 0


def test_softmax_regression_is_measured_too():
    recipe, params = make_recipe(hidden=())

    found = measure_weights(recipe, params)

    assert all(value > 0 for value in found.values())  # a convex loss


def test_edge_ratio_is_one_at_the_stability_edge():
    recipe, params = make_recipe()

    found = measure_weights(recipe, params)

    assert found["edge_ratio"] == pytest.approx(found["lambda_max"] * 0.1 / 2)


def test_noise_of_a_model_of_other_layers_comes_from_batches():
    recipe, params = make_recipe()
    state = start_run(recipe, SEED, SGD)._replace(params=params)
    examples = Arrays(*make_examples(n=4000))
    other = replace(recipe, model=recipe.model._replace(layer_inputs=None))

    exact, batched = (
        jax.jit(
            lambda state, recipe=recipe: probe_noise(
                recipe, state, jnp.asarray(True), examples
            )
        )(state)
        for recipe in (recipe, other)
    )

    # 40 batches estimate the trace to about √(2/40)/√(directions of noise): 10%.
    for name in ("noise_scale_trace", "noise_scale_gradient2"):
        assert float(batched[name]) == pytest.approx(float(exact[name]), rel=0.2)


def test_idle_places_are_not_measured():
    recipe, params = make_recipe()
    state = start_run(recipe, SEED, SGD)._replace(params=params)

    found = probe_noise(recipe, state, jnp.asarray(False), Arrays(*make_examples()))

    assert all(np.isnan(float(value)) for value in found.values())


@pytest.mark.slow
def test_runs_of_a_block_are_measured_as_each_alone():
    recipe, _ = make_recipe()
    data = ProbeData(Arrays(*make_examples()), Arrays(*make_examples(seed=1)))
    measure = partial(probe_end, recipe, OF_WEIGHTS)
    shape = BlockShape(
        devices=tuple(jax.devices("cpu")[:1]), runs_per_device=2, map_width=2
    )

    def one_run(seed):
        state = start_run(recipe, seed, SGD)._replace(step=jnp.int32(1))
        snapshots = start_snapshots(recipe, state, SGD)
        kept = keep_snapshots(recipe, snapshots, state, SGD, jnp.float32(0.05))
        return measure(state, SGD, seed, jnp.asarray(True), kept, data)

    seeds = jnp.array([[0, 3], [0, 4]], jnp.uint32)
    in_block = shape.vectorised(one_run)((seeds,), ())

    for place, seed in enumerate(seeds):
        for name, alone in jax.jit(one_run)(seed).items():
            # Sums in another order; sharpness is a difference of losses near 1.5.
            np.testing.assert_allclose(
                in_block[name][place], alone, rtol=2e-3, atol=1e-6, err_msg=name
            )
