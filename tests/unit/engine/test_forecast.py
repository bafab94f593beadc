from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import make_blobs_study, train_blobs, write_blobs

from paribus.analysis import plan_runs
from paribus.api import run_study
from paribus.data import load_dataset
from paribus.engine.forecast import _Speed, forecast_study
from paribus.errors import (
    DataError,
    ExecutionError,
    ParibusWarning,
    StoreError,
    StudyError,
)
from paribus.results import Progress
from paribus.results.forecast import Forecast
from paribus.store import StudyWriter
from paribus.study import Study
from paribus.tuning import Tuning


STUDY = make_blobs_study(batch_size=(16, 32))


def forecast(
    study: Study,
    folder: Path,
    *,
    allow_env_change: bool = False,
    retry_failed: bool = False,
) -> Forecast:
    if not (folder / "blobs.npz").exists():
        write_blobs(folder / "blobs.npz")
    return forecast_study(
        study,
        folder / study.name,
        data_folder=folder,
        device="cpu",
        allow_env_change=allow_env_change,
        retry_failed=retry_failed,
    )


def test_a_new_study_is_counted_and_nothing_is_written(tmp_path: Path):
    found = forecast(STUDY, tmp_path)

    assert (found.n_runs, found.n_to_train) == (8, 8)
    assert [(g.description, g.n_configs, g.n_runs) for g in found.groups] == [
        ("batch_size=16", 2, 4),
        ("batch_size=32", 2, 4),
    ]
    assert found.bases == ("arithmetic",)
    assert found.seconds is not None
    assert 0 < found.seconds < 60
    assert found.memory_bytes > 1e8
    assert [path.name for path in tmp_path.iterdir()] == ["blobs.npz"]


def test_what_is_trained_is_not_counted_and_its_timings_are_used(tmp_path: Path):
    trained = train_blobs(STUDY, tmp_path)

    assert forecast(STUDY, tmp_path).n_to_train == 0
    larger = replace(STUDY, seeds=(0, 1, 2))
    found = forecast(larger, tmp_path)

    assert (found.n_runs, found.n_to_train) == (12, 4)
    assert found.bases == ("timings",)
    seconds = {
        STUDY.static_part(t.config): t.seconds_per_epoch for t in trained.timings
    }
    for group, own in zip(found.groups, seconds.values(), strict=True):
        assert group.seconds is not None
        # Two runs of two epochs, at best all at once and at worst one by one.
        assert 2 * own <= group.seconds * (1 + 1e-9)
        assert group.seconds <= 4 * own * (1 + 1e-9)


@pytest.mark.filterwarnings("ignore:.*goes on in another environment")
def test_failed_runs_are_counted_if_they_would_be_tried_again(tmp_path: Path):
    write_blobs(tmp_path / "blobs.npz")
    dataset = load_dataset(STUDY.data, folder=tmp_path, kind=STUDY.task.kind)
    with StudyWriter.create(tmp_path / STUDY.name, STUDY, dataset.facts()) as writer:
        writer.begin_attempt({})
        failing = list(writer.runs())[:3]
        block = writer.begin_block(failing, description="failing")
        writer.fail_block(block, "out of memory")

    assert forecast(STUDY, tmp_path).n_to_train == 8 - 3
    assert forecast(STUDY, tmp_path, retry_failed=True).n_to_train == 8


def test_more_work_takes_more_time(tmp_path: Path, monkeypatch):
    # A machine of 100 GFLOP/s: what this one reaches just now is no part of the test.
    monkeypatch.setattr(_Speed, "_product_rate", 1e11)
    short = forecast(STUDY, tmp_path).seconds
    long = forecast(replace(STUDY, budget=replace(STUDY.budget, epochs=40)), tmp_path)

    assert short is not None
    assert long.seconds is not None
    # 20 times the epochs, and evaluations between them.
    assert 8 < long.seconds / short < 50


def test_a_study_that_tunes_expects_what_its_plan_expects(tmp_path: Path):
    data = replace(STUDY.data, validation=40)
    tuning = Tuning(seeds=(1_000_000, 1_000_001), n_choosing=1)
    study = replace(STUDY, data=data, tuning=tuning, name="tuned")

    before = forecast(study, tmp_path)

    # 4 configs choose; the best of each batch size gets 2 seeds, the best of all 1.
    assert before.n_runs == 4 + 2 * 2 + 1
    assert before.n_to_train == before.n_runs
    trained = train_blobs(study, tmp_path)
    after = forecast(study, tmp_path)
    assert after.n_to_train == 0
    assert after.n_runs == plan_runs(trained).n_expected


def test_a_study_that_refines_expects_the_most_that_it_may_train(tmp_path: Path):
    study = make_blobs_study(learning_rate=(1e-5, 0.03, 300.0), batch_size=(16,))
    study = replace(
        study,
        name="refined",
        data=replace(study.data, validation=40),
        tuning=Tuning(seeds=(1_000_000, 1_000_001), n_choosing=1, refine=True),
    )

    before = forecast(study, tmp_path)

    # 3 values choose and 2 more around the best; the best of all gets 2 seeds and 1.
    assert (before.n_runs, before.is_open) == (5 + 2 + 1, True)
    assert before.n_to_train == before.n_runs
    with pytest.raises(KeyboardInterrupt):
        run_study(
            study,
            tmp_path / study.name,
            data_folder=tmp_path,
            device="cpu",
            on_progress=stop_after_declared,
        )
    during = forecast(study, tmp_path)
    assert (during.n_runs, during.is_open) == (8, True)
    assert during.n_to_train == 5
    trained = train_blobs(study, tmp_path)
    after = forecast(study, tmp_path)
    assert (after.n_runs, after.n_to_train, after.is_open) == (8, 0, False)
    assert after.groups[0].n_configs == len(trained.configs) == 5


def stop_after_declared(progress: Progress) -> None:
    if progress.n_finished == 3:
        raise KeyboardInterrupt


def test_a_folder_with_something_else_is_refused_as_in_training(tmp_path: Path):
    (tmp_path / STUDY.name).mkdir()
    (tmp_path / STUDY.name / "writer.lock").touch()

    with pytest.raises(StoreError, match="must be empty or a study"):
        forecast(STUDY, tmp_path)


def test_a_study_that_has_changed_is_refused_as_in_training(tmp_path: Path):
    train_blobs(STUDY, tmp_path)
    changed = replace(STUDY, budget=replace(STUDY.budget, epochs=3))

    with pytest.raises(StudyError, match="must stay as it was"):
        forecast(changed, tmp_path)


def test_other_data_are_refused_as_in_training(tmp_path: Path):
    train_blobs(STUDY, tmp_path)
    arrays = dict(np.load(tmp_path / "blobs.npz"))
    arrays["y_train"] = arrays["y_train"][::-1]
    np.savez(tmp_path / "blobs.npz", allow_pickle=False, **arrays)

    for study in (STUDY, replace(STUDY, seeds=(0, 1, 2))):
        with pytest.raises(DataError, match="differs from the data recorded"):
            forecast(study, tmp_path)


def test_batch_sizes_that_move_the_evaluations_are_refused_as_in_training(
    tmp_path: Path,
):
    budget = replace(STUDY.budget, steps=20)
    study = make_blobs_study(batch_size=(16,), seeds=(0,))
    train_blobs(replace(study, budget=budget), tmp_path)
    larger = replace(STUDY, seeds=(0,), budget=budget)

    with pytest.raises(StudyError, match="`batch_size` must stay as it was"):
        forecast(larger, tmp_path)


@pytest.mark.slow
def test_an_exact_study_is_refused_another_environment_as_in_training(
    tmp_path: Path, monkeypatch
):
    study = make_blobs_study(learning_rate=(0.03,), seeds=(0,))
    study = replace(study, exact=True)
    train_blobs(study, tmp_path)
    larger = replace(study, seeds=(0, 1))
    monkeypatch.setenv("XLA_FLAGS", "--xla_other")

    # Where nothing is left to train, nothing is asked.
    assert forecast(study, tmp_path).n_to_train == 0
    with pytest.raises(ExecutionError, match="flags of XLA `--xla_other`"):
        forecast(larger, tmp_path)
    with pytest.warns(ParibusWarning, match="goes on in another environment"):
        found = forecast(larger, tmp_path, allow_env_change=True)
    assert found.n_to_train == 1
