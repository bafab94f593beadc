"""What is fed with bytes: each returns what it read, or the error of a user."""

import io
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from study_texts import study_text


Read = Callable[[bytes], object]

STUDY = study_text(
    data='path = "tiny.npz"',
    space="learning_rate = { log = [1e-3, 0.1], n = 3 }\nbatch_size = [16]",
).encode()
TABLE = b"a,b,k\n1.5,red,x\n2.5,blue,y\n3.5,red,x\n4.5,blue,y\n"
CURVES = b"rate,seed,epoch,test_accuracy\n0.1,0,0,0.1\n0.1,0,1,0.5\n"


def study(folder: Path) -> Read:
    """A study file."""
    from paribus.errors import ParibusError
    from paribus.study_file import read_study

    path = folder / "study.toml"

    def read(content: bytes) -> object:
        path.write_bytes(content)
        try:
            return read_study(path)
        except ParibusError as error:
            return _refusal(error, codes=(3,))

    return read


def npy(folder: Path) -> Read:
    """An array, its labels in a sound file beside it."""
    return _data(folder, "x.npy", target="y.npy")


def npz(folder: Path) -> Read:
    """An archive of arrays."""
    return _data(folder, "tiny.npz")


def idx(folder: Path) -> Read:
    """An IDX file, which is its own file of labels too."""
    return _data(folder, "a.idx", target="a.idx")


def table(folder: Path) -> Read:
    """A table of text, packed or not."""
    return _data(folder, "a.csv", target="k")


def parquet(folder: Path) -> Read:
    """A Parquet file."""
    return _data(folder, "a.parquet", target="k")


def _data(folder: Path, name: str, *, target: str | None = None) -> Read:
    from paribus.data.reading import HowToRead, read_path
    from paribus.errors import ParibusError

    np.save(folder / "y.npy", np.arange(8) % 2)

    def read(content: bytes) -> object:
        (folder / name).write_bytes(content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                return read_path(name, HowToRead(target=target), folder=folder)
        except ParibusError as error:
            return _refusal(error, codes=(3, 4))

    return read


def curves(folder: Path) -> Read:
    """Curves of another tool."""
    from paribus.errors import ParibusError
    from paribus.imports.table import read_curve_table

    path = folder / "runs.csv"

    def read(content: bytes) -> object:
        path.write_bytes(content)
        try:
            return read_curve_table(
                path, hyperparameters=["rate"], seed="seed", epoch="epoch"
            )
        except ParibusError as error:
            return _refusal(error, codes=(2, 4))

    return read


def checkpoint(folder: Path) -> Read:
    """The arrays of a checkpoint, whose hash agrees with what is there."""
    import hashlib

    from paribus.store.checkpoints import read_checkpoint
    from paribus.store.folder import CHECKPOINTS
    from paribus.store.rows import CheckpointRow

    place = folder / CHECKPOINTS
    place.mkdir(exist_ok=True)

    def read(content: bytes) -> object:
        sha256 = hashlib.sha256(content).hexdigest()
        name = f"block-0001-evaluation-0002-{sha256[:8]}.safetensors"
        (place / name).write_bytes(content)
        row = CheckpointRow(name, 1, evaluation=2, size=len(content), sha256=sha256)
        try:
            return read_checkpoint(folder, row)
        except ValueError as error:
            return error
        finally:
            (place / name).unlink()

    return read


def store(folder: Path) -> Read:
    """The database of a study; damage is refused, or harmless."""
    from paribus.errors import StoreError
    from paribus.store import read_study

    place = folder / "tiny"
    place.mkdir(exist_ok=True)

    def read(content: bytes) -> object:
        (place / "study.db").write_bytes(content)
        try:
            return read_study(place)
        except StoreError as error:
            return error

    return read


def _refusal(error: Any, *, codes: tuple[int, ...]) -> Any:
    """The error, which has a code that a file can be refused with, and clean words."""
    assert error.exit_code in codes, error
    assert "allow_pickle" not in str(error)
    return error


TARGETS: dict[str, Callable[[Path], Read]] = {
    "study": study,
    "npy": npy,
    "npz": npz,
    "idx": idx,
    "table": table,
    "parquet": parquet,
    "curves": curves,
    "checkpoint": checkpoint,
    "store": store,
}


def seeds(name: str) -> Iterator[bytes]:
    """Sound inputs of a target."""
    inputs = np.arange(16, dtype=np.float32).reshape(8, 2)
    if name == "study":
        yield STUDY
    if name == "npy":
        yield _saved(inputs)
        yield _saved(np.asfortranarray(inputs))
    if name == "npz":
        yield _archive(zipfile.ZIP_STORED, inputs)
        yield _archive(zipfile.ZIP_DEFLATED, inputs)
    if name == "idx":
        yield b"\0\0\x08\x01\0\0\0\x08" + bytes([0, 1] * 4)
        yield b"\0\0\x0d\x02\0\0\0\x02\0\0\0\x02" + bytes(16)
    if name == "table":
        yield TABLE
        yield TABLE.replace(b",", b";")
    if name == "parquet":
        yield _parquet()
    if name == "curves":
        yield CURVES
    if name == "checkpoint":
        yield _tensors(inputs)
    if name == "store":
        yield _stored()


def _saved(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _archive(method: int, inputs: np.ndarray) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("x.npy", _saved(inputs))
        archive.writestr("y.npy", _saved(np.arange(8) % 2))
    return stream.getvalue()


def _parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(pa.table({"a": [1.5, 2.5], "k": ["x", "y"]}), stream)
    return stream.getvalue()


def _tensors(inputs: np.ndarray) -> bytes:
    from paribus.store.tensors import write_tensors

    arrays = {"state.w": inputs, "step": np.arange(8), "reached": inputs > 3}
    return b"".join(write_tensors(arrays))


def _stored() -> bytes:
    from store_builders import make_store

    with tempfile.TemporaryDirectory() as folder:
        return (make_store(Path(folder) / "tiny", n_blocks=1) / "study.db").read_bytes()
