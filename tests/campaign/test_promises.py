"""The questions of the campaign find what is broken: else its zeros mean nothing."""

from pathlib import Path

import pytest
from campaign.promises import broken_after, broken_at_the_end, described
from campaign.scenarios import FILE, NAME, SCENARIOS, small, train
from campaign.syscalls import _points
from store_builders import edit, edit_knowingly, make_store


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

    assert "run 1000 has other numbers than were committed" in found


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


def test_points_are_the_calls_that_change_the_study():
    log = """\
7 openat(AT_FDCWD, "/lib/x", O_RDONLY|O_CLOEXEC) = 3
7 openat(AT_FDCWD, "/w/tiny/study.db", O_RDWR|O_CREAT) = 4</w/tiny/study.db>
7 write(1</dev/null>, ""..., 8) = 8
7 write(4</w/tiny/study.db>, ""..., 8) = 8
7 unlink("/w/.tiny.new-0123456789abcdef") = 0
"""

    points = [(point.call, point.index) for point in _points(log, "/w")]

    assert points == [("openat", 2), ("write", 2), ("unlink", 1)]
