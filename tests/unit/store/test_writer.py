import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import make_curves, make_store, train, waiting

from paribus.errors import DataError, StoreError
from paribus.results.timings import SoloTime
from paribus.space import Config
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study, study_exists
from paribus.store.folder import building_folder
from paribus.store.rows import BaselineRow
from paribus.store.schema import ATTEMPT, BASELINE, BLOCK, CHUNK
from paribus.study import Budget, Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "studies" / "tiny"


def test_a_new_study_is_read_back_as_it_was_given(folder: Path):
    study = make_study(batch_size=(64, 32))
    facts = make_facts(n_validation=500)

    StudyWriter.create(folder, study, facts).close()
    result = read_study(folder)

    assert study_exists(folder)
    assert result.study == study
    assert result.data == facts
    assert (result.status == RunStatus.PENDING).all()
    assert result.epochs.tolist() == list(study.budget.evaluation_epochs())


def test_a_new_study_leaves_nothing_beside_it(folder: Path):
    StudyWriter.create(folder, make_study(), make_facts()).close()

    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
    assert sorted(p.name for p in folder.iterdir()) == ["study.db", "writer.lock"]


def test_a_study_is_made_in_an_empty_folder(folder: Path):
    folder.mkdir(parents=True)

    StudyWriter.create(folder, make_study(), make_facts()).close()

    assert check_study(folder).problems == ()


def test_an_unfinished_study_has_curves_of_nothing_but_nan(folder: Path):
    StudyWriter.create(folder, make_study(), make_facts(n_validation=9)).close()

    result = read_study(folder)

    assert list(result.curves) == [
        "train_loss",
        "validation_loss",
        "test_loss",
        "train_accuracy",
        "validation_accuracy",
        "test_accuracy",
    ]
    assert all(np.isnan(curve).all() for curve in result.curves.values())


def test_create_opens_and_grows_a_study_that_is_there(folder: Path):
    make_store(folder)

    grown = make_study(n_seeds=5)
    with StudyWriter.create(folder, grown, make_facts()) as writer:
        assert writer.study == replace(grown, late_seeds=(4,), n_looks=2)
        assert len(waiting(writer)) == 2


def test_create_refuses_other_data_before_it_grows_a_study_and_gives_it_free(
    folder: Path,
):
    make_store(folder)
    stored = read_study(folder).study
    others = replace(make_facts(), content_hash="1" * 64)

    with pytest.raises(DataError, match="differs from the data recorded"):
        StudyWriter.create(folder, make_study(n_seeds=5), others)

    with StudyWriter.open(folder) as writer:
        assert writer.study == stored


def test_create_removes_what_a_killed_creator_left(folder: Path):
    left = building_folder(folder)
    left.mkdir(parents=True)
    (left / "study.db").touch()

    StudyWriter.create(folder, make_study(), make_facts()).close()

    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_runs_are_listed_by_config_then_by_seed(folder: Path):
    study = make_study(n_seeds=2)

    with StudyWriter.create(folder, study, make_facts()) as writer:
        listed = list(writer.runs())

    assert listed == [Run(c, seed) for c in study.configs() for seed in study.seeds]


def test_a_committed_block_is_stored_with_its_outcomes(folder: Path):
    study = make_study(n_seeds=2)
    with StudyWriter.create(folder, study, make_facts()) as writer:
        writer.begin_attempt({})
        runs = waiting(writer)
        block = writer.begin_block([runs[3], runs[0]], description="two")
        curves = make_curves(study, 2)
        writer.commit_block(block, curves=curves, diverged_at=np.array([0, 9]))

    result = read_study(folder)

    assert result.status.tolist() == [[4, 0], [0, 9]]
    assert result.diverged_at.tolist() == [[9, 0], [0, 0]]
    for name, values in curves.items():
        np.testing.assert_array_equal(result.curves[name][1, 1], values[:, 0])
        np.testing.assert_array_equal(result.curves[name][0, 0], values[:, 1])
        assert np.isnan(result.curves[name][0, 1]).all()


def test_arrays_in_fortran_order_are_stored_by_value(folder: Path):
    study = make_study(n_seeds=3, epochs=4)
    with StudyWriter.create(folder, study, make_facts()) as writer:
        writer.begin_attempt({})
        runs = waiting(writer)
        block = writer.begin_block(runs, description="all")
        curves = make_curves(study, len(runs))
        turned = {name: np.asfortranarray(curve) for name, curve in curves.items()}
        writer.commit_block(
            block, curves=turned, diverged_at=np.zeros(len(runs), dtype=int)
        )

    stored = read_study(folder).curves["train_accuracy"].reshape(len(runs), -1)

    np.testing.assert_array_equal(stored.T, curves["train_accuracy"])


def test_a_running_block_is_running_to_others_and_pending_to_the_next(folder: Path):
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        writer.begin_block(waiting(writer)[:3], description="three")
        seen = read_study(folder).status

        (row,) = writer._ledger.read(BLOCK)
    assert (row.attempt, row.description, row.message) == (1, "three", "")
    assert (seen == RunStatus.RUNNING).sum() == 3
    assert (read_study(folder).status == RunStatus.INTERRUPTED).sum() == 3
    with StudyWriter.open(folder) as writer:
        assert writer.begin_attempt({}) == 2
        assert set(writer.runs().values()) == {RunStatus.PENDING}


def test_an_interrupted_run_waits_to_be_trained(folder: Path):
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        runs = waiting(writer)
        block = writer.begin_block(runs[:2], description="two")
        writer.interrupt()

        assert writer.runs()[runs[0]] == RunStatus.INTERRUPTED
        with pytest.raises(ValueError, match="interrupted"):
            writer.commit_block(
                block,
                curves=make_curves(writer.study, 2),
                diverged_at=np.zeros(2, dtype=int),
            )
        train(writer, runs[:2])

    assert check_study(folder).problems == ()


def test_a_failed_block_keeps_its_message_and_is_retried_on_request(folder: Path):
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        runs = waiting(writer)
        block = writer.begin_block(runs[6:], description="the last two")
        writer.fail_block(block, "no memory \ud800")
        with pytest.raises(
            ValueError, match=r"^block 1 must be running, it is failed$"
        ):
            writer.fail_block(block, "again")
        failed = read_study(folder)

        assert writer.retry_failed() == 2
        assert writer.retry_failed() == 0
        train(writer, runs[6:])

    assert failed.status[1].tolist() == [0, 0, 3, 3]
    assert failed.messages == {(1, 2): "no memory \\ud800", (1, 3): "no memory \\ud800"}
    assert read_study(folder).messages == {}


def test_an_outcome_is_never_trained_again(folder: Path):
    make_store(folder)

    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        with pytest.raises(
            ValueError, match=r"^a block must have runs that wait to be trained$"
        ):
            writer.begin_block(list(writer.runs())[:1], description="again")


def test_a_block_is_of_runs_of_the_study(folder: Path):
    other = Run(make_study().configs()[0], 99)

    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        with pytest.raises(ValueError, match=r"learning_rate=0\.001, .*=32, 99$"):
            writer.begin_block([other], description="not its own")


def test_a_block_is_committed_once(folder: Path):
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        block = train(writer, waiting(writer)[:1])

        with pytest.raises(ValueError, match="must be running, it is finished"):
            writer.fail_block(block, "late")


@pytest.mark.parametrize(
    ("name", "shape"),
    [("test_accuracy", (2, 2)), ("test_accuracy", (3, 1)), ("accuracy", (3, 2))],
    ids=["an evaluation short", "a run short", "no split"],
)
def test_curves_that_do_not_fit_are_refused_whole(
    folder: Path, name: str, shape: tuple[int, int]
):
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        block = writer.begin_block(waiting(writer)[:2], description="two")

        with pytest.raises(ValueError, match=r"curve|shape|runs"):
            writer.commit_block(
                block,
                curves={name: np.zeros(shape, dtype=np.float32)},
                diverged_at=np.zeros(shape[1], dtype=int),
            )

    assert (read_study(folder).status == RunStatus.INTERRUPTED).sum() == 2


def test_attempts_say_who_trained_how_much(folder: Path):
    make_store(folder)
    begun = time.monotonic()
    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(n_seeds=6))
        writer.begin_attempt({"jax": "0.10.1"})
        train(writer, waiting(writer)[:3])
    elapsed = time.monotonic() - begun

    first, second = read_study(folder).attempts

    assert (first.number, first.n_runs, first.seconds) == (1, 8, 1.5)
    assert first.environment == {"python": "3.11"}
    assert (second.number, second.n_runs) == (2, 3)  # without `finish_attempt`
    assert 0 < second.seconds <= elapsed
    assert second.environment == {"jax": "0.10.1"}


def test_an_attempt_that_ends_in_order_says_so(folder: Path):
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        writer.finish_attempt(n_runs=3, seconds=2.5)
        (row,) = writer._ledger.read(ATTEMPT)

    assert (row.n_runs, row.seconds, row.is_finished) == (3, 2.5, 1)


def test_the_baseline_is_one_row_and_stored_once(folder: Path):
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        assert not writer.has_baseline()
        writer.commit_baseline(train_loss=0.25, learning_rate=0.1)
        assert writer.has_baseline()
        with pytest.raises(StoreError, match=r"UNIQUE constraint failed: baseline.id"):
            writer.commit_baseline(train_loss=0.5, learning_rate=0.1)
        assert writer._ledger.read(BASELINE) == [BaselineRow(1, 0.25, 0.1, 1)]

    assert read_study(folder).baseline_loss == 0.25


def test_a_study_of_equal_steps_grows_by_seeds(folder: Path):
    study = replace(
        make_study(n_seeds=2), budget=Budget(epochs=2, evaluate_every=1.0, steps=5000)
    )
    with StudyWriter.create(folder, study, make_facts()) as writer:
        writer.grow(replace(study, seeds=(0, 1, 2)))

        assert len(writer.runs()) == 6


def stop() -> None:
    raise DataError("the data have changed")


@pytest.mark.parametrize(
    "store",
    [
        lambda writer, block, curves: writer.commit_block(
            block, curves=curves, diverged_at=np.zeros(2, np.int64)
        ),
        lambda writer, block, curves: writer.commit_evaluations(block, curves),
        lambda writer, block, curves: writer.pause_block(
            block, curves, diverged_at=np.zeros(2, np.int64), checkpoint={}
        ),
    ],
    ids=["at its end", "on its way", "at a rung"],
)
def test_no_number_of_data_that_have_changed_is_stored(
    store: Callable[[StudyWriter, int, dict[str, np.ndarray]], None], folder: Path
):
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        block = writer.begin_block(waiting(writer)[:2], description="two")
        writer.watch_data(stop)
        with pytest.raises(DataError, match="the data have changed"):
            store(writer, block, make_curves(writer.study, 2))

        assert writer._ledger.read(CHUNK) == []
        assert (read_study(folder).status == RunStatus.RUNNING).sum() == 2


def test_rounds_of_timings_are_numbered_and_the_last_five_count(folder: Path):
    study = make_study()
    make_store(folder, study=study)
    first, other = study.configs()[:2]

    def timed(config: Config, seconds: float) -> SoloTime:
        return SoloTime(config=config, seconds_per_epoch=seconds, load_before=0.5)

    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.commit_round([timed(first, 9.0)])
        for seconds in (1.0, 2.0, 3.0, 4.0, 5.0):
            writer.commit_round([timed(other, 0.5), timed(first, seconds)])

    timings = {timing.config: timing for timing in read_study(folder).timings}
    assert timings[first].by_round == {2: 1.0, 3: 2.0, 4: 3.0, 5: 4.0, 6: 5.0}
    assert timings[first].seconds_per_epoch == 3.0
    assert timings[other].by_round == dict.fromkeys(range(2, 7), 0.5)
    assert check_study(folder).problems == ()


def test_a_round_of_another_study_is_refused(folder: Path):
    make_store(folder)
    foreign = SoloTime(
        config=Config({"learning_rate": 7.0}), seconds_per_epoch=1.0, load_before=0.0
    )

    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        with pytest.raises(ValueError, match="not in tuple"):
            writer.commit_round([foreign])

    assert read_study(folder).timings == ()


def test_nothing_is_trained_before_an_attempt_begins(folder: Path):
    with (
        StudyWriter.create(folder, make_study(), make_facts()) as writer,
        pytest.raises(ValueError, match=r"^`begin_attempt` must come first$"),
    ):
        writer.begin_block(waiting(writer), description="too early")


def test_opening_for_writing_changes_nothing(folder: Path):
    make_store(folder)
    content = (folder / "study.db").read_bytes()

    StudyWriter.open(folder).close()

    assert (folder / "study.db").read_bytes() == content


def test_a_moved_study_is_the_same_study(folder: Path, tmp_path: Path):
    make_store(folder)
    moved = tmp_path / "a #1? 100%"
    folder.rename(moved)

    with StudyWriter.open(moved) as writer:
        assert len(writer.runs()) == 8
    assert check_study(moved).problems == ()
