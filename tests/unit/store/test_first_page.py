"""A first page that is damaged hides no row of a study."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from golden_stores import GOLDEN, unpacked
from store_builders import fingerprint

from paribus.errors import StoreError
from paribus.store import read_study, salvage_study


PAGE = 4096


def flip(*places: int) -> Callable[[bytes], bytes]:
    def damage(content: bytes) -> bytes:
        changed = bytearray(content)
        for place in places:
            changed[place] ^= 0xFF
        return bytes(changed)

    return damage


def flip_at(text: bytes) -> Callable[[bytes], bytes]:
    return lambda content: flip(content.index(text))(content)


def salvaged(folder: Path, damage: Callable[[bytes], bytes]) -> tuple[int, int]:
    """Damage a study and save what verifies; how many runs are saved, and lost.

    What is saved is as it was, and the damaged study is not touched.
    """
    truth = read_study(folder)
    database, target = folder / "study.db", folder.parent / "saved"
    database.write_bytes(damage(database.read_bytes()))
    before = fingerprint(folder)

    report = salvage_study(folder, target)

    assert fingerprint(folder) == before
    saved = read_study(target)
    is_saved = saved.has_outcome()
    assert is_saved.sum() == report.n_saved
    np.testing.assert_array_equal(saved.status[is_saved], truth.status[is_saved])
    for name, curve in saved.curves.items():
        np.testing.assert_array_equal(curve[is_saved], truth.curves[name][is_saved])
    return report.n_saved, report.n_lost


@pytest.mark.parametrize(
    "damage",
    [
        flip(3),
        flip(17),
        flip(30),
        flip(20, 21, 22, 23),
        flip(56),
        flip(101),
        flip(104),
        flip_at(b"CREATE TABLE chunk"),
        flip_at(b"tablerun"),
        lambda content: bytes(PAGE) + content[PAGE:],
        lambda content: b"x" * 100 + content[100:],
    ],
    ids=[
        "magic",
        "page size",
        "number of pages",
        "fractions",
        "encoding",
        "first free",
        "cells",
        "a statement",
        "a root",
        "a page of zeros",
        "a header of letters",
    ],
)
def test_all_is_saved_behind_a_damaged_first_page(
    damage: Callable[[bytes], bytes], folder: Path
):
    assert salvaged(folder, damage) == (8, 0)


@pytest.mark.parametrize("schema", ["schema-2", "schema-3"])
def test_all_is_saved_behind_the_first_page_of_an_older_schema(
    schema: str, tmp_path: Path
):
    folder = unpacked(GOLDEN / schema / "finished.db.gz", tmp_path / "old")
    n_finished = int(read_study(folder).has_outcome().sum())

    saved = salvaged(folder, lambda content: bytes(PAGE) + content[PAGE:])

    assert saved == (n_finished, 0)


def test_of_a_study_that_is_cut_what_is_before_the_cut_is_saved(folder: Path):
    """The last page is of a table of which the study can do without."""
    n_saved, _ = salvaged(folder, lambda content: content[: -PAGE // 2])

    assert n_saved == 8


def test_a_database_of_another_kind_is_refused_as_what_it_is(folder: Path):
    (folder / "study.db").write_bytes(b"a,b\n1,2\n" * 1000)

    with pytest.raises(StoreError, match="is not a study") as caught:
        salvage_study(folder, folder.parent / "saved")

    assert "its beginning is damaged" in caught.value.hint
    assert not os.path.lexists(folder.parent / "saved")
