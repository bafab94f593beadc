"""Blocks that stop at a rung: what is stored of them, and what of the rest."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from builders import make_facts
from store_builders import METRICS, edit_knowingly
from tuning_builders import make_tuned_study

from paribus.errors import StoreError
from paribus.halving import Halving
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study, salvage_study
from paribus.store.checkpoints import read_checkpoint
from paribus.store.documents import read_attempt_facts
from paribus.store.schema import ATTEMPT, BLOCK, CHECKPOINT
from paribus.study import Run


# Five evaluations; rungs after two and three of them.
STUDY = make_tuned_study(
    learning_rate=(0.001, 0.01, 0.1), batch_size=(32,), halving=Halving(factor=2)
)
RUNS = tuple(Run(config, STUDY.all_seeds[3]) for config in STUDY.configs())
OTHERS = tuple(Run(config, STUDY.all_seeds[4]) for config in STUDY.configs())
AT_RUNG, END = 2, 5
SOUND = np.zeros(3, np.int64)


def curves(n_runs: int, begin: int = 0, end: int = END) -> dict[str, np.ndarray]:
    """Values that tell evaluation and run: 10 for the second of the first run."""
    values = 10.0 * np.arange(begin, end)[:, None] + np.arange(n_runs)
    return {name: values.astype(np.float32) for name in METRICS}


def state(n_runs: int) -> dict[str, np.ndarray]:
    return {"state.w": np.arange(2 * n_runs, dtype=np.float32).reshape(n_runs, 2)}


def pause(writer: StudyWriter, *, diverged_at: np.ndarray = SOUND) -> int:
    block = writer.begin_block(RUNS, description="b")
    first = curves(3, end=AT_RUNG)
    writer.pause_block(block, first, diverged_at=diverged_at, checkpoint=state(3))
    return block


def commit(writer: StudyWriter, block: int, n_runs: int) -> None:
    measures = {"first_update": np.arange(n_runs, dtype=np.float32)}
    writer.commit_block(
        block,
        curves=curves(n_runs),
        diverged_at=np.zeros(n_runs, np.int64),
        measures=measures,
        correct={"test": np.full((n_runs, 1250), 255, np.uint8)},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "studies" / "rungs"
    StudyWriter.create(where, STUDY, make_facts(n_validation=5000)).close()
    return where


@pytest.fixture
def writer(folder: Path):
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        yield writer


def statuses(writer: StudyWriter) -> list[RunStatus]:
    known = writer.runs()
    return [known[run] for run in RUNS]


def final(folder: Path) -> np.ndarray:
    return read_study(folder).curves["train_loss"][:, 3]


def test_evaluations_up_to_a_rung_are_results_and_the_runs_wait(writer, folder):
    pause(writer, diverged_at=np.array([0, 0, 7]))

    result = read_study(folder)

    waits, ended = RunStatus.INTERRUPTED, RunStatus.DIVERGED
    assert result.status[:, 3].tolist() == [waits, waits, ended]
    assert result.diverged_at[:, 3].tolist() == [0, 0, 7]
    nan = np.nan
    expected = [[k, 10 + k, nan, nan, nan] for k in range(3)]
    np.testing.assert_array_equal(final(folder), expected)
    assert check_study(folder).problems == ()


def test_what_goes_on_does_so_in_its_block_and_the_rest_keeps_its_curve(writer, folder):
    block = pause(writer)
    writer.prune([RUNS[1]])

    assert writer.stopped_blocks() == {block: (RUNS[0], RUNS[2])}
    resumed = writer.resume_block(block)
    assert resumed.evaluation == AT_RUNG
    assert resumed.rows is not None
    assert resumed.rows.tolist() == [0, 2]
    pruned, running = RunStatus.PRUNED, RunStatus.RUNNING
    assert statuses(writer) == [running, pruned, running]
    commit(writer, block, 2)

    assert statuses(writer) == [RunStatus.CONVERGED, pruned, RunStatus.CONVERGED]
    nan = np.nan
    np.testing.assert_array_equal(
        final(folder),
        [[0, 10, 20, 30, 40], [1, 11, nan, nan, nan], [2, 12, 21, 31, 41]],
    )
    result = read_study(folder)
    np.testing.assert_array_equal(result.measures["first_update"][:, 3], [0, nan, 1])
    assert result.correct["test"][:, 3].all(axis=1).tolist() == [True, False, True]
    assert result.attempts[0].n_runs == 2
    assert writer._ledger.read(CHECKPOINT) == []
    assert check_study(folder).problems == ()


def test_a_state_on_the_way_says_whose_it_is(writer, folder):
    block = pause(writer)
    writer.prune([RUNS[0]])
    writer.resume_block(block)
    second = curves(2, AT_RUNG, AT_RUNG + 1)
    writer.commit_evaluations(block, second, checkpoint=state(2))
    writer.interrupt()
    *_, row = sorted(writer._ledger.read(CHECKPOINT), key=lambda row: row.evaluation)
    assert read_checkpoint(folder, row)["positions"].tolist() == [1, 2]

    resumed = writer.resume_block(block)

    assert resumed.evaluation == AT_RUNG + 1
    assert resumed.tensors is not None
    assert resumed.tensors.keys() == {"state.w"}
    assert resumed.rows is None  # all of them go on
    writer.interrupt()
    writer.prune([RUNS[1]])
    again = writer.resume_block(block)
    assert again.tensors is not None
    assert again.tensors.keys() == {"state.w"}
    assert again.rows is not None
    assert again.rows.tolist() == [1]


def test_a_block_that_starts_again_keeps_the_curves_of_what_was_stopped(writer, folder):
    block = pause(writer)
    writer.prune([RUNS[0]])
    for path in (folder / "checkpoints").iterdir():
        path.unlink()
    with pytest.warns(match="the block starts again"):
        assert writer.resume_block(block).evaluation == 0

    commit(writer, block, 2)

    nan = np.nan
    np.testing.assert_array_equal(
        final(folder),
        [[0, 10, nan, nan, nan], [0, 10, 20, 30, 40], [1, 11, 21, 31, 41]],
    )
    # What was computed again differs from what this test had stored.
    assert read_study(folder).replays.n_values == 2 * AT_RUNG * len(METRICS)


def test_a_block_none_of_whose_runs_goes_on_is_finished(writer, folder):
    block = pause(writer, diverged_at=np.array([3, 0, 0]))
    writer.prune(RUNS[1:])

    assert writer.stopped_blocks() == {}
    (row,) = writer._ledger.read(BLOCK)
    assert (row.id, row.status) == (block, "finished")
    assert not [*(folder / "checkpoints").iterdir()]
    assert check_study(folder).problems == ()
    assert np.isnan(final(folder)[:, AT_RUNG:]).all()


def test_a_block_all_of_whose_runs_diverge_before_its_rung_is_finished(writer, folder):
    pause(writer, diverged_at=np.array([3, 1, 2]))

    assert set(statuses(writer)) == {RunStatus.DIVERGED}
    assert writer.stopped_blocks() == {}
    assert not [*(folder / "checkpoints").iterdir()]
    assert check_study(folder).problems == ()


def test_runs_that_do_not_fit_together_wait_and_what_ended_stays(writer):
    block = pause(writer, diverged_at=np.array([0, 0, 7]))
    writer.prune([RUNS[1]])
    writer.resume_block(block)

    writer.give_back_block(block, "RESOURCE_EXHAUSTED")

    pending, pruned, ended = RunStatus.PENDING, RunStatus.PRUNED, RunStatus.DIVERGED
    assert statuses(writer) == [pending, pruned, ended]


def test_a_block_that_fails_fails_for_the_runs_that_were_trained(writer, folder):
    block = pause(writer)
    writer.prune([RUNS[1]])
    writer.resume_block(block)

    writer.fail_block(block, "broken")

    failed = RunStatus.FAILED
    assert statuses(writer) == [failed, RunStatus.PRUNED, failed]
    assert check_study(folder).problems == ()


def test_a_process_that_died_leaves_a_block_that_goes_on_from_its_rung(folder):
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        block = pause(writer)
        writer.prune([RUNS[2]])
        writer.resume_block(block)  # and no word more

    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        assert writer.stopped_blocks() == {block: RUNS[:2]}
        assert writer.resume_block(block).evaluation == AT_RUNG
        commit(writer, block, 2)
    assert check_study(folder).problems == ()


def test_only_what_waits_can_be_pruned_or_paused(writer):
    block = pause(writer)
    with pytest.raises(ValueError, match=r"must be running, it is paused$"):
        writer.pause_block(block, curves(3), diverged_at=SOUND, checkpoint=state(3))
    writer.prune([RUNS[0]])
    with pytest.raises(ValueError, match=r"^runs that are pruned must wait$"):
        writer.prune([RUNS[0]])


def test_a_rung_takes_the_place_of_the_states_on_the_way_to_it(writer, folder):
    block = writer.begin_block(RUNS, description="b")
    first, then = curves(3, end=1), curves(3, 1, AT_RUNG)
    writer.commit_evaluations(block, first, checkpoint=state(3))
    writer.pause_block(block, then, diverged_at=SOUND, checkpoint=state(3))

    (row,) = writer._ledger.read(CHECKPOINT)
    assert (row.block, row.evaluation) == (block, AT_RUNG)
    assert [path.name for path in (folder / "checkpoints").iterdir()] == [row.name]
    np.testing.assert_array_equal(final(folder)[:, 1], [10, 11, 12])
    assert writer.resume_block(block).evaluation == AT_RUNG


@pytest.mark.parametrize(
    ("new", "diverged_at", "words"),
    [
        (curves(3, 1, END + 1), SOUND, "a block has 1 to 4 evaluations more, got 5"),
        (curves(3, 1, AT_RUNG), SOUND[:2], "a block of 3 runs needs a step of each"),
    ],
    ids=["evaluations", "steps"],
)
def test_what_does_not_fit_a_block_at_a_rung_is_refused(
    new, diverged_at, words: str, writer, folder
):
    block = writer.begin_block(RUNS, description="b")
    writer.commit_evaluations(block, curves(3, end=1))

    pause_block = inspect.unwrap(StudyWriter.pause_block)  # of tests' own checks
    with pytest.raises(ValueError, match=f"^{words}$"):
        pause_block(writer, block, new, diverged_at=diverged_at, checkpoint=state(3))

    assert set(statuses(writer)) == {RunStatus.RUNNING}
    assert not (folder / "checkpoints").exists()


def test_of_several_blocks_those_none_of_whose_runs_goes_on_are_finished(
    writer, folder
):
    blocks = []
    for number, runs in enumerate((RUNS[:2], RUNS[2:], OTHERS)):
        block = writer.begin_block(runs, description="b")
        some = {"state.w": np.full((len(runs), 2), number, np.float32)}
        n, first = np.zeros(len(runs), np.int64), curves(len(runs), end=AT_RUNG)
        writer.pause_block(block, first, diverged_at=n, checkpoint=some)
        blocks.append(block)

    writer.prune([RUNS[1], *RUNS[2:], *OTHERS])

    words = {row.id: row.status for row in writer._ledger.read(BLOCK)}
    assert words == dict(zip(blocks, ("paused", "finished", "finished"), strict=True))
    (kept,) = writer._ledger.read(CHECKPOINT)
    assert kept.block == blocks[0]
    assert [path.name for path in (folder / "checkpoints").iterdir()] == [kept.name]
    assert check_study(folder).problems == ()


def test_a_pruned_run_in_a_study_without_rungs_is_damage(tmp_path):
    folder = tmp_path / "plain"
    plain = make_tuned_study(batch_size=(32,))
    StudyWriter.create(folder, plain, make_facts(n_validation=5000)).close()

    edit_knowingly(folder, "UPDATE run SET status = -2 WHERE id = 0")

    with pytest.raises(StoreError, match="pruned without rungs"):
        read_study(folder)


def test_a_rung_brings_how_its_seeds_began(writer):
    writer.note_starts({"order": {0: "a"}})
    pause(writer)

    row = writer._ledger.read(ATTEMPT)[-1]
    assert read_attempt_facts(row.environment).starts == {"order": {0: "a"}}


def test_salvage_keeps_what_was_stopped(writer, folder, tmp_path):
    block = pause(writer)
    writer.prune([RUNS[1]])
    writer.resume_block(block)
    commit(writer, block, 2)
    before = read_study(folder)

    report = salvage_study(folder, tmp_path / "saved")

    saved = read_study(tmp_path / "saved")
    assert (report.n_saved, report.n_lost) == (3, 0)
    np.testing.assert_array_equal(saved.status, before.status)
    for name, curve in before.curves.items():
        np.testing.assert_array_equal(saved.curves[name], curve)


def test_two_deaths_in_what_is_left_of_a_block_are_told(folder):
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        block = pause(writer)
        writer.prune([RUNS[2]])
        writer.resume_block(block)
        writer.commit_evaluations(block, curves(2, AT_RUNG, AT_RUNG + 1))
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.resume_block(block)

    with (
        StudyWriter.open(folder) as writer,
        pytest.warns(match="2 processes have died while they trained the block `b`"),
    ):
        writer.begin_attempt({})
