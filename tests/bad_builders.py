"""What the tests of wrong inputs start from: a study that is fine, and its data."""

import hashlib
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from study_texts import study_text


TINY = study_text(data='path = "tiny.npz"\nvalidation = 16')

# Its lines, to be replaced by wrong ones.
NAME = 'name = "tiny"'
SEEDS = "seeds = 2"
EPOCHS = "epochs = 1"
PATH = 'path = "tiny.npz"'
VALIDATION = "validation = 16"
MODEL = 'name = "mlp"\nhidden = [8]\n'
HIDDEN = "hidden = [8]"
ADAM = 'name = "adam"'
SPACE = "[[space]]"
LR = "learning_rate = [0.01, 0.1]"
BATCH = "batch_size = [16]"

# A model of the user's own, and what lets it be imported.
OWN = 'builder = "mymodels:build"\n'
ALLOWED = ("--allow-module", "mymodels")

# Seconds of a processor for a command that trains. Ten are for what is refused: to
# compile, with nothing compiled yet, takes longer where the machine is slow.
TRAINING_S = 40

# A sound claim, to be put in front of the space.
CLAIM = """[[claims]]
text = "Small is as good"
measure = "test_accuracy"
a = { learning_rate = 0.01 }
b = { learning_rate = 0.1 }
relation = "at_least"
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


def write_model(
    folder: Path, code: str, *changes: tuple[str, str], builder: str = OWN
) -> None:
    """Write `mymodels.py` with some changes, and name its builder in `tiny.toml`."""
    study = folder / "tiny.toml"
    study.write_text(study.read_text().replace(MODEL, builder))
    for old, new in changes:
        assert old in code
        code = code.replace(old, new)
    (folder / "mymodels.py").write_text(code)


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
