"""The audit says what it could not ask, and fails on what it found."""

import importlib.util
import subprocess
from pathlib import Path
from typing import Any

import pytest


def _audit() -> Any:
    path = Path(__file__).parents[2] / ".ci" / "audit.py"
    spec = importlib.util.spec_from_file_location("ci_audit", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


AUDIT = _audit()
SOUND = {"name": "numpy", "version": "2.4", "vulns": []}
UNKNOWN = {"name": "jax", "skip_reason": "not found"}
FLAWED = {
    "name": "jinja2",
    "version": "3.0",
    "vulns": [{"id": "CVE-1", "fix_versions": ["3.1.6"]}],
}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([SOUND, UNKNOWN], 0, "none of 1 packages has a known hole"),
        ([UNKNOWN, UNKNOWN], 0, "left out, the index has no advisories on any of 2"),
        ([SOUND, FLAWED], 1, "jinja2 3.0: CVE-1 (mended in 3.1.6)"),
    ],
)
def test_what_was_asked_is_told_apart_from_what_was_found(
    packages: list[dict[str, Any]], code: int, words: str
):
    ended, said = AUDIT.verdict(packages)

    assert ended == code
    assert words in said


def test_an_index_that_does_not_answer_is_no_audit_that_passed():
    def slow(*_: Any, timeout: float, **__: Any) -> Any:
        raise subprocess.TimeoutExpired("pip-audit", timeout)

    def broken(*_: Any, **__: Any) -> Any:
        return subprocess.CompletedProcess([], 1, stdout="", stderr="no network")

    assert AUDIT.audit(slow) == (0, "left out, the index did not answer in 25 s")
    assert AUDIT.audit(broken)[0] == 0
    assert "left out" in AUDIT.audit(broken)[1]
    assert "no network" in AUDIT.audit(broken)[1]
