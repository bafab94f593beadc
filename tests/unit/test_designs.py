import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from paribus.designs import Method, draw_configs
from paribus.errors import SpaceError
from paribus.ranges import Range


RATE = Range(scale="log", lower=1e-4, upper=1.0)
SHARE = Range(scale="linear", lower=0.0, upper=0.99)
METHODS: list[Method] = ["sobol", "random"]
SOBOL_7 = [0.0316506, 0.000316506, 0.00316506, 0.316506]
RANDOM_7 = [0.0316506, 0.388021, 0.12669, 0.000795845]


def draw(n: int, method: Method, seed: int = 0) -> list[tuple[object, ...]]:
    dimensions = {"learning_rate": RATE, "momentum": SHARE, "batch_size": (32, 64)}
    configs = draw_configs(dimensions, n=n, method=method, seed=seed)
    return [tuple(config.values()) for config in configs]


@settings(max_examples=30)
@given(
    n=st.integers(1, 80),
    more=st.integers(0, 80),
    seed=st.integers(0, 2**63 - 1),
    method=st.sampled_from(METHODS),
)
def test_a_larger_design_begins_with_the_smaller_one(n, more, seed, method):
    assert draw(n + more, method, seed)[:n] == draw(n, method, seed)


@pytest.mark.parametrize("method", METHODS)
def test_a_design_depends_on_its_seed_alone(method: Method):
    assert draw(16, method) == draw(16, method)
    assert not set(draw(16, method)) & set(draw(16, method, seed=1))


def test_a_design_is_the_same_for_good():
    """Written down once: a study file must mean the same configs with every version."""
    rates = {"learning_rate": RATE}

    assert [
        [c["learning_rate"] for c in draw_configs(rates, n=4, method=m, seed=7)]
        for m in ("sobol", "random")
    ] == [SOBOL_7, RANDOM_7]


@pytest.mark.parametrize("seed", range(5))
def test_each_of_16_equal_parts_of_every_axis_has_one_point_of_16(seed: int):
    """The defining property of a digital net, which a digital shift keeps."""
    dimensions = {
        name: Range(scale="linear", lower=0.0, upper=1.0) for name in ("a", "b", "c")
    }
    configs = draw_configs(dimensions, n=16, method="sobol", seed=seed)

    points = np.array([tuple(config.values()) for config in configs], dtype=float)
    parts = np.sort(np.floor(points * 16).astype(int), axis=0)
    np.testing.assert_array_equal(parts, np.tile(np.arange(16)[:, None], (1, 3)))


def test_a_sobol_design_is_more_even_than_a_random_one():
    dimensions = {
        name: Range(scale="linear", lower=0.0, upper=1.0) for name in ("a", "b")
    }

    def discrepancy(method: Method, seed: int) -> float:
        configs = draw_configs(dimensions, n=64, method=method, seed=seed)
        return qmc.discrepancy([tuple(c.values()) for c in configs])

    even, uneven = (
        [discrepancy(method, seed) for seed in range(10)] for method in METHODS
    )
    assert max(even) < min(uneven)


def test_listed_values_are_drawn_equally_often():
    values = [config[2] for config in draw(64, "sobol")]

    assert values.count(32) == 32


def test_whole_spaces_are_drawn_without_repetition():
    listed = {"a": (1, 2, 3), "b": (1, 2, 3)}

    for method in METHODS:
        configs = draw_configs(listed, n=9, method=method)
        assert len({tuple(config.values()) for config in configs}) == 9


def test_more_configs_than_there_are_is_refused():
    with pytest.raises(SpaceError, match="n = 10; there are 9"):
        draw_configs({"a": (1, 2, 3), "b": (1, 2, 3)}, n=10, method="random")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "`n` of a design must be a whole number from 1"),
        ({"n": True}, "got true"),
        ({"n": 2, "seed": -1}, "`seed` of a design"),
        ({"n": 2, "dimensions": {}}, "at least one hyperparameter"),
        ({"n": 2, "dimensions": {"a": ()}}, "`a` must have at least one value"),
    ],
)
def test_a_design_that_cannot_be_drawn_is_refused(arguments, message: str):
    with pytest.raises(SpaceError, match=message):
        draw_configs(**{"dimensions": {"a": RATE}, "method": "sobol", **arguments})
