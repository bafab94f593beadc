"""How a study is built beside its place, and when that reaches the disk."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import make_facts, make_study
from needs import need

from paribus.errors import StoreError
from paribus.store import creation
from paribus.store.creation import build_study, check_is_free, now, run_name
from paribus.store.folder import study_exists
from paribus.store.lock import WriterLock


EPOCHS = (1.0, 2.0)


def build(folder: Path) -> WriterLock | None:
    return build_study(folder, make_study(), make_facts(), EPOCHS)


def steps(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Build a study; what is synced and renamed, in order."""
    done: list[str] = []
    rename = creation._rename

    def note(building: Path, folder: Path) -> bool:
        done.append("renamed")
        return rename(building, folder)

    def sync(path: Path) -> None:
        done.append("building" if ".new-" in path.name else path.name)

    monkeypatch.setattr(creation, "_rename", note)
    monkeypatch.setattr(creation, "sync_folder", sync)
    lock = build(folder)
    assert lock is not None
    lock.release()
    return done


def test_a_study_in_a_new_folder_is_synced_with_both_names(tmp_path: Path, monkeypatch):
    done = steps(tmp_path / "studies" / "tiny", monkeypatch)

    assert done == [tmp_path.name, "building", "renamed", "studies"]


def test_where_studies_are_already_only_they_are_synced(tmp_path: Path, monkeypatch):
    assert steps(tmp_path / "tiny", monkeypatch) == [
        "building",
        "renamed",
        tmp_path.name,
    ]


def test_another_creator_was_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(creation, "_rename", lambda building, folder: False)

    assert build(tmp_path / "tiny") is None
    assert list(tmp_path.iterdir()) == []


def test_another_creator_was_first_by_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    looks: list[Path] = []

    def just_missed(folder: Path) -> bool:
        looks.append(folder)
        if len(looks) > 1:
            return study_exists(folder)
        lock = build(folder)
        assert lock is not None
        lock.release()
        return False

    monkeypatch.setattr(creation, "study_exists", just_missed)

    assert build(tmp_path / "tiny") is None
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_what_fails_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(path: Path) -> None:
        raise OSError(5, "broken", str(path))

    monkeypatch.setattr(creation, "sync_folder", fail)

    with pytest.raises(OSError, match="broken"):
        build(tmp_path / "tiny")

    assert list(tmp_path.iterdir()) == []


def test_what_may_not_be_there_for_good_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The study is in its place, but the disk fails to note where that is."""
    (tmp_path / "tiny").mkdir()

    def fail(path: Path) -> None:
        if path == tmp_path:
            raise OSError(5, "broken", str(path))

    monkeypatch.setattr(creation, "sync_folder", fail)

    with pytest.raises(OSError, match="broken"):
        build(tmp_path / "tiny")

    assert [path.name for path in tmp_path.rglob("*")] == ["tiny"]


def test_what_fails_leaves_no_folder_above_it(tmp_path: Path, monkeypatch):
    def fail(new: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(creation, "_write_database", fail)

    with pytest.raises(OSError, match="No space left"):
        build(tmp_path / "new" / "studies" / "tiny")

    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_stays_open_to_the_same_people(tmp_path: Path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny").chmod(0o2770)

    lock = build(tmp_path / "tiny")

    assert lock is not None
    lock.release()
    assert stat.S_IMODE((tmp_path / "tiny").stat().st_mode) == 0o2770


def test_an_empty_folder_of_another_group_stays_that_group_s(tmp_path: Path):
    need("root, to give a folder away", is_there=os.geteuid() == 0)
    (tmp_path / "tiny").mkdir()
    os.chown(tmp_path / "tiny", -1, 1)

    lock = build(tmp_path / "tiny")

    assert lock is not None
    lock.release()
    made = (tmp_path / "tiny").stat()
    assert (made.st_uid, made.st_gid) == (os.geteuid(), 1)


def test_a_link_to_an_empty_folder_is_refused_as_one(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "tiny").symlink_to(tmp_path / "empty")

    with pytest.raises(StoreError, match=r"must be .* a study, got a symbolic link"):
        build(tmp_path / "tiny")

    assert list((tmp_path / "empty").iterdir()) == []


def test_a_folder_that_may_not_be_read_is_told_in_words(tmp_path: Path, monkeypatch):
    (tmp_path / "tiny").mkdir()

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)

    with pytest.raises(StoreError, match=r"cannot read `.*tiny`: Permission denied"):
        check_is_free(tmp_path / "tiny")


def test_the_folder_in_which_the_command_runs_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(
        StoreError, match=r"`.` must be another folder than the one in"
    ) as caught:
        build(Path())

    assert caught.value.hint == "name a new one in it, with `--out`"


def test_a_rename_that_fails_is_told_as_it_is(tmp_path: Path, monkeypatch):
    def fail(path: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "rename", fail)

    with pytest.raises(OSError, match="No space left"):
        build(tmp_path / "tiny")


def test_a_creator_gives_up_where_its_folders_are_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def gone(folder: Path) -> WriterLock:
        raise FileNotFoundError(2, "gone", str(folder))

    monkeypatch.setattr(WriterLock, "acquire", gone)

    with pytest.raises(StoreError, match=f"^cannot write `{tmp_path}`: other programs"):
        build(tmp_path / "tiny")


@pytest.mark.parametrize(("mask", "mode"), [(0, 0o666), (0o027, 0o640)])
def test_who_may_read_a_study_is_for_the_users_mask_to_say(
    mask: int, mode: int, tmp_path: Path
):
    before = os.umask(mask)
    try:
        lock = build(tmp_path / "tiny")
    finally:
        os.umask(before)

    assert lock is not None
    lock.release()
    found = (tmp_path / "tiny" / "study.db").stat().st_mode
    assert stat.S_IMODE(found) == mode


def test_a_runs_name_is_sixteen_digits_of_its_config_and_seed():
    assert run_name('{"learning_rate":0.1}', 3) == "e899e27d8f809b48"


def test_times_are_stored_in_utc_to_the_second():
    stored = datetime.fromisoformat(now())

    assert stored.utcoffset() == timedelta(0)
    assert stored.microsecond == 0
    assert abs(datetime.now(UTC) - stored) < timedelta(minutes=1)
