import math

import numpy as np
import pytest

from paribus.errors import SpaceError
from paribus.ranges import Range


def test_a_log_range_is_even_in_the_logarithm():
    values = Range(scale="log", lower=1e-4, upper=10.0, n=11).values()

    # Six digits are kept, so the spacing is that of NumPy's to 1e-6.
    np.testing.assert_allclose(values, np.geomspace(1e-4, 10, 11), rtol=1e-6)
    assert (values[0], values[-1]) == (1e-4, 10.0)


def test_a_linear_range_is_even():
    values = Range(scale="linear", lower=0, upper=0.9, n=4).values()

    np.testing.assert_allclose(values, np.linspace(0, 0.9, 4), rtol=1e-6)


def test_whole_numbers_are_all_of_them_or_n_of_them():
    assert Range(scale="int", lower=2, upper=6).values() == (2, 3, 4, 5, 6)
    assert Range(scale="int", lower=2, upper=6, n=3).values() == (2, 4, 6)


def test_a_range_of_a_count_is_whole_on_every_scale():
    values = Range(scale="log", lower=16, upper=256, n=5, is_whole=True).values()

    assert values == (16, 32, 64, 128, 256)
    assert all(isinstance(value, int) for value in values)


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_a_share_of_a_range_lies_between_its_bounds_in_proportion(scale):
    drawn = Range(scale=scale, lower=0.01, upper=1.0)

    half = {"log": 0.1, "linear": 0.505}[scale]
    assert [drawn.at(u) for u in (0.0, 0.5)] == pytest.approx([0.01, half], rel=1e-5)
    assert drawn.at(1 - 2**-53) <= 1.0


def test_each_whole_number_has_the_same_share_of_a_linear_range():
    drawn = Range(scale="int", lower=3, upper=7)
    shares = (np.arange(1000) + 0.5) / 1000

    counts = np.unique([drawn.at(u) for u in shares], return_counts=True)

    assert counts[0].tolist() == [3, 4, 5, 6, 7]
    assert counts[1].tolist() == [200] * 5


def test_a_whole_number_on_a_log_scale_has_the_share_of_its_step():
    drawn = Range(scale="log", lower=1, upper=3, is_whole=True)
    shares = (np.arange(10_000) + 0.5) / 10_000

    _, counts = np.unique([drawn.at(u) for u in shares], return_counts=True)

    # log((k + 1) / k) / log(4), each to one of the 10,000 points.
    expected = [10_000 * math.log((k + 1) / k) / math.log(4) for k in (1, 2, 3)]
    np.testing.assert_allclose(counts, expected, atol=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lower": 0.0}, "above 0"),
        ({"lower": 2.0}, "lower bound first"),
        ({"upper": math.inf}, "finite"),
        ({"n": 1}, "at least 2"),
        ({"scale": "int"}, "whole numbers"),
    ],
)
def test_a_range_that_cannot_be_is_refused(changes: dict[str, object], message: str):
    fields = {"scale": "log", "lower": 0.1, "upper": 1.0, **changes}

    with pytest.raises(SpaceError, match=message):
        Range(**fields)


def test_a_range_in_a_grid_says_how_many_values():
    with pytest.raises(SpaceError, match="`n` is missing"):
        Range(scale="log", lower=0.1, upper=1.0).values()
