"""A plugin of pytest that counts tests, and the examples that were drawn in them.

    pytest -p campaign.tally --tally FILE ...

Into `FILE` goes what `Tally` counts, as JSON.
"""

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import pytest


class Tally:
    """The counts of one run of tests.

    Attributes:
        n_tests: Tests that ran to an end; those that were skipped did not.
        n_examples: Examples of Hypothesis with which a test came to its end. A test
            that counts otherwise records how many as the property `examples`.
        broken: The tests that failed, each with what it said last.
    """

    def __init__(self) -> None:
        self.n_tests = 0
        self.n_examples = 0
        self.broken: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        """Count the calls of each test that Hypothesis calls."""
        found = [getattr(item.obj, "hypothesis", None) for item in items]
        # A test with several parameters is several items that share one handle.
        for handle in {id(one): one for one in found if one is not None}.values():
            handle.inner_test = self._counted(handle.inner_test)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test, and keep how it failed."""
        if report.failed:
            last = [
                line for line in report.longreprtext.splitlines() if line[:2] == "E "
            ]
            said = "; ".join(line[1:].strip() for line in last[:20])
            self.broken.append(f"{report.nodeid} ({report.when}): {said}")
        if report.when == "call" and not report.skipped:
            self.n_tests += 1
            found = [n for name, n in report.user_properties if name == "examples"]
            self.n_examples += sum(int(str(n)) for n in found)

    def _counted(self, test: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(test)
        def call(*arguments: Any, **named: Any) -> Any:
            found = test(*arguments, **named)
            self.n_examples += 1  # not if Hypothesis gave it up half-way
            return found

        return call


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the counts go."""
    parser.addoption("--tally", required=True, help="a file for the counts")


def pytest_configure(config: pytest.Config) -> None:
    """Count from here on."""
    config.pluginmanager.register(Tally(), "tally")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Write down what was counted."""
    found = vars(config.pluginmanager.get_plugin("tally"))
    Path(str(config.getoption("tally"))).write_text(json.dumps(found))
