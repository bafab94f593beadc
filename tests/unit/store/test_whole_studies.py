"""A study of runs that are done already is there whole, or not at all."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import make_curves, make_store, waiting

from paribus.errors import ResourceError, StoreError
from paribus.store import (
    StudyWriter,
    check_is_new,
    create_whole_study,
    read_study,
    study_exists,
    whole_studies,
)
from paribus.store.failures import translated


STUDY = make_study()
EPOCHS = (1.0, 2.0)


def fill(writer: StudyWriter, folder: Path) -> None:
    """Write all runs, while nobody can see the study."""
    writer.begin_attempt({})
    runs = waiting(writer)
    block = writer.begin_block(runs, description="all")
    curves = {
        name: values[: len(EPOCHS)]
        for name, values in make_curves(STUDY, len(runs)).items()
    }
    writer.commit_block(
        block, curves=curves, diverged_at=np.zeros(len(runs), dtype=np.int64)
    )
    writer.finish_attempt(len(runs), 0.0)
    assert not study_exists(folder)


def create(folder: Path, how: Callable[[StudyWriter], None]) -> None:
    create_whole_study(folder, STUDY, make_facts(), epochs=EPOCHS, fill=how)


def test_all_runs_are_there_with_the_study(tmp_path: Path):
    create(tmp_path / "tiny", partial(fill, folder=tmp_path / "tiny"))

    assert read_study(tmp_path / "tiny").has_outcome().all()
    StudyWriter.open(tmp_path / "tiny").close()  # nobody holds it


def test_what_a_killed_one_left_is_removed(tmp_path: Path):
    make_store(tmp_path / ".tiny.new-0123456789abcdef")

    create(tmp_path / "tiny", partial(fill, folder=tmp_path / "tiny"))

    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_what_cannot_be_filled_leaves_nothing(tmp_path: Path):
    def fail(writer: StudyWriter) -> None:
        fill(writer, tmp_path / "tiny")
        raise ResourceError("the disk is full")

    with pytest.raises(ResourceError, match="the disk is full"):
        create(tmp_path / "tiny", fail)

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_with_the_folder_s_name_and_a_hint(tmp_path: Path):
    def fail(writer: StudyWriter) -> None:
        with translated(writer.folder / "study.db"):
            raise OSError(28, "No space left on device")

    with pytest.raises(ResourceError) as caught:
        create(tmp_path / "tiny", fail)

    assert str(caught.value).startswith(f"`{tmp_path}/tiny/study.db` needs more space")
    assert "nothing was stored" in caught.value.hint


def test_what_lies_in_its_place_meanwhile_is_left_alone(tmp_path: Path):
    def fill_late(writer: StudyWriter) -> None:
        made = make_store(tmp_path / "tiny")
        (made / "study.db.schema-2").touch()
        fill(writer, tmp_path / "elsewhere")

    with pytest.raises(StoreError, match="must be a new folder, got a study"):
        create(tmp_path / "tiny", fill_late)

    assert (tmp_path / "tiny" / "study.db.schema-2").exists()


def test_another_study_that_is_there_first_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(whole_studies, "build_study", lambda *_, **__: None)

    with pytest.raises(
        StoreError, match=r"`.*tiny` must be a new folder, got a study"
    ) as caught:
        create(tmp_path / "tiny", partial(fill, folder=tmp_path / "tiny"))

    assert caught.value.hint == "name another folder with `--out`"


def test_a_study_is_refused_before_anything_is_read(tmp_path: Path):
    check_is_new(tmp_path / "tiny")
    make_store(tmp_path / "tiny")

    with pytest.raises(StoreError, match="must be a new folder, got a study") as caught:
        check_is_new(tmp_path / "tiny")

    assert caught.value.hint == "name another folder with `--out`"
