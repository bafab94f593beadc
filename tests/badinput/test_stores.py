"""Study folders that are none, or no longer whole: refused with 5, nothing changed."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_builders import Forked, Paribus, Refused, contents
from store_builders import edit, edit_knowingly

from paribus.store import read_study


Damage = Callable[[Path], object]

UNWRITTEN = {"PYTHONDONTWRITEBYTECODE": "1"}  # of the test's own stub
READERS = (
    ["show", "tiny"],
    ["claims", "tiny"],
    ["report", "tiny"],
    ["export", "tiny", "--out", "out"],
    ["check", "tiny"],
)


@pytest.fixture
def folder(place: Path, stored: Path) -> Path:
    """A finished study beside the study file."""
    shutil.copytree(stored, place / "tiny")
    return place / "tiny"


def holding(content: bytes) -> Damage:
    return lambda folder: (folder / "study.db").write_bytes(content)


def saying(*statements: str) -> Damage:
    return lambda folder: edit(folder, *statements)


def knowing(*statements: str) -> Damage:
    return lambda folder: edit_knowingly(folder, *statements)


def cut(share: float) -> Damage:
    def damage(folder: Path) -> None:
        content = (folder / "study.db").read_bytes()
        (folder / "study.db").write_bytes(content[: int(share * len(content))])

    return damage


def of_another_program(folder: Path) -> None:
    (folder / "study.db").unlink()
    connection = sqlite3.connect(folder / "study.db")
    connection.execute("CREATE TABLE trials (number INTEGER)")
    connection.commit()
    connection.close()


def linked(folder: Path) -> None:
    (folder / "study.db").rename(folder.parent / "elsewhere.db")
    (folder / "study.db").symlink_to("../elsewhere.db")


def with_a_pipe(folder: Path) -> None:
    (folder / "study.db").unlink()
    os.mkfifo(folder / "study.db")


# What was done to a study -> what the message has to contain.
DAMAGES: dict[str, tuple[Damage, list[str]]] = {
    "T01 empty": (holding(b""), ["study.db", "empty"]),
    "T01 JSON": (holding(b'{"a": 1}' * 100), ["not a study"]),
    "T01 HTML": (holding(b"<!DOCTYPE html>" * 100), ["not a study"]),
    "T01 PNG": (holding(b"\x89PNG\r\n\x1a\n" * 100), ["not a study"]),
    "T02 cut in half": (cut(0.5), ["damaged"]),
    "T02 cut at the end": (cut(0.99), ["damaged"]),
    "T03 of another program": (of_another_program, ["another program"]),
    "T04 newer": (saying("PRAGMA user_version = 99"), ["newer", "99"]),
    "T06 table missing": (saying("DROP TABLE chunk"), ["schema", "chunk"]),
    "T06 column renamed": (
        saying("ALTER TABLE run RENAME COLUMN seed TO sead"),
        ["schema", "run"],
    ),
    "T06 trigger": (
        saying("CREATE TRIGGER t AFTER INSERT ON run BEGIN SELECT 1; END"),
        ["schema", "`t`"],
    ),
    "T07 rows missing": (saying("DELETE FROM chunk"), ["chunk"]),
    "T07 rows missing that agree": (
        knowing("DELETE FROM chunk"),
        ["table `block`", "key 1", "incomplete"],
    ),
    "T07 negative evaluation": (
        knowing("UPDATE chunk SET first_evaluation = -1 WHERE metric = 'loss'"),
        ["table `chunk`", "key 1, test, loss, -1"],
    ),
    "T07 a gigabyte declared": (
        knowing("UPDATE chunk SET n_evaluations = 250000000 WHERE metric = 'loss'"),
        ["table `chunk`", "key 1, test, loss, 0"],
    ),
    "a list for a share": (
        knowing(
            "UPDATE study SET data = json_replace(data, '$.majority_share', json('[]'))"
        ),
        ["table `study`", "a fact of the data", "got []"],
    ),
    "a text for a count": (
        knowing("UPDATE study SET data = json_replace(data, '$.n_validation', 'x')"),
        ["table `study`", "a fact of the data", "got 'x'"],
    ),
    "T07 row changed": (saying("UPDATE run SET seed = seed + 9"), ["run"]),
    "link": (linked, ["link"]),
    "pipe": (with_a_pipe, ["study.db"]),
}


@pytest.mark.parametrize(("damage", "words"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_folder_that_is_no_study_is_refused_in_words(
    folder: Path, refused: Refused, damage: Damage, words: list[str]
):
    damage(folder)

    refused(["show", "tiny"], 5, "error:", *words)


@pytest.mark.parametrize("arguments", READERS, ids=lambda arguments: arguments[0])
def test_every_reader_refuses_a_damaged_study(
    folder: Path, refused: Refused, arguments: list[str]
):
    cut(0.7)(folder)

    refused(arguments, 5, "error:", "damaged")


def test_flipped_bits_are_refused_or_harmless(folder: Path, forked: Callable[..., Any]):
    sound = forked("show", "tiny")
    content = (folder / "study.db").read_bytes()
    refused = 0

    for place in np.random.default_rng(5).integers(0, 8 * len(content), 12).tolist():
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        (folder / "study.db").write_bytes(bytes(damaged))
        ended = forked("show", "tiny")
        assert ended.code in (0, 5), ended.err
        assert "Traceback" not in ended.err
        assert ended.code == 5 or ended.out == sound.out
        refused += ended.code == 5

    assert refused


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """Where the trained study will be, once a test has trained it."""
    return {"folder": tmp_path_factory.mktemp("trained") / "studies"}


@pytest.fixture
def studies(place: Path, forked: Callable[..., Any], trained: dict[str, Path]) -> Path:
    """The study of the study file, trained."""
    if not trained["folder"].exists():
        ended = forked("run", "tiny.toml", "--quiet")
        assert ended.code == 0, ended.err
        shutil.copytree(place / "studies", trained["folder"])
    else:
        shutil.copytree(trained["folder"], place / "studies")
    return place / "studies"


FIXED = {
    "hidden": ("hidden = [8]", "hidden = [16]", ["hidden", "8", "16"]),
    "epochs": ("epochs = 1", "epochs = 2", ["epochs", "1", "2"]),
    "validation": ("validation = 16", "validation = 8", ["validation", "16", "8"]),
    "optimizer": ('name = "adam"', 'name = "sgd"', ["optimizer", "adam", "sgd"]),
}


@pytest.mark.parametrize(("old", "new", "words"), FIXED.values(), ids=FIXED.keys())
@pytest.mark.usefixtures("studies")
def test_t18_a_fixed_setting_that_has_changed_is_refused(
    place: Path, refused: Refused, old: str, new: str, words: list[str]
):
    text = (place / "tiny.toml").read_text()
    (place / "tiny.toml").write_text(text.replace(old, new))

    refused(["run", "tiny.toml"], 3, "error:", *words)


def test_t16_a_study_may_be_moved_and_t19_shrunk(
    place: Path, studies: Path, forked: Callable[..., Any]
):
    before = forked("show", "studies/tiny").out
    studies.rename(place / "moved folder #1?")

    moved = forked("show", "moved folder #1?/tiny")
    assert (moved.code, moved.out) == (0, before)

    text = (place / "tiny.toml").read_text().replace("[0.01, 0.1]", "[0.01]")
    (place / "tiny.toml").write_text(text)
    fewer = forked("run", "tiny.toml", "--out", "moved folder #1?/tiny")
    assert fewer.code == 0, fewer.err
    assert forked("show", "moved folder #1?/tiny").out == before


def test_d21_data_that_have_changed_are_refused(
    place: Path, studies: Path, refused: Refused
):
    assert studies.is_dir()
    inputs = np.random.default_rng(1).normal(size=(64, 4)).astype(np.float32)
    np.savez(place / "tiny.npz", x=inputs, y=np.arange(64) % 3)
    text = (place / "tiny.toml").read_text().replace("[0.01, 0.1]", "[0.01, 0.1, 1]")
    (place / "tiny.toml").write_text(text)

    refused(["run", "tiny.toml"], 4, "error:", "differ")


def test_d21_data_that_change_while_they_are_read_are_refused(
    place: Path, forked: Forked
):
    ended = forked("run", "tiny.toml", touched="tiny.npz")

    assert ended.code == 4
    assert "`tiny.npz` changed while it was read" in ended.err
    assert "Traceback" not in ended.err
    assert not (place / "studies").exists()


# The same numbers, as a file may hold them.
FORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "big-endian": lambda inputs: inputs.astype(">f4"),
    "float64": lambda inputs: inputs.astype(np.float64),
    "Fortran order": np.asfortranarray,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_d15_the_same_numbers_in_another_form_are_the_same_data(
    place: Path, studies: Path, forked: Forked, form: Callable[..., np.ndarray]
):
    """They have the digest of every number that the study recorded."""
    with np.load(place / "tiny.npz") as arrays:
        inputs, labels = arrays["x"].copy(), arrays["y"]
    np.savez(place / "tiny.npz", x=form(inputs), y=labels)

    ended = forked("run", "tiny.toml", "--quiet")

    assert (ended.code, ended.err) == (0, "")
    assert [path.name for path in studies.iterdir()] == ["tiny"]


@pytest.mark.long
def test_d15_they_train_to_the_same_bits(place: Path, studies: Path, forked: Forked):
    with np.load(place / "tiny.npz") as arrays:
        inputs, labels = arrays["x"].copy(), arrays["y"]
    np.savez(place / "tiny.npz", x=np.asfortranarray(inputs.astype(">f8")), y=labels)

    ended = forked("run", "tiny.toml", "--quiet", "--out", "other")

    assert ended.code == 0, ended.err
    one, other = read_study(studies / "tiny"), read_study(place / "other")
    for name, curve in one.curves.items():
        assert curve.tobytes() == other.curves[name].tobytes(), name


@pytest.mark.parametrize("platform", ["cuda", "cpux"])
def test_t21_a_platform_that_is_not_there_is_refused(paribus: Paribus, platform: str):
    ended = paribus("run", "tiny.toml", env={"JAX_PLATFORMS": platform})

    assert ended.returncode == 9
    assert f"no device for `{platform}`" in ended.stderr
    assert "--device cpu" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("raise ModuleNotFoundError('No module named jax')", "cannot be loaded"),
        ("raise RuntimeError('jaxlib 0.4.1 is incompatible')", "jaxlib 0.4.1"),
        ("__version__ = '0.4.1'", "jax 0.10 or newer, got 0.4.1"),
    ],
    ids=["missing", "not with its jaxlib", "old"],
)
def test_t21_jax_that_cannot_be_used_is_refused(
    place: Path, paribus: Paribus, module: str, words: str
):
    (place / "stub").mkdir()
    (place / "stub" / "jax.py").write_text(module)
    known = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join(filter(None, (str(place / "stub"), known)))
    before = contents(place)

    ended = paribus("run", "tiny.toml", env={"PYTHONPATH": path, **UNWRITTEN})

    assert ended.returncode == 9
    assert words in ended.stderr
    assert "pip install --upgrade jax" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert contents(place) == before


def test_t21_a_device_that_is_not_there_is_refused(refused: Refused):
    refused(["run", "tiny.toml", "--device", "gpu"], 9, "gpu", "cpu")
