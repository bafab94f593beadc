"""How the runs of a study were made, as its report says it."""

from dataclasses import replace

import pytest
from report_builders import make_notebook_result

from paribus.claims import claims_digest
from paribus.report.making import tabulate_attempts, tabulate_making
from paribus.report.text import render_markdown
from paribus.results import Replays
from paribus.study import DeclaredClaim, Study


def test_how_it_was_made_names_data_seeds_and_versions(notebook):
    text = render_markdown(notebook)

    for fact in ("0" * 64, "CC BY-SA 3.0", "10: 0 to 9", "3.11.2", "58 s in 1 call"):
        assert fact in text


def test_how_it_was_made_names_the_claims_and_the_seeds_that_came_late():
    result = make_notebook_result()
    claim = DeclaredClaim(
        text="0.01 is as good",
        measure="test_accuracy",
        a={"learning_rate": 0.01},
        b={"learning_rate": 0.001},
        relation="at_least",
    )
    study = replace(result.study, claims=(claim,), late_seeds=(8, 9))

    def rows(of: Study) -> dict[str, str]:
        made = tabulate_making(replace(result, study=of))
        return {row[0]: row[1] for row in made.rows}

    name = "SHA-256 of the claims declared before the first run"
    assert rows(study)[name] == claims_digest(study)
    assert rows(study)["seeds added after looking"] == "2: 8, 9"
    assert rows(result.study)[name] == "none was declared"
    assert "seeds added after looking" not in rows(result.study)


@pytest.mark.parametrize(
    ("exact", "replays", "words"),
    [
        (False, Replays(), "bit for bit in blocks of the same shape"),
        (True, Replays(), "however runs are grouped"),
        (False, Replays(n_values=640), "; 640 values computed again after interr"),
        (False, Replays(n_values=640), "had equal bits"),
        (
            True,
            Replays(n_values=640, n_different=2, largest=3e-6),
            "2 had other bits, by 3.0e-06 relative at most",
        ),
    ],
)
def test_it_says_which_numbers_repeat_and_what_was_seen_of_it(exact, replays, words):
    result = make_notebook_result()
    result = replace(result, study=replace(result.study, exact=exact), replays=replays)

    rows = {row[0]: row[1] for row in tabulate_making(result).rows}

    assert words in rows["the same numbers again"]


@pytest.mark.parametrize(("n_calls", "first_column"), [(2, "jax"), (9, "9")])
def test_every_call_that_trained_is_listed(n_calls, first_column):
    result = make_notebook_result()
    attempts = tuple(
        replace(result.attempts[0], number=k, n_runs=100 + k)
        for k in range(1, n_calls + 1)
    )

    found = tabulate_attempts(replace(result, attempts=attempts))

    assert found is not None
    assert found.rows[-1][0] == first_column
    cells = [cell for row in found.rows for cell in row]
    assert all(str(100 + k) in cells for k in range(1, n_calls + 1))
