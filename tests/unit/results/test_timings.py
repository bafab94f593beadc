import numpy as np
import pytest

from paribus.results.timings import (
    N_ROUNDS,
    SoloTime,
    Timing,
    common_rounds,
    log_ratios,
)
from paribus.space import Config


CONFIG = Config({"batch_size": 32})


def timing(seconds: dict[int, float], *, load: float = 0.0) -> Timing:
    return Timing.of_rounds(
        {
            number: SoloTime(
                config=CONFIG, seconds_per_epoch=value, load_before=load + number
            )
            for number, value in seconds.items()
        }
    )


def test_a_timing_is_the_median_of_its_last_rounds_and_their_variation():
    found = timing({9: 4.0, 1: 100.0, 5: 1.0, 6: 3.0, 7: 2.0, 8: 5.0})

    assert found.config == CONFIG
    assert found.by_round == {5: 1.0, 6: 3.0, 7: 2.0, 8: 5.0, 9: 4.0}
    assert (found.seconds_per_epoch, found.n_repeats) == (3.0, N_ROUNDS)
    values = np.array([1.0, 3.0, 2.0, 5.0, 4.0])
    assert found.variation == pytest.approx(values.std(ddof=1) / values.mean())
    assert found.load_before == 9.0  # the highest


def test_one_round_has_no_variation_yet():
    found = timing({3: 2.0})

    assert (found.seconds_per_epoch, found.variation, found.n_repeats) == (2.0, 0.0, 1)


def test_only_rounds_of_all_are_common():
    first, second = timing({1: 1.0, 2: 1.0, 3: 1.0}), timing({2: 2.0, 3: 2.0, 4: 2.0})
    older = Timing(
        config=CONFIG,
        seconds_per_epoch=1.0,
        variation=0.0,
        n_repeats=5,
        load_before=0.0,
    )

    assert common_rounds([first, second]) == (2, 3)
    assert common_rounds([first]) == (1, 2, 3)
    assert common_rounds([first, older]) == ()
    assert common_rounds([]) == ()


def test_ratios_are_formed_in_the_rounds_that_all_share():
    a, b = timing({1: 1.0, 2: 6.0, 3: 3.0}), timing({2: 2.0, 3: 4.0, 4: 9.0})
    c = timing({2: 8.0, 3: 16.0})

    assert log_ratios([a], [b]) == pytest.approx(np.log([3, 3 / 4]))
    # Of two programs the geometric mean.
    assert log_ratios([a], [b, c]) == pytest.approx(np.log([6 / 4, 3 / 8]))
