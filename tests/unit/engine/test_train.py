import dataclasses
import shutil

import numpy as np
import pytest
from builders import make_blobs_study, train_blobs

from paribus.errors import DataError, StudyError
from paribus.space import SearchSpace
from paribus.status import RunStatus
from paribus.study import Budget, OptimizerChoice


def same_bits(first, second):
    return np.asarray(first).tobytes() == np.asarray(second).tobytes()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two configs with two seeds, trained once for this file."""
    folder = tmp_path_factory.mktemp("trained")
    return folder, train_blobs(make_blobs_study(), folder)


def test_every_run_ends_and_learns(trained):
    _, result = trained

    assert (result.status == RunStatus.CONVERGED).all()
    assert (result.final("train_accuracy") > 0.6).all()  # by guessing: 0.38
    assert result.epochs.tolist() == [0, 1, 2]


def test_runs_of_a_seed_start_from_the_same_weights(trained):
    _, result = trained

    before = result.curves["test_loss"][:, :, 0]
    assert before[0, 0] == before[1, 0]
    assert before[0, 0] != before[0, 1]


def test_minibatch_loss_is_unknown_before_the_first_step(trained):
    _, result = trained

    assert np.isnan(result.curves["minibatch_loss"][:, :, 0]).all()
    assert np.isfinite(result.curves["minibatch_loss"][:, :, 1:]).all()


def test_time_of_an_epoch_is_measured_for_each_program(trained):
    _, result = trained

    assert all(result.seconds_per_epoch(config) > 0 for config in result.configs)
    (timing,) = result.timings  # both configs share one
    assert list(timing.by_round) == [1, 2, 3, 4, 5]


def test_training_again_changes_no_bit(trained, tmp_path):
    _, result = trained

    again = train_blobs(make_blobs_study(), tmp_path)

    for name, curve in result.curves.items():
        assert same_bits(curve, again.curves[name]), name


@pytest.mark.parametrize(
    "grown",
    [
        make_blobs_study(learning_rate=(0.001, 0.01, 0.03, 0.1, 0.2)),
        pytest.param(make_blobs_study(batch_size=(8, 16, 37)), marks=pytest.mark.slow),
        make_blobs_study(seeds=(5, 0, 1, 2, 3)),
    ],
    ids=["learning-rates", "batch-sizes", "seeds"],
)
def test_larger_study_leaves_every_run_as_it_was(trained, tmp_path, grown):
    _, small = trained

    large = train_blobs(grown, tmp_path)

    for i, config in enumerate(small.configs):
        for j, seed in enumerate(small.seeds):
            place = large.config_index(config), large.seeds.index(seed)
            for name, curve in small.curves.items():
                assert same_bits(curve[i, j], large.curves[name][place]), (config, name)


def test_growing_a_study_in_place_trains_only_what_is_new(trained, tmp_path):
    folder, small = trained
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)

    large = train_blobs(make_blobs_study(learning_rate=(0.01, 0.1, 0.2)), tmp_path)

    assert [attempt.n_runs for attempt in large.attempts] == [4, 2]
    assert same_bits(large.curves["test_loss"][:2], small.curves["test_loss"])


def test_sick_runs_are_frozen_and_leave_the_others_as_they_were(trained, tmp_path):
    _, healthy = trained
    sick = make_blobs_study(
        learning_rate=(1e30, 0.01, 3e38, 0.1, 1e35), optimizer="keras_adam"
    )

    result = train_blobs(sick, tmp_path)

    has_diverged = result.status == RunStatus.DIVERGED
    assert has_diverged.tolist() == [[True] * 2, [False] * 2] * 2 + [[True] * 2]
    assert (result.diverged_at[has_diverged] > 0).all()
    assert (result.diverged_at[~has_diverged] == 0).all()
    assert np.isnan(result.curves["test_loss"][0, :, 1:]).all()
    for name, curve in healthy.curves.items():
        assert same_bits(result.curves[name][[1, 3]], curve), name


def test_divergence_is_recorded_at_its_first_step(tmp_path):
    # The first step sets weights of 1e30; the second finds a loss that is not finite.
    study = make_blobs_study(learning_rate=(1e30, 0.1), optimizer="sgd")

    result = train_blobs(study, tmp_path)

    assert result.diverged_at.tolist() == [[2, 2], [0, 0]]


def test_finished_study_is_not_trained_again(trained):
    folder, result = trained

    again = train_blobs(make_blobs_study(), folder)

    assert sum(attempt.n_runs for attempt in again.attempts) == 4
    assert same_bits(again.curves["test_loss"], result.curves["test_loss"])


def test_batch_size_above_the_training_split_is_refused_before_anything_is_made(
    tmp_path,
):
    study = make_blobs_study(batch_size=(16, 1000))

    with pytest.raises(StudyError, match="at most the 200 training examples, got 1000"):
        train_blobs(study, tmp_path)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["blobs.npz"]


def test_changed_data_are_refused(trained, tmp_path):
    folder, _ = trained
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with np.load(tmp_path / "blobs.npz") as archive:
        arrays = dict(archive)
    arrays["x_test"][0, 0] ^= 1
    np.savez(tmp_path / "blobs.npz", **arrays)

    with pytest.raises(DataError, match="differ"):
        train_blobs(make_blobs_study(seeds=(0, 1, 2)), tmp_path)


def test_changed_budget_is_refused_with_both_values(trained):
    folder, _ = trained
    study = dataclasses.replace(make_blobs_study(), budget=Budget(epochs=3))

    with pytest.raises(StudyError, match=r"`study.epochs`.*3.*2"):
        train_blobs(study, folder)


def test_evaluation_cadence_does_not_change_training(trained, tmp_path):
    _, by_epoch = trained

    by_quarter = train_blobs(make_blobs_study(evaluate_every=0.25), tmp_path)

    assert same_bits(
        by_quarter.curves["test_loss"][:, :, ::4], by_epoch.curves["test_loss"]
    )


def test_optimizers_of_one_study_train_as_in_studies_of_their_own(tmp_path):
    alone = {
        name: train_blobs(make_blobs_study(optimizer=name), tmp_path / name)
        for name in ("sgd", "keras_adam")
        if (tmp_path / name).mkdir() is None
    }
    study = make_blobs_study()
    grid = {"optimizer": ("sgd", "keras_adam"), **study.space.grids[0]}
    both = dataclasses.replace(
        study, optimizer=OptimizerChoice(), space=SearchSpace(grids=(grid,))
    )

    result = train_blobs(both, tmp_path)

    for position, name in enumerate(("sgd", "keras_adam")):
        kept = slice(2 * position, 2 * position + 2)
        for metric in ("train_loss", "test_accuracy"):
            assert same_bits(result.curves[metric][kept], alone[name].curves[metric]), (
                name,
                metric,
            )


def test_diagnostics_of_every_run_are_stored(tmp_path):
    asked = ("noise_scale", "calibration", "weight_distance")
    study = dataclasses.replace(make_blobs_study(), diagnostics=asked)

    result = train_blobs(study, tmp_path)

    for name in ("noise_scale_trace_50", "test_brier", "weight_distance"):
        values = result.measures[name]
        assert values.shape == (len(result.configs), len(result.seeds))
        assert np.isfinite(values).all(), name
    # The larger learning rate travels further.
    first, second = result.measures["weight_distance"]
    assert (second > first).all()
