"""What tuning may be asked for, and what refinement tries."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.errors import StudyError
from paribus.tuning import Tuning, count_tuning_seeds, refinement_values


GRID = (0.0003, 0.001, 0.003, 0.01, 0.1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.001, (0.0005, 0.002)), (0.01, (0.005, 0.02)), (0.0003, ()), (0.1, ())],
)
def test_an_interior_value_is_halved_and_doubled(value, expected):
    assert refinement_values(GRID, value) == expected


def test_a_grid_that_is_as_fine_is_refined_no_further():
    assert refinement_values((0.001, 0.002, 0.004), 0.002) == ()
    assert refinement_values((0.001, 0.00125, 0.0015), 0.00125) == ()
    # A file may write the double of 0.01 with seven digits of its own.
    assert refinement_values((0.001, 0.01, 0.02000001), 0.01) == (0.005,)


@given(
    st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=8, unique=True),
    st.data(),
)
def test_refined_values_lie_a_factor_2_away_between_the_neighbours(values, data):
    value = data.draw(st.sampled_from(values))

    found = refinement_values(values, value)

    order = sorted(values)
    at = order.index(value)
    assert len(found) <= 2 * (0 < at < len(order) - 1)
    for one in found:
        assert abs(math.log2(one / value)) == 1.0
        assert order[at - 1] < one < order[at + 1]
    assert refinement_values(order, value) == found


def refining(name):
    return Tuning(
        hyperparameter=name, seeds=count_tuning_seeds(2), n_choosing=2, refine=True
    )


@pytest.mark.parametrize("name", ["learning_rate", "weight_decay", "eps"])
def test_what_has_no_upper_bound_can_be_refined(name):
    grids = ({name: (1e-4, 1e-3, 1e-2), "batch_size": (32,)},)

    refining(name).check_fits(grids, n_validation=10)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("momentum", (0.5, 0.9, 0.99)),  # twice 0.9 is no momentum
        ("batch_size", (32, 64, 128)),  # half of an odd one is no whole number
        ("dropout", (0.1, 0.2, 0.4)),  # below 1, and the model's
    ],
)
def test_what_has_an_upper_bound_or_is_whole_is_not_refined(name, values):
    with pytest.raises(StudyError, match=f"half and twice .* got `{name}`"):
        refining(name).check_fits(({name: values},), n_validation=10)


def test_words_are_not_refined():
    with pytest.raises(StudyError, match="must be numbers above 0"):
        refining("activation").check_fits(
            ({"activation": ("relu", "tanh")},), n_validation=10
        )
