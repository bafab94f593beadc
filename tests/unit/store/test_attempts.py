"""What an attempt has said of itself is verified wherever it is read."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import make_facts, make_study
from store_builders import edit_knowingly

from paribus.errors import StoreError
from paribus.store import StudyWriter, check_study, read_study
from paribus.store.attempts import new_attempt


DEEP = "[" * 100_000
DAMAGES = {
    "nested": ('{"jax":' + DEEP, "it is nested too deeply"),
    "no object": ("3", "an environment must be a JSON object"),
    "no number": ('{"jax": 1e999}', "a number must be finite, got 1e999"),
    "no starts": ('{"starts": 3}', "`starts` must be JSON objects"),
    "no digests": ('{"starts": {"order": 3}}', "`starts` must be JSON objects"),
    "a zero before": (
        '{"starts": {"order": {"07": "x"}}}',
        "`starts` must name seeds, got '07'",
    ),
    "a space before": (
        '{"starts": {"order": {" 7": "x"}}}',
        "`starts` must name seeds, got ' 7'",
    ),
    "other digits": (
        '{"starts": {"order": {"٧": "x"}}}',
        "`starts` must name seeds, got '٧'",
    ),
}


def check_environment(folder: Path) -> None:
    with StudyWriter.open(folder) as writer:
        writer.check_environment({"jax": "1"})


def begin(folder: Path) -> None:
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({"jax": "1"})


def narrow(folder: Path) -> None:
    with StudyWriter.open(folder) as writer:
        writer._attempt = 2
        writer.too_wide_blocks()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study on which two attempts have been made."""
    with StudyWriter.create(tmp_path / "tiny", make_study(), make_facts()) as writer:
        writer.begin_attempt({"jax": "1"})
        writer.begin_attempt({"jax": "1"})
    return tmp_path / "tiny"


@pytest.mark.parametrize("read", [read_study, check_environment, begin, narrow])
@pytest.mark.parametrize(("text", "words"), DAMAGES.values(), ids=DAMAGES)
def test_an_environment_that_cannot_be_read_is_damage_with_its_key(
    text: str, words: str, read: Callable[[Path], object], folder: Path
):
    forged = f"CAST(x'{text.encode().hex()}' AS TEXT)"
    edit_knowingly(folder, f"UPDATE attempt SET environment = {forged}")
    key = 1 if read in (read_study, begin) else 2  # others read the last first

    with pytest.raises(StoreError) as caught:
        read(folder)

    assert str(caught.value) == (
        f"`{folder / 'study.db'}` is damaged: table `attempt`, key {key}: {words}"
    )


@pytest.mark.parametrize("read", [read_study, check_environment, begin, narrow])
def test_attempts_have_the_numbers_from_one(
    read: Callable[[Path], object], folder: Path
):
    edit_knowingly(folder, "UPDATE attempt SET number = 5 WHERE number = 2")

    with pytest.raises(StoreError) as caught:
        read(folder)

    words = "table `attempt`, key 5: it must be number 2"
    assert str(caught.value) == f"`{folder / 'study.db'}` is damaged: {words}"
    assert check_study(folder).problems == (str(caught.value),)


def test_a_new_attempt_says_which_process_on_which_start_of_the_computer():
    attempt = new_attempt(3, {"jax": "1"})

    assert (attempt.number, attempt.pid) == (3, os.getpid())
    assert attempt.host == socket.gethostname()
    assert (attempt.seconds, attempt.n_runs, attempt.is_finished) == (0.0, 0, 0)
    if sys.platform == "linux":
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        assert attempt.boot_id == boot.strip()
