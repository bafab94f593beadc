"""Runs a part of the campaign in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from campaign.outcome import Outcome


TESTS = Path(__file__).parents[1]
PATHS = (TESTS, TESTS.parent / "src")  # of what is imported, whatever is installed

_SCRIPT = """
import json, sys
from dataclasses import asdict
from campaign.parts import PARTS
for outcome in PARTS[sys.argv[1]](sys.argv[2]):
    print(json.dumps(asdict(outcome)), flush=True)
"""


def run_part(part: str, size: str) -> list[Outcome]:
    """Run a part; what each kind of its faults showed.

    Args:
        part: Its name in `PARTS`.
        size: `"ci"` or `"release"`.

    Raises:
        RuntimeError: If the part itself fails.
    """
    return [
        Outcome(**json.loads(line))
        for line in output_of(_SCRIPT, part, size).splitlines()
    ]


def output_of(script: str, *arguments: str) -> str:
    """What a Python program prints that may fork: in a process of its own.

    Raises:
        RuntimeError: If it fails.
    """
    # One thread: a process that is forked must not leave others behind.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, PATHS))
    # Without this a compiled program is found in the folder alone that it was put in.
    environment["JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES"] = "none"
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        raise RuntimeError(f"{arguments} ended with {ended.returncode}: {ended.stderr}")
    return ended.stdout


def broken_by(part: str, *, least: int) -> list[str]:
    """What the faults of a part broke at the size of CI, or that they were too few."""
    outcomes = run_part(part, "ci")
    broken = [text for outcome in outcomes for text in outcome.violations]
    n = sum(outcome.n for outcome in outcomes)
    return broken + ([f"only {n} of {least} faults"] if n < least else [])
