"""Every system call of every scenario killed in its place; every fifth or so failed."""

import shutil

import pytest
from campaign import syscalls
from campaign.parts import LEAST
from campaign.run import output_of, run_part
from needs import need


@pytest.mark.slow
def test_no_system_call_that_is_killed_or_fails_breaks_a_promise():
    need("strace", is_there=shutil.which("strace") is not None)

    outcomes = run_part("syscalls", "ci")

    assert [text for outcome in outcomes for text in outcome.violations] == []
    names = [scenario.name for scenario in syscalls.SCENARIOS]
    assert len(outcomes) == 3 * len(names)
    assert [one.is_enumerated for one in outcomes] == [True, False, False] * len(names)
    assert sum(outcome.n for outcome in outcomes) >= LEAST["syscalls"]


# Fails every sync of a folder, in a program that does not care.
CARELESS = """
from campaign import syscalls
from paribus.store import ledger

def careless(folder):
    try:
        sync(folder)
    except OSError:
        pass

sync, ledger.sync_folder = ledger.sync_folder, careless
with syscalls.Bench(syscalls.SCENARIOS[1]) as bench:
    points = [point for point in bench.points if point.call == "fsync"]
    print(*bench.tried_at(points, "EIO"), sep="\\n")
"""


@pytest.mark.slow
def test_a_commit_that_passes_over_a_failing_sync_is_found():
    need("strace", is_there=shutil.which("strace") is not None)

    found = output_of(CARELESS)

    assert syscalls.SCENARIOS[1].name == "train the runs of a study"
    assert "ended with 0, must be [6]" in found, found
