"""In CI no test is left out for want of a tool."""

import re

import pytest
from needs import need
from page_builders import read_page


def test_what_is_there_is_used():
    need("strace", is_there=True)


def test_what_is_missing_skips_a_test_and_fails_it_in_ci(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv("PARIBUS_CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs strace"):
        need("strace", is_there=False)

    monkeypatch.setenv("PARIBUS_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="needs strace"):
        need("strace", is_there=False)


def test_ci_says_that_it_is_ci_before_it_runs_a_test():
    script = read_page(".ci/run")

    assert re.search(r"^export PARIBUS_CI=.*\n(.*\n)*make test ", script, re.MULTILINE)
