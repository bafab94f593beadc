"""Wrong inputs, written down one by one and drawn: their tests run, and are counted."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from campaign.outcome import Outcome
from campaign.run import PATHS, TESTS


FAST = "not slow and not long"
# What is drawn: the tests that draw it, and how often they run before a release.
DRAWN: Mapping[str, tuple[Sequence[str], int]] = {
    "study files and settings": (["test_study_file.py"], 44),
    "files of data, curves and states": (
        ["test_readers.py", "test_checkpoints.py"],
        20,
    ),
    "forged studies": (["test_store_edits.py"], 10),
    "orders of what may happen to a study": (["test_store_machine.py"], 25),
    "texts and outcomes in reports": (["test_report_text.py"], 2),
}


def refuse_what_is_wrong(marks: str) -> Iterable[Outcome]:
    """Run the corpus of bad input.

    Args:
        marks: Which of its tests, as pytest's `-m` has it.
    """
    start = time.monotonic()
    found = count_tests([TESTS / "badinput"], marks)
    yield Outcome(
        name="tests of the corpus of bad input",
        n=found["n_tests"],
        unit="tests",
        violations=found["broken"],
        is_sample=False,
        seconds=time.monotonic() - start,
    )


def draw_inputs(marks: str, *, is_once: bool) -> Iterable[Outcome]:
    """Run the tests that draw what they read.

    Args:
        marks: Which of them, as pytest's `-m` has it.
        is_once: Whether each runs once, or as often as before a release.
    """
    for name, (files, n_times) in DRAWN.items():
        start = time.monotonic()
        paths = [TESTS / "property" / file for file in files]
        found = [count_tests(paths, marks) for _ in range(1 if is_once else n_times)]
        yield Outcome(
            name=f"drawn by Hypothesis: {name}",
            n=sum(one["n_examples"] for one in found),
            unit="examples",
            violations=[text for one in found for text in one["broken"]],
            is_sample=False,
            seconds=time.monotonic() - start,
        )


def count_tests(paths: Sequence[Path], marks: str) -> dict[str, Any]:
    """Run tests; the attributes of `campaign.tally.Tally`.

    Raises:
        RuntimeError: If pytest cannot run them.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS))}
    environment.pop("PARIBUS_CI", None)  # with it each run would draw the same examples
    with tempfile.TemporaryDirectory() as folder:
        tally = Path(folder) / "tally.json"
        command = [sys.executable, "-m", "pytest", "-p", "campaign.tally"]
        command += ["--tally", str(tally), "-m", marks, "--jaxtyping-packages="]
        ended = subprocess.run(
            [*command, *map(str, paths)],
            cwd=TESTS.parent,
            env=environment,
            capture_output=True,
            text=True,
        )
        if ended.returncode not in (0, 1):  # 1 is for tests that failed
            said = f"{ended.stdout[-4000:]}{ended.stderr[-4000:]}"
            raise RuntimeError(f"pytest ended with {ended.returncode}: {said}")
        return json.loads(tally.read_text())
