"""What a check counts, and all that it finds at once."""

from pathlib import Path

from store_builders import edit

from paribus.store import check_study


def test_a_sound_study_is_counted(folder: Path):
    report = check_study(folder)

    assert report.problems == ()
    assert report.n_runs == 8
    assert report.n_chunks == 2 * 4  # blocks, curves
    assert report.n_bytes == (folder / "study.db").stat().st_size


def test_all_that_is_damaged_is_named_at_once(folder: Path):
    edit(
        folder,
        "UPDATE run SET seed = 3 WHERE id IN (1, 5)",
        "DELETE FROM chunk WHERE rowid = 1",
    )

    report = check_study(folder)

    path = folder / "study.db"
    assert report.n_chunks == 7
    assert not report.are_results_sound
    assert report.problems == (
        f"`{path}` is damaged: table `run`, key 1: wrong digest",
        f"`{path}` is damaged: table `run`, key 5: wrong digest",
        f"`{path}` is damaged: table `chunk` has 7 rows that do not agree with its "
        "total of 8",
    )


def test_a_file_that_sqlite_calls_damaged_is_damaged_whatever_its_rows(folder: Path):
    content = bytearray((folder / "study.db").read_bytes())
    content[39] += 1  # how many free pages there are
    (folder / "study.db").write_bytes(content)

    report = check_study(folder)

    assert not report.are_results_sound
    assert "free" in report.problems[0].lower()


def test_what_cannot_be_counted_is_none(folder: Path):
    edit(folder, "PRAGMA foreign_keys = OFF", "DROP TABLE run", "DROP TABLE chunk")

    report = check_study(folder)

    assert (report.n_runs, report.n_chunks) == (0, 0)
    problems = "\n".join(report.problems)
    assert "the schema's table `run` is missing" in problems
    assert "the schema's table `chunk` is missing" in problems


def test_a_text_that_cannot_be_read_is_told_by_its_table(folder: Path):
    edit(folder, "UPDATE run SET name = CAST(x'ff' AS TEXT) WHERE id = 1")

    report = check_study(folder)

    words = (
        f"`{folder / 'study.db'}` is damaged: table `run`: Could not decode to UTF-8"
    )
    assert report.problems[0].startswith(words)
    assert not report.are_results_sound
