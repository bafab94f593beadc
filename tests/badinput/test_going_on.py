"""Studies that go on: from an old schema, from damaged checkpoints, grown."""

import gzip
import hashlib
import io
import json
import shutil
import sqlite3
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_builders import TRAINING_S, Forked, Refused, write_base
from store_builders import edit_knowingly

from paribus.errors import printable
from paribus.results import Progress
from paribus.store import StudyWriter, check_study, read_study
from paribus.store.schema import SCHEMA_VERSION
from paribus.store.tensors import read_tensors, write_tensors


Harm = Callable[[bytes], bytes]

GOLDEN = Path(__file__).parents[1] / "data" / "stores"
LONG = ("--set", "study.epochs=4")
READERS = {
    "show": ["show", "studies/tiny"],
    "claims": ["claims", "studies/tiny"],
    "report": ["report", "studies/tiny", "--out", "report.html"],
    "export": ["export", "studies/tiny", "--out", "tables"],
    "check": ["check", "studies/tiny"],
}


def bits(folder: Path) -> dict[tuple[str, int], bytes]:
    """All that was measured of each run, to the bit."""
    result = read_study(folder)
    return {
        (config.label(), seed): b"".join(
            result.curves[name][i, j].tobytes() for name in sorted(result.curves)
        )
        for i, config in enumerate(result.configs)
        for j, seed in enumerate(result.seeds)
    }


def schema_of(folder: Path) -> int:
    connection = sqlite3.connect(folder / "study.db")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return version


@pytest.fixture(
    params=sorted(GOLDEN.glob("*/trained.db.gz")), ids=lambda p: p.parts[-2]
)
def old(request: pytest.FixtureRequest, place: Path) -> Path:
    """A study that was trained when its schema was the newest, and its data."""
    folder = place / "studies" / "tiny"
    folder.mkdir(parents=True)
    (folder / "study.db").write_bytes(gzip.decompress(request.param.read_bytes()))
    inputs = (np.arange(256, dtype=np.float32) * 37 % 64 / 64).reshape(64, 4)
    np.savez(place / "tiny.npz", x=inputs, y=np.arange(64) % 3)
    return folder


@pytest.mark.parametrize("arguments", READERS.values(), ids=READERS.keys())
def test_t05_an_old_store_is_read_as_it_is(
    old: Path, forked: Forked, arguments: list[str]
):
    before = (old / "study.db").read_bytes()

    ended = forked(*arguments)

    assert (ended.code, ended.err) == (0, "")
    assert (old / "study.db").read_bytes() == before
    assert [path.name for path in old.iterdir()] == ["study.db"]


def test_t05_an_old_store_is_migrated_by_run(old: Path, forked: Forked):
    before = bits(old)
    assert schema_of(old) < SCHEMA_VERSION

    ended = forked("run", "tiny.toml", "--seeds", "3", "--quiet")

    assert ended.code == 0, ended.err
    assert schema_of(old) == SCHEMA_VERSION
    after = bits(old)
    assert len(after) == 6
    assert {run: after[run] for run in before} == before
    assert check_study(old).problems == ()
    # A training that takes long keeps states on the way; none of them is left.
    left = {path.relative_to(old).as_posix() for path in old.rglob("*")}
    assert left - {"checkpoints"} == {"study.db", "writer.lock"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the study of four epochs will be, once it has been trained in one go."""
    return tmp_path_factory.mktemp("finished") / "studies"


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of four epochs that was stopped in its third, with two checkpoints."""
    from paribus.engine import keeper
    from paribus.engine.train import train_study
    from paribus.study_file import read_study as read_file

    place = write_base(tmp_path_factory.mktemp("stopped"))
    study = read_file(place / "tiny.toml", overrides=LONG[1:]).study

    def stop(progress: Progress) -> None:
        if progress.n_training and progress.epoch == 3:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        for name in ("EVALUATIONS_S", "CHECKPOINT_S", "LONGEST_S"):
            patch.setattr(keeper, name, 0.0)  # as if each evaluation took a minute
        with pytest.raises(KeyboardInterrupt):
            train_study(
                study,
                place / "studies" / "tiny",
                data_folder=place,
                device="cpu",
                on_progress=stop,
            )
    return place / "studies"


@pytest.fixture
def folder(place: Path, stopped: Path) -> Path:
    """That study, beside its study file."""
    shutil.copytree(stopped, place / "studies")
    return place / "studies" / "tiny"


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoint files, the newest last."""
    found = sorted((folder / "checkpoints").iterdir())
    assert len(found) == 2
    return found


def agreeing(folder: Path, path: Path, content: bytes) -> Path:
    """Replace a checkpoint, and let the study say that this is what it wrote."""
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"{path.name[: -len('01234567.safetensors')]}{sha256[:8]}.safetensors"
    path.unlink()
    (path.parent / name).write_bytes(content)
    edit_knowingly(
        folder,
        f"UPDATE checkpoint SET name = '{name}', sha256 = '{sha256}', "
        f"size = {len(content)} WHERE name = '{path.name}'",
    )
    return path.parent / name


def often_one(cases: Mapping[str, tuple[Any, ...]]) -> list[Any]:
    """Cases as parameters, all but the first for the slow tests: each trains."""
    first, *others = (pytest.param(*case, id=name) for name, case in cases.items())
    slow = [pytest.param(*o.values, id=o.id, marks=pytest.mark.slow) for o in others]
    return [first, *slow]


def missing(content: bytes) -> bytes | None:
    del content
    return None


def flipped(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


# What becomes of the newest checkpoint -> what the warning says of it.
LOST: dict[str, tuple[Callable[[bytes], bytes | None], str]] = {
    "flipped": (flipped, "its content is not what was written"),
    "missing": (missing, "it is missing"),
    "empty": (lambda _: b"", "it has 0 bytes"),
    "cut": (lambda content: content[:1000], "it has 1,000 bytes"),
    "another": (lambda content: bytes(len(content)), "its content is not"),
}


def header(content: bytes) -> tuple[dict[str, Any], bytes]:
    (size,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def with_header(text: str, data: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode() + data


def changed(content: bytes, key: str, value: Any) -> bytes:
    entries, data = header(content)
    name = sorted(name for name in entries if name != "__metadata__")[-1]
    entries[name] = {**entries[name], key: value}
    return with_header(json.dumps(entries), data)


def twice(content: bytes) -> bytes:
    entries, data = header(content)
    name, entry = next(iter(entries.items()))
    text = json.dumps(entries)
    return with_header(f"{{{json.dumps(name)}: {json.dumps(entry)}, {text[1:]}", data)


def many(content: bytes) -> bytes:
    entry = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
    del content
    return with_header(json.dumps({str(n): entry for n in range(100_000)}), b"")


# What stands in the newest checkpoint, with a hash that agrees -> what is said of it.
FORGED: dict[str, tuple[Harm, str]] = {
    "length": (lambda content: b"\xff" * 7 + b"\x00" + content[8:], "longer"),
    "two equal names": (twice, "two equal names"),
    "overlapping offsets": (
        lambda content: changed(content, "data_offsets", [0, 4]),
        "follow",
    ),
    "unknown type": (lambda content: changed(content, "dtype", "F33"), "unknown type"),
    "100,000 tensors": (many, "longer"),
    "no tensors": (lambda _: with_header("[]", b""), "no JSON object"),
}


def finishes(place: Path, forked: Forked, finished: Path, harmed: Path) -> str:
    """Checks that `run` goes on, to the bits of a run in one go; what it said.

    A file that is not what we wrote is not ours to remove.
    """
    if not finished.exists():
        command = ("run", "tiny.toml", *LONG, "--quiet", "--out", "whole")
        whole = forked(*command, limit_s=TRAINING_S)
        assert whole.code == 0, whole.err
        (place / "whole").rename(finished)
    folder = place / "studies" / "tiny"

    ended = forked("run", "tiny.toml", *LONG, "--quiet", limit_s=TRAINING_S)

    assert ended.code == 0, ended.err
    assert "Traceback" not in ended.err
    assert bits(folder) == bits(finished)
    assert check_study(folder).problems == ()
    assert {path.name for path in (folder / "checkpoints").iterdir()} <= {harmed.name}
    return ended.err


@pytest.mark.parametrize(("harm", "words"), often_one(LOST))
def test_t13_a_checkpoint_that_is_lost_costs_time_and_nothing_else(
    place: Path,
    folder: Path,
    forked: Forked,
    finished: Path,
    harm: Callable[[bytes], bytes | None],
    words: str,
):
    before, newest = checkpoints(folder)
    content = harm(newest.read_bytes())
    newest.unlink()
    if content is not None:
        newest.write_bytes(content)

    said = finishes(place, forked, finished, newest)

    for word in ("warning:", newest.name, words, f"`{before.name}` is used"):
        assert word in said


@pytest.mark.slow
@pytest.mark.parametrize(("harm", "words"), FORGED.values(), ids=FORGED.keys())
def test_t14_a_checkpoint_that_was_forged_is_not_used(
    place: Path, folder: Path, forked: Forked, finished: Path, harm: Harm, words: str
):
    before, newest = checkpoints(folder)
    forged = agreeing(folder, newest, harm(newest.read_bytes()))

    said = finishes(place, forked, finished, forged)

    for word in ("warning:", forged.name, words, f"`{before.name}` is used"):
        assert word in said


def test_t15_a_checkpoint_of_another_model_is_refused_with_both_shapes(
    folder: Path, forked: Forked
):
    _, newest = checkpoints(folder)
    tensors = read_tensors(newest.read_bytes())
    name = next(n for n in tensors if "params" in n and tensors[n].ndim == 3)
    _, n_rows, n_columns = tensors[name].shape
    tensors[name] = tensors[name][:, :, :-1]
    agreeing(folder, newest, b"".join(write_tensors(tensors)))

    ended = forked("run", "tiny.toml", *LONG)

    assert ended.code == 5
    assert "Traceback" not in ended.err
    assert f"`{name}` of shape ({n_rows}, {n_columns - 1})" in ended.err
    assert f"({n_rows}, {n_columns})" in ended.err


OUTSIDE = {
    "above": "../../etc/passwd",
    "absolute": "/etc/passwd",
    "below": "checkpoints/block-0001-evaluation-0019-00000000.safetensors",
    "NUL": "block-0001\x00.safetensors",
    "no name": "",
}


@pytest.mark.parametrize("name", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_t08_a_checkpoint_by_a_path_is_refused(
    folder: Path, refused: Refused, name: str
):
    _, newest = checkpoints(folder)
    connection = sqlite3.connect(folder / "study.db")
    connection.execute(
        "UPDATE checkpoint SET name = ? WHERE name = ?", (name, newest.name)
    )
    connection.commit()
    connection.close()
    edit_knowingly(folder)

    for command in (["run", "tiny.toml", *LONG], ["check", "studies/tiny"]):
        refused(command, 5, "`checkpoints/`", printable(name))


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_t08_a_checkpoint_behind_a_link_is_not_followed(
    place: Path, folder: Path, refused: Refused, linked: str
):
    _, newest = checkpoints(folder)
    path = newest if linked == "file" else newest.parent
    path.rename(place / "elsewhere")
    path.symlink_to(place / "elsewhere")

    shown = f"studies/tiny/{path.relative_to(folder)}"
    refused(["run", "tiny.toml", *LONG], 5, f"`{shown}`", "link")
    refused(
        ["check", "studies/tiny"], 5, newest.name, "checkpoints", "no result is damaged"
    )


def one_bit(content: bytes) -> bytes:
    """Another number of the same shape: all else in an array's file is its header."""
    return content[:-1] + bytes([content[-1] ^ 1])


def in_archive(place: Path) -> tuple[str, Path, bytes]:
    """The archive, where it lies, and the same with one other number."""
    with np.load(place / "tiny.npz") as arrays:
        inputs, labels = arrays["x"].copy(), arrays["y"]
    inputs[5, 2] += 1
    changed = io.BytesIO()
    np.savez(changed, x=inputs, y=labels)
    return "tiny.npz", place / "tiny.npz", changed.getvalue()


def in_folder(place: Path) -> tuple[str, Path, bytes]:
    (place / "arrays").mkdir()
    with np.load(place / "tiny.npz") as arrays:
        for name in ("x", "y"):
            np.save(place / "arrays" / f"{name}.npy", arrays[name])
    file = place / "arrays" / "x.npy"
    return "arrays", file, one_bit(file.read_bytes())


def in_named_folder(place: Path) -> tuple[str, Path, bytes]:
    """The four files of Fashion-MNIST, as `pb.data.fashion_mnist` reads them."""
    (place / "images").mkdir()
    for split, n in (("train", 48), ("t10k", 16)):
        pixels = (np.arange(n * 9) % 251).astype(np.uint8)
        shape = struct.pack(">III", n, 3, 3)
        image = place / "images" / f"{split}-images-idx3-ubyte"
        image.write_bytes(b"\0\0\x08\x03" + shape + pixels.tobytes())
        labels = (np.arange(n) % 3).astype(np.uint8).tobytes()
        label = place / "images" / f"{split}-labels-idx1-ubyte"
        label.write_bytes(b"\0\0\x08\x01" + struct.pack(">I", n) + labels)
    file = place / "images" / "t10k-images-idx3-ubyte"
    return "images", file, one_bit(file.read_bytes())


@pytest.mark.parametrize("make", [in_archive, in_folder, in_named_folder])
def test_d21_data_that_changed_while_a_study_was_stopped_are_refused(
    place: Path, refused: Refused, make: Callable[[Path], tuple[str, Path, bytes]]
):
    """It was stopped in its first block, with a state after the first evaluation."""
    from paribus.data import load_dataset
    from paribus.study_file import read_study as read_file

    path, file, changed = make(place)
    said = f'data.path="{path}"'
    study = read_file(place / "tiny.toml", overrides=[said]).study
    facts = load_dataset(study.data, folder=place).facts()
    folder = place / "studies" / "tiny"
    with StudyWriter.create(folder, study, facts) as writer:
        writer.begin_attempt({})
        block = writer.begin_block(list(writer.runs()), description="all")
        state = {"state": np.zeros((4, 9), np.float32)}
        first = {"train_loss": np.ones((1, 4), np.float32)}
        writer.commit_evaluations(block, first, checkpoint=state)
        writer.interrupt()
    file.write_bytes(changed)

    refused(
        ["run", "tiny.toml", "--set", said],
        4,
        "differs from the data recorded in `studies/tiny`",
        f"was {facts.content_hash[:16]}",
        "hint: bring the first data back",
    )


@pytest.mark.long
def test_d21_a_study_goes_on_once_its_data_are_back(
    place: Path, folder: Path, refused: Refused, forked: Forked, finished: Path
):
    _, file, changed = in_archive(place)
    first = file.read_bytes()
    file.write_bytes(changed)
    refused(["run", "tiny.toml", *LONG], 4, "tiny.npz", "differs")
    file.write_bytes(first)

    finishes(place, forked, finished, checkpoints(folder)[-1])


@pytest.mark.slow
def test_t17_more_seeds_and_values_train_what_is_new(place: Path, forked: Forked):
    first = forked("run", "tiny.toml", "--quiet", limit_s=TRAINING_S)
    assert first.code == 0, first.err
    before = bits(place / "studies" / "tiny")
    text = (place / "tiny.toml").read_text()
    text = text.replace("seeds = 2", "seeds = 4").replace("0.1]", "0.1, 0.3]")
    (place / "tiny.toml").write_text(text)

    grown = forked("run", "tiny.toml", "--quiet", limit_s=TRAINING_S)

    assert grown.code == 0, grown.err
    after = bits(place / "studies" / "tiny")
    assert len(after) == 12
    assert {run: after[run] for run in before} == before
    attempts = read_study(place / "studies" / "tiny").attempts
    assert [attempt.n_runs for attempt in attempts] == [4, 8]
