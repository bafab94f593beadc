"""Blocks that are stored on their way, stopped, and gone on with."""

import hashlib
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import edit, edit_knowingly, make_curves, waiting

from paribus.errors import ParibusWarning, StoreError
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study
from paribus.store.rows import ChunkRow, ReplayRow
from paribus.store.schema import CHECKPOINT, CHUNK, REPLAY
from paribus.store.tensors import read_tensors
from paribus.study import Study


N_EPOCHS = 9
STUDY = make_study(n_seeds=2, epochs=N_EPOCHS)  # ten evaluations of four runs


def state(value: float) -> dict[str, np.ndarray]:
    return {"state.w": np.full((4, 3), value, np.float32), "state.n": np.arange(4)}


def part(curves: dict[str, np.ndarray], begin: int, end: int) -> dict[str, np.ndarray]:
    return {name: values[begin:end] for name, values in curves.items()}


def curves_of(study: Study = STUDY) -> dict[str, np.ndarray]:
    return make_curves(study, 4, seed=3)


def files(folder: Path) -> list[str]:
    place = folder / "checkpoints"
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


def finish(writer: StudyWriter, block: int, curves: dict[str, np.ndarray]) -> None:
    writer.commit_block(block, curves=curves, diverged_at=np.zeros(4, np.int64))


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """Evaluations 0 to 6 are stored, with checkpoints after 2, 4 and 5 of them."""
    folder = tmp_path / "studies" / "tiny"
    curves = curves_of()
    with StudyWriter.create(folder, STUDY, make_facts()) as writer:
        writer.begin_attempt({})
        block = writer.begin_block(waiting(writer), description="long")
        writer.commit_evaluations(block, part(curves, 0, 2), checkpoint=state(2))
        writer.commit_evaluations(block, part(curves, 2, 4), checkpoint=state(4))
        writer.commit_evaluations(block, part(curves, 4, 5), checkpoint=state(5))
        writer.commit_evaluations(block, part(curves, 5, 7))
    return folder  # as a kill leaves it


def chunks_from(writer: StudyWriter, first: int) -> list[ChunkRow]:
    chunks = writer._ledger.read_chunks(1)
    return [chunk for chunk in chunks if chunk.first_evaluation >= first]


def replays(folder: Path) -> list[ReplayRow]:
    with StudyWriter.open(folder) as writer:
        return writer._ledger.read(REPLAY)


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_writer_refuses_checkpoints_that_lie_elsewhere(
    is_folder: bool, stopped: Path
):
    path = stopped / "checkpoints"
    if not is_folder:
        path /= files(stopped)[0]
    elsewhere = stopped.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)

    with pytest.raises(StoreError) as caught:
        StudyWriter.open(stopped)

    assert str(caught.value).startswith(f"`{path}` must not be a symbolic link")


def test_two_checkpoints_are_kept_each_named_by_its_content(stopped: Path):
    names = files(stopped)

    assert [name[:26] for name in names] == [
        "block-0001-evaluation-0004",
        "block-0001-evaluation-0005",
    ]
    content = (stopped / "checkpoints" / names[1]).read_bytes()
    assert read_tensors(content).keys() == state(5).keys()
    assert check_study(stopped).problems == ()


def test_evaluations_of_an_unfinished_block_are_no_results(stopped: Path):
    result = read_study(stopped)

    assert (result.status == RunStatus.INTERRUPTED).all()
    assert all(np.isnan(curve).all() for curve in result.curves.values())


def test_a_stopped_block_goes_on_from_its_newest_checkpoint(stopped: Path):
    curves = curves_of()
    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})
        ((block, runs),) = writer.stopped_blocks().items()
        assert runs == tuple(waiting(writer))

        resumed = writer.resume_block(block)

        assert resumed.evaluation == 5
        assert resumed.tensors is not None
        for name, values in state(5).items():
            np.testing.assert_array_equal(resumed.tensors[name], values)
        assert set(writer.runs().values()) == {RunStatus.RUNNING}
        finish(writer, block, curves)
    assert files(stopped) == []
    assert check_study(stopped).problems == ()
    result = read_study(stopped)
    for name, values in curves.items():
        # Runs in the order of the block: by config, then by seed.
        got = result.curves[name].reshape(4, -1).T.astype(np.float32)
        np.testing.assert_array_equal(got, values)


def test_what_is_computed_again_is_compared_with_what_was_stored(stopped: Path):
    curves = curves_of()
    changed = {name: values.copy() for name, values in curves.items()}
    changed["test_loss"][5, 1] *= np.float32(1.5)
    changed["train_loss"][6, 0] = np.nan
    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})
        writer.resume_block(1)
        # In two parts: the first ends between the two that are stored.
        writer.commit_evaluations(1, part(changed, 5, 6))
        finish(writer, 1, changed)

    (row,) = replays(stopped)
    assert row[:2] == (1, 2)
    assert row.n_values == 2 * 4 * 4  # evaluations, runs, curves
    assert row.n_different == 2
    assert row.largest == pytest.approx(0.5, rel=1e-6)  # in float32


def test_equal_values_are_counted_as_equal(stopped: Path):
    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})
        writer.resume_block(1)
        finish(writer, 1, curves_of())

    assert replays(stopped) == [ReplayRow(1, 2, 32, 0, 0.0)]


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(content[:-1])
    elif how == "flipped":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how == "a folder":
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize("how", ["missing", "empty", "cut", "flipped", "a folder"])
def test_of_damaged_checkpoints_the_one_before_is_used(how: str, stopped: Path):
    older, newest = files(stopped)
    damage(stopped / "checkpoints" / newest, how)
    found = check_study(stopped)
    assert newest in found.problems[0]
    assert found.are_results_sound
    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})

        with pytest.warns(ParibusWarning) as warned:
            resumed = writer.resume_block(1)

        assert resumed.evaluation == 4
        assert newest in str(warned[0].message)
        assert str(warned[0].message).endswith(f"; `{older}` is used")
        # The damaged one is forgotten: nothing goes on from it any more.
        assert [row.name for row in writer._ledger.read(CHECKPOINT)] == [older]
        assert {c.is_superseded for c in chunks_from(writer, 4)} == {1}
        assert {c.is_superseded for c in chunks_from(writer, 0)} == {0, 1}
        finish(writer, 1, curves_of())
    assert check_study(stopped).problems == ()
    assert replays(stopped)[0].n_values == 3 * 4 * 4


def test_without_any_checkpoint_the_block_starts_again(stopped: Path):
    shutil.rmtree(stopped / "checkpoints")
    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})

        with pytest.warns(
            ParibusWarning, match=r"`: it is missing; the block starts again$"
        ):
            resumed = writer.resume_block(1)

        assert resumed == (0, None, None)
        finish(writer, 1, curves_of())
    assert replays(stopped)[0].n_values == 7 * 4 * 4
    assert check_study(stopped).problems == ()


def test_another_file_under_a_checkpoints_name_is_not_removed(stopped: Path):
    _, newest = files(stopped)
    path = stopped / "checkpoints" / newest
    path.write_bytes(b"somebody else's")
    (stopped / "checkpoints" / "notes.txt").write_text("mine")
    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ParibusWarning)
            writer.resume_block(1)
        finish(writer, 1, curves_of())

    assert files(stopped) == sorted([newest, "notes.txt"])
    assert path.read_bytes() == b"somebody else's"


def test_what_a_death_between_file_and_row_left_is_removed(stopped: Path):
    place = stopped / "checkpoints"
    half = place / ".checkpoint-0123456789abcdef"
    half.write_bytes(b"half")
    _, newest = files(stopped)[-2:]
    content = b"whole"
    orphan = place / (
        f"block-0001-evaluation-0009-{hashlib.sha256(content).hexdigest()[:8]}"
        ".safetensors"
    )
    orphan.write_bytes(content)
    foreign = place / "block-0001-evaluation-0009-00000000.safetensors"
    foreign.write_bytes(content)

    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})

    assert not half.exists()
    assert not orphan.exists()
    assert foreign.exists()
    assert newest in files(stopped)


def test_checkpoints_of_a_block_whose_runs_went_elsewhere_are_removed(stopped: Path):
    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})
        writer.begin_block(waiting(writer)[:1], description="another")
        writer.interrupt()
        assert writer.stopped_blocks() == {}
        writer.begin_attempt({})

    assert files(stopped) == []
    assert check_study(stopped).problems == ()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "study.db", ""])
def test_a_checkpoint_is_looked_for_in_its_folder_only(name: str, stopped: Path):
    edit_knowingly(stopped, f"UPDATE checkpoint SET name = '{name}' WHERE evaluation=5")

    (problem,) = check_study(stopped).problems

    assert problem.endswith("`: `checkpoints/` has no file of such a name")


def test_evaluations_that_do_not_fit_are_refused_and_nothing_is_stored(stopped: Path):
    curves = curves_of()
    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})
        with pytest.raises(ValueError, match="must be running"):
            writer.commit_evaluations(1, part(curves, 7, 8))
        writer.resume_block(1)
        with pytest.raises(ValueError, match="must wait to go on"):
            writer.resume_block(1)
        for wrong, checkpoint in (
            ({}, state(1)),
            (part(curves, 0, 0), None),
            (part(curves, 0, 6), state(1)),  # five are left
            ({"test_loss": curves["test_loss"][:1, :3]}, state(1)),
        ):
            n_chunks = len(writer._ledger.read(CHUNK))
            with pytest.raises(ValueError, match=r"evaluations more|must be float32"):
                writer.commit_evaluations(1, wrong, checkpoint=checkpoint)
            assert len(writer._ledger.read(CHUNK)) == n_chunks
    assert len(files(stopped)) == 2


def test_a_state_between_evaluations_takes_the_place_of_the_one_before(stopped: Path):
    curves = curves_of()
    none = part(curves, 5, 5)
    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})
        assert writer.resume_block(1).evaluation == 5

        writer.commit_evaluations(1, none, checkpoint=state(55))
        first = files(stopped)
        writer.commit_evaluations(1, none, checkpoint=state(55))  # at once again
        again = files(stopped)
        writer.interrupt()
        writer.finish_attempt(0, 1.0)
        writer.begin_attempt({})
        resumed = writer.resume_block(1)

        # The one after four evaluations stays, should the newest be damaged.
        assert [name[:26] for name in first] == [
            "block-0001-evaluation-0004",
            "block-0001-evaluation-0005",
        ]
        assert again == first
        assert check_study(stopped).problems == ()
        assert resumed.evaluation == 5
        assert resumed.tensors is not None
        np.testing.assert_array_equal(resumed.tensors["state.w"], state(55)["state.w"])
        writer.commit_evaluations(1, part(curves, 5, 6), checkpoint=state(6))
        finish(writer, 1, curves)
    assert files(stopped) == []
    assert check_study(stopped).problems == ()


def test_a_damaged_evaluation_is_refused_and_not_compared(stopped: Path):
    edit(stopped, "UPDATE chunk SET data = zeroblob(length(data)) WHERE rowid = 14")

    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})
        with pytest.raises(StoreError, match="wrong digest"):
            writer.resume_block(1)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM chunk WHERE first_evaluation = 2", "4, 1: a gap before it"),
        (
            "UPDATE chunk SET data = zeroblob(length(data)) WHERE first_evaluation = 2",
            "2, 1: wrong checksum",
        ),
    ],
    ids=["a gap", "a checksum"],
)
def test_a_forged_evaluation_is_refused_by_its_key(
    statement: str, words: str, stopped: Path
):
    shutil.rmtree(stopped / "checkpoints")  # all is computed and compared again
    edit_knowingly(stopped, statement)

    with StudyWriter.open(stopped) as writer:
        writer.begin_attempt({})
        with (
            pytest.warns(ParibusWarning, match="the block starts again"),
            pytest.raises(StoreError) as caught,
        ):
            writer.resume_block(1)

    assert str(caught.value) == (
        f"`{stopped / 'study.db'}` is damaged: table `chunk`, key 1, test, accuracy, "
        f"{words}"
    )


def test_of_ten_thousand_evaluations_the_newest_checkpoint_is_used(tmp_path: Path):
    study = make_study(n_seeds=2, epochs=10_000)
    curves = make_curves(study, 4)
    with StudyWriter.create(tmp_path / "long", study, make_facts()) as writer:
        writer.begin_attempt({})
        block = writer.begin_block(waiting(writer), description="long")
        for begin, end in ((0, 9999), (9999, 10_000)):
            new = part(curves, begin, end)
            writer.commit_evaluations(block, new, checkpoint=state(end))
        writer.interrupt()

        assert writer.resume_block(block).evaluation == 10_000
