"""The campaign at the size that every change can pay for; `make campaign` is larger."""

import os
import shutil

import pytest
from campaign.parts import PARTS
from campaign.run import run_part
from needs import need


# The least that a part must have tried: fewer would prove less than is promised.
LEAST = {
    "writers": 300,
    "power": 150,
    "damage": 580,
    "races": 220,
    "readers": 20,
    "disks": 42,
    "poison": 240,
    "trainers": 20,
    "phases": 13,
    "chains": 1,
    "trainer-races": 3,
    "trainer-disks": 3,
}
ELSEWHERE = {"syscalls"}  # longer than all others: a file of its own, for another core


@pytest.mark.slow
@pytest.mark.parametrize("part", [part for part in PARTS if part not in ELSEWHERE])
def test_no_fault_breaks_a_promise(part: str):
    if part in ("disks", "trainer-disks"):
        need("root, to mount small disks", is_there=os.geteuid() == 0)
    if part == "power":
        need("strace", is_there=shutil.which("strace") is not None)

    outcomes = run_part(part, "ci")

    assert [text for outcome in outcomes for text in outcome.violations] == []
    assert sum(outcome.n for outcome in outcomes) >= LEAST[part]
