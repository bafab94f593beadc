"""The campaign at the size that every change can pay for; `make campaign` is larger."""

import os
import shutil

import pytest
from campaign.parts import PARTS
from campaign.run import run_part


# The least that a part must have tried: fewer would prove less than is promised.
LEAST = {
    "syscalls": 1000,
    "writers": 300,
    "damage": 500,
    "races": 60,
    "readers": 20,
    "disks": 42,
    "poison": 240,
    "trainers": 20,
    "trainer-races": 3,
    "trainer-disks": 3,
}


def skip_unless_possible(part: str) -> None:
    """Skip what this machine cannot do; in CI nothing may be skipped."""
    if part == "syscalls" and shutil.which("strace") is None:
        pytest.skip("needs strace")
    if part in ("disks", "trainer-disks") and os.geteuid() != 0:
        pytest.skip("needs root, to mount small disks")


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_no_fault_breaks_a_promise(part: str):
    skip_unless_possible(part)

    outcomes = run_part(part, "ci")

    assert [text for outcome in outcomes for text in outcome.violations] == []
    assert sum(outcome.n for outcome in outcomes) >= LEAST[part]
