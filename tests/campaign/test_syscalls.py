"""Every system call of every scenario killed in its place; every fifth or so failed."""

import shutil

import pytest
from campaign import syscalls
from campaign.parts import LEAST
from campaign.run import run_part
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
