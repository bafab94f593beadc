"""A study that its maker takes back while somebody looks at it."""

import shutil
from pathlib import Path

import pytest
from builders import make_facts, make_study

from paribus.errors import StoreError
from paribus.store import StudyWriter, opening, read_if_any, read_study, reader


@pytest.fixture
def vanishing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study that is gone once somebody has found it, and looks into it."""

    def gone(place: Path, *_: object) -> None:
        shutil.rmtree(place)
        raise FileNotFoundError(2, "No such file or directory", str(place))

    monkeypatch.setattr(reader, "read_snapshot", gone)
    monkeypatch.setattr(opening, "check_folder", gone)
    return folder


def test_a_reader_is_told_that_there_is_no_study(vanishing: Path):
    with pytest.raises(StoreError, match="no study in"):
        read_study(vanishing)


def test_who_reads_what_is_there_reads_nothing(vanishing: Path):
    assert read_if_any(vanishing) is None


def test_who_opens_what_is_there_opens_nothing(vanishing: Path):
    assert StudyWriter.open_if_any(vanishing) is None


def test_who_makes_a_study_makes_it(vanishing: Path, monkeypatch: pytest.MonkeyPatch):
    StudyWriter.create(vanishing, make_study(), make_facts()).close()
    monkeypatch.undo()

    assert not read_study(vanishing).has_outcome().any()
