"""What the tests of wrong inputs start from: a study that is fine, and its data."""

import hashlib
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np


TINY = """\
[study]
name = "tiny"
seeds = 2
epochs = 1
[data]
path = "tiny.npz"
validation = 16
[model]
name = "mlp"
hidden = [8]
[optimizer]
name = "adam"
[[space]]
learning_rate = [0.01, 0.1]
batch_size = [16]
"""


class Ended(NamedTuple):
    """What a command left: its code, what it said, and the most memory it held."""

    code: int
    out: str
    err: str
    peak_kib: int


class Command(NamedTuple):
    """A command that runs: its process, and how to wait for its end."""

    pid: int
    wait: Callable[[], Ended]


Started = Callable[..., Command]
Forked = Callable[..., Ended]
Refused = Callable[..., None]
Paribus = Callable[..., "subprocess.CompletedProcess[str]"]


def write_base(folder: Path) -> Path:
    """Write `tiny.toml` and `tiny.npz`, which is a study that can be trained."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(64, 4)).astype(np.float32)
    np.savez(folder / "tiny.npz", x=inputs, y=np.arange(64) % 3)
    (folder / "tiny.toml").write_text(TINY)
    return folder


def train_base(place: Path) -> Path:
    """Train the study of `write_base`; its folder."""
    from paribus.engine.train import train_study  # loads JAX
    from paribus.study_file import read_study

    study = read_study(place / "tiny.toml").study
    folder = place / "studies" / "tiny"
    train_study(study, folder, data_folder=place, device="cpu")
    return folder


def contents(folder: Path) -> dict[str, tuple[int, str]]:
    """All that lies in a folder: its kind and permissions, and the digest of a file."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, _digest(path))
        for path in sorted(folder.rglob("*"))
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def squeezed(text: str) -> str:
    """A text without differences in case and white space."""
    return re.sub(r"\s+", " ", text).lower()
