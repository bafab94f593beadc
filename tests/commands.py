"""The command line, as a person calls it: in a process of its own."""

import subprocess
import sys
from pathlib import Path


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start a command of paribus in a folder; what it prints can be read."""
    return subprocess.Popen(
        [sys.executable, "-m", "paribus", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(folder: Path, *arguments: str) -> tuple[str, str]:
    """What a command prints and what it says beside that; it must end with 0."""
    process = start(folder, *arguments)
    out, err = process.communicate()
    if process.returncode:  # raised, since pages call it from code that is no test
        raise AssertionError(err)
    return out, err


def call(folder: Path, *arguments: str) -> str:
    """What a command prints, which must end with 0."""
    return said(folder, *arguments)[0]
