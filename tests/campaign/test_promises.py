"""The questions of the campaign find what is broken: else its zeros mean nothing."""

from pathlib import Path

import numpy as np
import pytest
from campaign.block_scenarios import SCENARIOS as OF_BLOCKS
from campaign.halving_scenarios import SCENARIOS as OF_HALVING
from campaign.old_scenarios import SCENARIOS as OF_OLD
from campaign.promises import broken_after, broken_at_the_end, described
from campaign.scenarios import FILE, NAME, SCENARIOS, small, train
from campaign.syscalls import points_in
from golden_stores import GOLDEN, unpacked
from store_builders import edit, edit_knowingly, make_store

from paribus.store.digests import chunk_crc


(BLOCKS,) = OF_BLOCKS
(HALVING,) = OF_HALVING
MIGRATION, SALVAGE = OF_OLD


@pytest.fixture
def place(tmp_path: Path) -> Path:
    train(tmp_path, small(), lambda text: None)
    return tmp_path


def test_a_sound_study_breaks_no_promise(place: Path):
    said = ["created", "baseline", "run 0", "run 1000", "finished"]

    assert broken_after(place, said) == []


@pytest.mark.parametrize(
    ("statements", "said", "found"),
    [
        ((), ["run 5"], "run 5 is lost"),
        (("UPDATE run SET diverged_at = 9",), [], "diverged when?"),
        (("UPDATE baseline SET train_loss = 9.0",), ["baseline"], "baseline is lost"),
        (("UPDATE run SET status = 1 WHERE id = 0",), [], "but not its block"),
        (("DELETE FROM round",), ["finished"], "the timing is lost"),
    ],
    ids=["lost", "changed", "baseline", "half", "timing"],
)
def test_what_a_forger_changes_is_found(
    statements: tuple[str, ...], said: list[str], found: str, place: Path
):
    edit_knowingly(place / NAME, *statements)

    assert any(found in text for text in broken_after(place, said))


def test_other_numbers_than_were_committed_are_found(tmp_path: Path):
    make_store(tmp_path / NAME, study=small())

    found = broken_after(tmp_path, [])

    names = "first_update, test answers, test_accuracy, test_loss, train_accuracy, "
    assert f"run 1000 has other numbers than were committed: {names}train_loss" in found


def test_a_damaged_study_is_found(place: Path):
    edit(place / NAME, "UPDATE run SET seed = 7 WHERE id = 0")

    assert "cannot be read" in broken_after(place, [])[0]


def test_a_study_that_is_gone_is_found(tmp_path: Path):
    assert broken_after(tmp_path, ["created"])
    assert broken_after(tmp_path, []) == []


def test_a_half_written_file_is_found(place: Path):
    (place / NAME / FILE).write_text("<!doctype html>ol")

    assert broken_after(place, []) == ["a file is half written"]


def test_what_is_left_over_is_found(place: Path):
    scenario = SCENARIOS[1]
    whole = described(place)
    (place / NAME / ".report.html.0123").write_text("")

    assert broken_at_the_end(place, scenario, whole) == [
        "files differ from a study without a fault"
    ]


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A block with two evaluations, and a state after the first."""
    BLOCKS.prepare(tmp_path)
    return tmp_path


def test_evaluations_and_states_that_are_there_are_not_missed(stopped: Path):
    assert broken_after(stopped, ["evaluation 1 of 0"], BLOCKS) == []


def test_an_evaluation_and_a_state_that_are_lost_are_found(stopped: Path):
    said = ["evaluation 3 of 0"]

    assert broken_after(stopped, said, BLOCKS) == [
        "the state after evaluation 3 of 0 is lost",
        "evaluation 3 of 0 is lost",
    ]


def test_evaluations_with_other_numbers_are_found(stopped: Path):
    other = np.zeros((1, 2), "<f4").tobytes()
    crc = chunk_crc((1, "test", "loss", 1, 1), other)
    edit_knowingly(
        stopped / NAME,
        f"UPDATE chunk SET data = x'{other.hex()}', crc = {crc} "
        "WHERE metric = 'loss' AND split = 'test' AND first_evaluation = 1",
    )

    found = broken_after(stopped, [], BLOCKS)

    assert found == ["evaluations of 0 have other numbers"]


def test_what_was_stopped_at_a_rung_and_what_went_on_is_looked_for(tmp_path: Path):
    HALVING.prepare(tmp_path)
    assert broken_after(tmp_path, [], HALVING) == []
    assert broken_after(tmp_path, ["pruned 2", "run 1002"], HALVING) == [
        "pruned 2 is lost",
        "run 1002 is lost",
    ]
    said: list[str] = []
    HALVING.act(tmp_path, said.append)
    assert said == [
        *("pruned 2", "pruned 3"),
        *("run 1002", "run 1003", "run 2002", "run 2003"),
    ]
    assert broken_after(tmp_path, said, HALVING) == []
    edit_knowingly(tmp_path / HALVING.study, "UPDATE run SET status = 9 WHERE id = 2")

    found = broken_after(tmp_path, said, HALVING)

    assert {"pruned 2 is lost", "run 2 has other numbers than were stored"} <= {*found}


def test_an_old_study_that_has_lost_something_is_found(tmp_path: Path):
    unpacked(GOLDEN / "schema-2" / "failed.db.gz", tmp_path / NAME)

    assert broken_after(tmp_path, [], MIGRATION) == ["something is lost"]


def test_a_study_that_salvage_has_changed_is_found(tmp_path: Path):
    SALVAGE.prepare(tmp_path)
    SALVAGE.act(tmp_path, lambda text: None)
    whole = described(tmp_path, SALVAGE.study)
    edit(tmp_path / NAME, "UPDATE run SET seed = 8 WHERE id = 0")

    assert broken_at_the_end(tmp_path, SALVAGE, whole) == [
        "other studies differ from a study without a fault"
    ]


def test_points_are_the_calls_that_change_the_study():
    log = """\
7 openat(AT_FDCWD, "/lib/x", O_RDONLY|O_CLOEXEC) = 3
7 openat(AT_FDCWD, "/w/tiny/study.db", O_RDWR|O_CREAT) = 4</w/tiny/study.db>
7 write(1</dev/null>, ""..., 8) = 8
7 write(4</w/tiny/study.db>, ""..., 8) = 8
7 unlink("/w/.tiny.new-0123456789abcdef") = 0
"""

    points = [(point.call, point.index) for point in points_in(log, "/w")]

    assert points == [("openat", 2), ("write", 2), ("unlink", 1)]
