import pytest
from acceptance import Band, acceptance_band, judge_check


BAND = Band(lower=0.977, upper=0.983)


@pytest.mark.parametrize(
    ("accuracy", "settings", "half_width"),
    [
        # By hand: floor sqrt(.02/20,000) = .001, twice sqrt(.001² + .001²).
        (0.98, {"n_test": 10_000}, 0.0028284),
        # Ten runs: twice sqrt(.002²/10 + .002²).
        (0.98, {"n_test": 10_000, "spread": 0.002, "n_runs": 10}, 0.0041952),
        # A printed spread below the floor: twice sqrt(.0005²/5 + .001²).
        (0.98, {"n_test": 10_000, "spread": 0.0005, "n_runs": 5}, 0.0020494),
        # Four times the examples, half the floor.
        (0.98, {"n_test": 40_000}, 0.0014142),
    ],
    ids=["single", "spread", "small-spread", "more-examples"],
)
def test_band_is_that_of_the_specification(accuracy, settings, half_width):
    band = acceptance_band(accuracy, **settings)

    assert band.half_width == pytest.approx(half_width, rel=1e-4)
    assert (band.lower + band.upper) / 2 == pytest.approx(accuracy)


@pytest.mark.parametrize(
    ("lower", "upper", "outcome"),
    [
        (0.979, 0.981, "met"),
        (0.9765, 0.9771, "met"),  # meets the band, although its middle does not
        (0.983, 0.985, "met"),
        (0.975, 0.9769, "not met"),
        (0.9831, 0.985, "not met"),
        (0.97, 0.99, "too few seeds"),
        (0.90, 0.96, "not met"),  # wide, but misses
    ],
)
def test_interval_must_meet_the_band_and_be_no_wider(lower, upper, outcome):
    assert judge_check(lower, upper, BAND, n_runs=10) == outcome


@pytest.mark.parametrize(
    ("n_runs", "is_expensive", "outcome"),
    [
        (9, False, "too few seeds"),
        (10, False, "met"),
        (4, True, "too few seeds"),
        (5, True, "met"),
    ],
)
def test_few_runs_decide_nothing(n_runs, is_expensive, outcome):
    found = judge_check(0.979, 0.981, BAND, n_runs=n_runs, is_expensive=is_expensive)

    assert found == outcome


def test_few_runs_cannot_refute_either():
    assert judge_check(0.1, 0.2, BAND, n_runs=9) == "too few seeds"
