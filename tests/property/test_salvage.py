"""What is saved of a damaged study is what was stored, and the study is not touched."""

import re
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import (
    edit,
    edit_knowingly,
    fingerprint,
    grow,
    make_store,
    train,
    waiting,
)

from paribus.errors import ResourceError, StoreError
from paribus.results import StudyResult
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study, salvage_study
from paribus.store import salvage as salvaging
from paribus.store.connection import is_open_here
from paribus.store.digests import chunk_crc
from paribus.store.failures import NOT_SAVED_HINT, damaged
from paribus.store.ledger import Ledger
from paribus.store.rows import AttemptRow, ChunkRow
from paribus.store.schema import ATTEMPT, CHUNK, STUDY


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that has grown: three blocks, one run that failed, one that waits."""
    folder = tmp_path_factory.mktemp("studies") / "tiny"
    make_store(folder, study=make_study(n_seeds=2))
    with StudyWriter.create(folder, make_study(n_seeds=4), make_facts()) as writer:
        grow(writer)
        writer.finish_attempt(2, 1.0)
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "damaged"))


def assert_part_of(saved: StudyResult, truth: StudyResult) -> int:
    """Everything saved is as it was; how many runs are."""
    assert saved.configs == truth.configs
    assert saved.seeds == truth.seeds
    has_outcome = saved.has_outcome()
    np.testing.assert_array_equal(saved.status[has_outcome], truth.status[has_outcome])
    np.testing.assert_array_equal(
        saved.diverged_at[has_outcome], truth.diverged_at[has_outcome]
    )
    for name, curve in truth.curves.items():
        found = saved.curves[name]
        assert found[has_outcome].tobytes() == curve[has_outcome].tobytes()
        assert np.isnan(found[~has_outcome]).all()
    for name, measured in saved.measures.items():
        was = truth.measures[name]
        is_there = ~np.isnan(measured)
        np.testing.assert_array_equal(measured[is_there], was[is_there])
    for split, correct in saved.correct.items():
        is_kept = correct.any(axis=-1)  # of made-up answers none is all wrong
        np.testing.assert_array_equal(correct[is_kept], truth.correct[split][is_kept])
    return int(has_outcome.sum())


def test_of_a_sound_study_everything_that_is_finished_is_saved(
    sound: Path, tmp_path: Path
):
    before = fingerprint(sound)

    report = salvage_study(sound, tmp_path / "saved")

    assert (report.n_saved, report.n_lost) == (6, 0)
    truth, saved = read_study(sound), read_study(tmp_path / "saved")
    assert assert_part_of(saved, truth) == 6
    is_saved = saved.has_outcome()
    assert saved.measures.keys() == truth.measures.keys()
    for name, measured in saved.measures.items():
        np.testing.assert_array_equal(
            measured[is_saved], truth.measures[name][is_saved]
        )
    assert saved.correct.keys() == truth.correct.keys() == {"test"}
    answers, was = saved.correct["test"], truth.correct["test"]
    np.testing.assert_array_equal(answers[is_saved], was[is_saved])
    assert not is_open_here(tmp_path / "saved" / "study.db")
    assert saved.attempts == truth.attempts
    assert saved.timings == truth.timings
    assert saved.baseline_loss == truth.baseline_loss
    assert (saved.status == RunStatus.FAILED).sum() == 0  # it waits to be tried again
    assert check_study(tmp_path / "saved").problems == ()
    assert fingerprint(sound) == before


def test_of_a_study_that_was_never_trained_the_question_is_saved(tmp_path: Path):
    StudyWriter.create(tmp_path / "new", make_study(), make_facts()).close()

    report = salvage_study(tmp_path / "new", tmp_path / "saved")

    assert (report.n_saved, report.n_lost) == (0, 0)
    saved = read_study(tmp_path / "saved")
    assert saved.study == make_study()
    assert saved.attempts == ()
    assert (saved.status == RunStatus.PENDING).all()


def test_of_a_lost_attempt_nothing_is_known_but_its_number(folder: Path):
    edit(folder, "DELETE FROM attempt WHERE number = 1")

    salvage_study(folder, folder.parent / "saved")

    with StudyWriter.open(folder.parent / "saved") as writer:
        first, _ = writer._ledger.read(ATTEMPT)
        (study,) = writer._ledger.read(STUDY)
    assert first == AttemptRow(1, 0, "", "", study.created, "{}", 0, 0.0, 1)
    lost, known = read_study(folder.parent / "saved").attempts
    assert (lost.number, lost.environment, lost.n_runs, lost.seconds) == (1, {}, 0, 0.0)
    assert (known.number, known.environment) == (2, {"python": "3.12"})


@pytest.mark.parametrize(
    ("statement", "n_saved", "n_lost"),
    [
        ("UPDATE run SET seed = 3 WHERE id = 0", 5, 1),
        ("DELETE FROM run WHERE id = 1", 5, 1),
        ("UPDATE block SET description = 'x' WHERE id = 2", 4, 2),
        ("UPDATE chunk SET data = zeroblob(length(data)) WHERE rowid = 2", 4, 2),
        ("DELETE FROM chunk WHERE rowid = 2", 4, 2),
        ("DELETE FROM chunk WHERE block = 1 AND metric = 'loss'", 4, 2),
        ("DELETE FROM chunk WHERE block = 1", 4, 2),
        ("DELETE FROM measure", 6, 0),
        ("DELETE FROM answer", 6, 0),
        ("DELETE FROM attempt WHERE number = 1", 6, 0),
        ("DELETE FROM total", 6, 0),
        ("UPDATE config SET name = 'x' WHERE id = 0", 6, 0),
        ("DELETE FROM baseline", 6, 0),
    ],
)
def test_what_is_damaged_is_left_out_and_nothing_else(
    statement: str, n_saved: int, n_lost: int, sound: Path, folder: Path
):
    edit(folder, "PRAGMA foreign_keys = OFF", statement)
    assert check_study(folder).problems

    report = salvage_study(folder, folder.parent / "saved")

    assert (report.n_saved, report.n_lost) == (n_saved, n_lost)
    saved = read_study(folder.parent / "saved")
    assert assert_part_of(saved, read_study(sound)) == n_saved
    assert check_study(folder.parent / "saved").problems == ()
    with StudyWriter.open(folder.parent / "saved") as writer:  # and it can go on
        writer.begin_attempt({})
        train(writer, waiting(writer))
    assert check_study(folder.parent / "saved").problems == ()


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("statement", "n_saved"),
    [
        ("UPDATE block SET attempt = 1000000000 WHERE id = 1", 4),
        ("UPDATE block SET attempt = 0 WHERE id = 1", 4),
        ("UPDATE block SET attempt = 7 WHERE id = 1", 6),
        ("UPDATE block SET runs = x'00' WHERE id = 1", 4),
        ("UPDATE block SET runs = x'' WHERE id = 1", 4),
        ("UPDATE block SET runs = zeroblob(16) WHERE id = 1", 4),
        ("UPDATE attempt SET seconds = 9e999", 6),
        ("UPDATE attempt SET seconds = 1e308", 6),
        ("UPDATE attempt SET number = number + 5", 6),
        pytest.param(f"UPDATE attempt SET environment = '{DEEP}'", 6, id="nested"),
        ("UPDATE attempt SET environment = '3'", 6),
        ("UPDATE round SET seconds_per_epoch = 9e999", 6),
        ("UPDATE round SET seconds_per_epoch = 0", 6),
        ("UPDATE round SET config = -1", 6),
        ("UPDATE round SET attempt = 0", 6),
        ("UPDATE baseline SET attempt = -1", 6),
        ("UPDATE run SET diverged_at = 0", 3),
        ("UPDATE run SET diverged_at = -3 WHERE id = 0", 5),
        ("UPDATE run SET status = -1 WHERE id = 0", 5),
        ("UPDATE chunk SET attempt = 99 WHERE rowid = 1", 4),
        ("UPDATE answer SET n_examples = 0, data = x'', crc = 0", 6),
        ("UPDATE study SET id = 7", 6),
    ],
)
def test_what_a_reader_would_refuse_is_left_out_and_the_rest_can_be_read(
    statement: str, n_saved: int, folder: Path, sound: Path
):
    edit_knowingly(folder, "PRAGMA foreign_keys = OFF", statement)

    report = salvage_study(folder, folder.parent / "saved")

    assert report.n_saved == n_saved
    assert check_study(folder.parent / "saved").problems == ()
    saved = read_study(folder.parent / "saved")
    assert assert_part_of(saved, read_study(sound)) == n_saved


def test_what_is_beside_the_curves_goes_if_it_cannot_be_understood(
    folder: Path, sound: Path
):
    examples = "UPDATE answer SET n_examples = n_examples - 1"  # not those of the data
    edit_knowingly(folder, examples)

    report = salvage_study(folder, folder.parent / "saved")

    assert report.n_saved == 6
    assert check_study(folder.parent / "saved").problems == ()
    saved = read_study(folder.parent / "saved")
    assert assert_part_of(saved, read_study(sound)) == 6
    assert (saved.correct, saved.measures, saved.baseline_loss) == ({}, {}, None)


@pytest.mark.parametrize("place", [("tset", "loss"), ("test", "x y"), ("test", "")])
def test_curves_of_no_name_are_left_out(
    place: tuple[str, str], folder: Path, sound: Path
):
    connection = sqlite3.connect(folder / "study.db")
    with connection:
        row = ChunkRow(*connection.execute(CHUNK.select).fetchone()[:-1])
        new = (*place, chunk_crc((row.block, *place, *row[3:5]), row.data))
        connection.execute(
            "UPDATE chunk SET split = ?, metric = ?, crc = ? WHERE block = ? "
            "AND split = ? AND metric = ?",
            (*new, *row[:3]),
        )
    connection.close()
    edit_knowingly(folder)

    report = salvage_study(folder, folder.parent / "saved")

    assert report.n_saved == 4  # a curve of block 1 is not whole
    assert assert_part_of(read_study(folder.parent / "saved"), read_study(sound)) == 4


def test_a_refused_salvage_names_both_places_and_what_is_left_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(ledger: Ledger) -> None:
        raise damaged(ledger.database, "table `run`, key 7: diverged when?")

    monkeypatch.setattr(salvaging, "read_result", refuse)
    target = folder.parent / "saved"

    with pytest.raises(StoreError) as caught:
        salvage_study(folder, target)

    assert str(caught.value) == (
        f"`{folder / 'study.db'}` is damaged: nothing can be saved to `{target}`, "
        "since the rows that verify contradict one another: table `run`, key 7: "
        "diverged when?"
    )
    assert caught.value.hint == NOT_SAVED_HINT
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("epochs", ["[1, NaN]", f"[{'9' * 400}]", DEEP], ids=len)
def test_of_epochs_that_are_no_numbers_nothing_is_saved(epochs: str, folder: Path):
    edit_knowingly(folder, f"UPDATE study SET epochs = '{epochs}'")

    with pytest.raises(StoreError, match="nothing can be saved: the study's own row"):
        salvage_study(folder, folder.parent / "saved")

    assert not (folder.parent / "saved").exists()


@pytest.mark.parametrize("config", ["1 - config", "2", "-1"])
def test_a_forged_run_of_another_name_is_not_saved(
    config: str, folder: Path, sound: Path
):
    edit_knowingly(folder, f"UPDATE run SET config = {config} WHERE id = 0")

    report = salvage_study(folder, folder.parent / "saved")

    assert report.n_saved == 5
    assert assert_part_of(read_study(folder.parent / "saved"), read_study(sound)) == 5


def test_without_the_studys_own_row_nothing_is_saved_and_nothing_made(folder: Path):
    edit(folder, "UPDATE study SET created = 'x'")

    with pytest.raises(StoreError) as caught:
        salvage_study(folder, folder.parent / "saved")

    assert str(caught.value) == (
        f"`{folder / 'study.db'}` is damaged: nothing can be saved: the study's own row"
    )
    assert caught.value.hint == NOT_SAVED_HINT
    assert not (folder.parent / "saved").exists()


def test_a_forged_study_is_refused_with_what_is_wrong(folder: Path):
    edit_knowingly(folder, "UPDATE study SET study = '[1]'")

    words = "nothing can be saved: the study's own row: "
    with pytest.raises(StoreError) as caught:
        salvage_study(folder, folder.parent / "saved")

    said = str(caught.value)
    assert said.startswith(f"`{folder / 'study.db'}` is damaged: {words}")
    assert not said.endswith(words)


@pytest.mark.parametrize("table", ["measure", "answer"])
def test_forged_numbers_are_left_out_and_those_of_other_blocks_are_saved(
    table: str, folder: Path, sound: Path
):
    edit_knowingly(
        folder, f"UPDATE {table} SET data = randomblob(length(data)) WHERE block = 1"
    )

    report = salvage_study(folder, folder.parent / "saved")

    assert report.n_saved == 6
    saved, truth = read_study(folder.parent / "saved"), read_study(sound)
    assert assert_part_of(saved, truth) == 6
    if table == "measure":
        kept = ~np.isnan(saved.measures["first_update"])
    else:
        kept = saved.correct["test"].any(axis=-1)
    assert kept.sum() == 4  # block 1 had two runs


def test_timings_are_saved_but_none_of_a_config_that_is_not_there(
    folder: Path, sound: Path
):
    older = "INSERT INTO timing VALUES ({}, 1.5, 0.125, 3, 0.5, 1, 0)"
    edit_knowingly(
        folder,
        "UPDATE round SET config = 2",
        older.format(1),
        older.format(2),
    )

    salvage_study(folder, folder.parent / "saved")

    saved = read_study(folder.parent / "saved")
    (timing,) = saved.timings
    assert timing.config == saved.configs[1]
    assert timing.seconds_per_epoch == 1.5
    assert check_study(folder.parent / "saved").problems == ()


def test_a_block_that_failed_hides_none_that_was_finished_after_it(folder: Path):
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.retry_failed()
        train(writer, waiting(writer))

    report = salvage_study(folder, folder.parent / "saved")

    assert (report.n_saved, report.n_lost) == (8, 0)


def test_when_a_study_was_made_is_saved_and_what_a_dead_salvage_left_is_removed(
    folder: Path,
):
    then = "2020-01-01T00:00:00+00:00"
    edit_knowingly(folder, f"UPDATE study SET created = '{then}'")
    make_store(folder.parent / ".saved.new-0123456789abcdef")

    salvage_study(folder, folder.parent / "saved")

    assert {path.name for path in folder.parent.iterdir()} == {"damaged", "saved"}
    with StudyWriter.open(folder.parent / "saved") as writer:
        (row,) = writer._ledger.read(STUDY)
    assert row.created == then


def test_a_place_that_has_something_in_it_is_refused(sound: Path, folder: Path):
    before = fingerprint(folder)

    with pytest.raises(StoreError, match="must be a new folder, got a study") as caught:
        salvage_study(sound, folder)
    assert caught.value.hint == "name another folder"

    assert fingerprint(folder) == before


def damages(content: bytes, *, n_flips: int, n_cuts: int) -> list[bytes]:
    """Copies with single bits flipped, cut short, and with pages exchanged."""
    rng = np.random.default_rng(11)
    found: list[bytes] = []
    for position in rng.integers(0, 8 * len(content), size=n_flips).tolist():
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        found.append(bytes(flipped))
    found += [content[:n] for n in rng.integers(1, len(content), size=n_cuts).tolist()]
    n_pages = len(content) // 4096
    for _ in range(n_cuts):
        a, b = (4096 * page for page in rng.choice(n_pages, 2, replace=False))
        swapped = bytearray(content)
        swapped[a : a + 4096] = content[b : b + 4096]
        swapped[b : b + 4096] = content[a : a + 4096]
        found.append(bytes(swapped))
    return found


@pytest.mark.parametrize("place", ["saved", "checkpoints/saved", "../damaged/saved"])
def test_nothing_is_written_into_the_damaged_study(place: str, folder: Path):
    before = fingerprint(folder)

    with pytest.raises(StoreError) as caught:
        salvage_study(folder, folder / place)

    assert str(caught.value) == (
        f"`{folder / place}` must be outside of `{folder}`, which is not changed"
    )
    assert caught.value.hint == "name another folder"
    assert fingerprint(folder) == before


def test_a_link_to_the_damaged_study_is_the_study(folder: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(folder)

    with pytest.raises(StoreError, match="must be outside of"):
        salvage_study(folder, tmp_path / "link" / "saved")

    assert not (folder / "saved").exists()


@pytest.mark.parametrize("below", [".", "saved"])
def test_a_link_to_itself_is_no_place_to_save_to(
    below: str, sound: Path, tmp_path: Path
):
    link = tmp_path / "loop"
    link.symlink_to(link)

    with pytest.raises(StoreError, match=f"`{re.escape(str(link))}`"):
        salvage_study(sound, link / below)

    assert list(tmp_path.iterdir()) == [link]


def test_a_salvage_that_stops_half_way_has_made_nothing(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    target = tmp_path / "saved"

    def stop(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(salvaging, "_attempts", stop)  # within the transaction
        with pytest.raises(ResourceError) as caught:
            salvage_study(sound, target)
    database = target / "study.db"
    words = f"`{database}` needs more space, got: No space left on device"
    assert str(caught.value) == words
    assert list(tmp_path.iterdir()) == []

    report = salvage_study(sound, target)

    assert report.n_lost == 0
    assert assert_part_of(read_study(target), read_study(sound)) == report.n_saved


@pytest.mark.parametrize(
    ("n_flips", "n_cuts"),
    [(12, 3), pytest.param(300, 100, marks=pytest.mark.long)],
    ids=["a few", "many"],
)
def test_whatever_is_damaged_a_saved_value_is_a_true_one(
    n_flips: int, n_cuts: int, sound: Path, tmp_path: Path
):
    truth = read_study(sound)
    content = (sound / "study.db").read_bytes()
    n_saved: list[int] = []
    for number, changed in enumerate(damages(content, n_flips=n_flips, n_cuts=n_cuts)):
        folder, target = tmp_path / f"{number}", tmp_path / f"{number}-saved"
        folder.mkdir()
        (folder / "study.db").write_bytes(changed)
        try:
            report = salvage_study(folder, target)
        except StoreError:
            assert not target.exists()
            continue
        assert (folder / "study.db").read_bytes() == changed
        saved = read_study(target)
        assert assert_part_of(saved, truth) == report.n_saved
        assert check_study(target).problems == ()
        n_saved.append(report.n_saved)

    # Of most damages most is saved: they are all in one page.
    assert np.mean(n_saved) > 4
