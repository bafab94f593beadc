"""The command line, as a person calls it: in a process of its own."""

import subprocess
import sys
from pathlib import Path


def call(folder: Path, *arguments: str) -> str:
    """What a command of paribus prints, which must end with 0; started in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "paribus", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
