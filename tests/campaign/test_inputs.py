"""The counts of tests and examples are right: those of the page come from them."""

from pathlib import Path

import pytest
from campaign.inputs import count_tests
from campaign.outcome import Outcome


TESTS = """
import pytest
from hypothesis import given, settings, strategies as st

@pytest.mark.parametrize("number", [1, 2, 3])
def test_three(number):
    assert number != 2, "two is wrong"

def test_skipped():
    pytest.skip("not here")

@pytest.fixture
def broken():
    raise ValueError("no fixture")

def test_without_a_fixture(broken):
    pass

@pytest.mark.parametrize("twice", [1, 2])
@settings(max_examples=7)
@given(st.integers())
def test_drawn(twice, number):
    pass

class TestMany:
    @pytest.mark.parametrize("twice", [1, 2])
    @settings(max_examples=5)
    @given(st.integers())
    def test_drawn(self, twice, number):
        pass

def test_counted_otherwise(record_property):
    record_property("examples", 100)

@pytest.mark.long
def test_long():
    pass
"""


def test_what_ran_is_counted_and_what_failed_says_why(tmp_path: Path):
    path = tmp_path / "test_some.py"
    path.write_text(TESTS)

    found = count_tests([path], "not long")

    assert found["n_tests"] == 8
    assert found["n_examples"] == 7 + 7 + 5 + 5 + 100
    two, fixture = found["broken"]
    assert "test_three[2] (call): " in two
    assert "two is wrong" in two
    assert "test_without_a_fixture (setup): ValueError: no fixture" in fixture


def test_tests_that_cannot_be_run_are_no_result(tmp_path: Path):
    path = tmp_path / "test_some.py"
    path.write_text("import nothing_of_this_name")

    with pytest.raises(RuntimeError, match="nothing_of_this_name"):
        count_tests([path], "")


def test_what_is_no_sample_bounds_nothing():
    found = Outcome(name="a", n=300, unit="b", violations=[], is_sample=False)

    assert found.bound() == "no bound"
