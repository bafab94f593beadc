import pytest

from paribus.console import lay_out
from paribus.console.layout import display_width


ROWS = [{"config": "a=1", "mean": "0.97"}, {"config": "a=10", "mean": "0.9"}]


def test_rows_are_laid_out_in_columns():
    assert lay_out(ROWS).splitlines() == [
        "config  mean",
        "------  ----",
        "a=1     0.97",
        "a=10    0.9",
    ]


def test_rows_too_wide_for_the_terminal_become_blocks_with_whole_values():
    assert lay_out(ROWS, width=11).splitlines() == [
        "config: a=1",
        "mean: 0.97",
        "",
        "config: a=10",
        "mean: 0.9",
    ]


def test_a_heading_may_have_two_lines():
    rows = [{"learning\nrate": "0.1", "mean": "0.97"}]

    assert lay_out(rows, width=14).splitlines() == [
        "learning",
        "rate      mean",
        "--------  ----",
        "0.1       0.97",
    ]


def test_rows_that_just_fit_stay_a_table():
    assert lay_out(ROWS, width=12) == lay_out(ROWS)


def test_no_rows_are_no_text():
    assert lay_out([]) == ""


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("数", 2), ("e\u0301", 1)])
def test_the_width_of_a_text_is_its_columns(text: str, width: int):
    assert display_width(text) == width
