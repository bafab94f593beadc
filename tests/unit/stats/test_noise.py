"""The luck of a finite split."""

import pytest

from paribus.stats.noise import (
    difference_noise_floor,
    noise_floor,
    sampling_error,
    smallest_effect,
)


def test_noise_floor_is_the_published_yardstick():
    # Error .077 on 9,984 examples: .0020 (Fashion-MNIST, see the docstring).
    assert noise_floor(0.077, 9_984) == pytest.approx(0.00196, abs=5e-6)


def test_a_perfect_model_has_no_noise():
    assert noise_floor(0.0, 100) == sampling_error(0.0, 100) == 0.0


def test_a_difference_varies_by_root_2_more_than_one_run():
    one = noise_floor(0.03, 10_000)

    assert difference_noise_floor(0.02, 0.04, 10_000) == pytest.approx(2**0.5 * one)


@pytest.mark.parametrize(
    ("error", "n", "effect"),
    [
        pytest.param(0.02, 10_000, 0.002, id="MNIST: exactly two tenths stay two"),
        pytest.param(0.08, 10_000, 0.004, id="larger error"),
        pytest.param(0.001, 10_000, 0.002, id="never below two tenths"),
        pytest.param(0.02, 5_000, 0.003, id="rounded up"),
    ],
)
def test_smallest_effect_is_twice_the_floor_rounded_up(
    error: float, n: int, effect: float
):
    assert smallest_effect(error, n) == effect
