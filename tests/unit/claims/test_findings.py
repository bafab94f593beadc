"""How many seeds would decide, and when no number of seeds would."""

import math
from dataclasses import replace

import pytest

from paribus.claims.evidence import Question
from paribus.claims.findings import seeds_that_decide
from paribus.stats.contrasts import Contrast
from paribus.stats.power import seeds_to_decide


SMALLEST = math.log(1.25)
QUESTION = Question(measure="steps_to_target")


def make_contrast(estimate: float, **changes: float) -> Contrast:
    bounded = Contrast(
        estimate=estimate,
        lower=estimate - 0.3,
        upper=estimate + 0.3,
        confidence_level=0.99,
        spread=0.4,
        n_seeds=10,
        p_value=None,
        smallest_p_value=0.1,
    )
    return replace(bounded, **changes)


def test_two_open_ends_are_closed_by_no_number_of_seeds():
    """Both sides have runs that never reached the target."""
    endless = make_contrast(0.4, lower=-math.inf, upper=math.inf)
    assert seeds_that_decide(endless, SMALLEST, QUESTION) is None


@pytest.mark.parametrize("estimate", [0.1, -0.1, -0.4])
def test_a_lower_bound_decides_only_beyond_the_smallest_effect(estimate):
    """With the upper end open nothing is ever refuted or negligible."""
    bound = make_contrast(estimate, upper=math.inf)
    assert seeds_that_decide(bound, SMALLEST, QUESTION) is None


@pytest.mark.parametrize(
    ("estimate", "end"), [(0.4, {"upper": math.inf}), (-0.4, {"lower": -math.inf})]
)
def test_a_bound_beyond_the_smallest_effect_needs_as_many_as_an_interval(estimate, end):
    found = seeds_that_decide(make_contrast(estimate, **end), SMALLEST, QUESTION)

    assert found == seeds_to_decide(
        0.4, boundaries=(SMALLEST,), spread=0.4, n_seeds=10, confidence_level=0.99
    )


def test_one_seed_names_the_fewest_that_any_verdict_needs():
    one = make_contrast(2.0, n_seeds=1, spread=math.nan)
    assert seeds_that_decide(one, SMALLEST, QUESTION) == 5
