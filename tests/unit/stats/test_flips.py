"""How often small studies contradict a conclusion."""

import numpy as np
import pytest
from builders import all_counted

from paribus.errors import TooFewSeedsError
from paribus.stats.flips import flip_curve
from paribus.stats.one_seed import reversal_share


PAIR = np.array([1.0, -1.0])


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def normal_banks(n_configs: int = 2, n_seeds: int = 25) -> np.ndarray:
    centre = -0.5 * np.arange(n_configs)[:, None]
    return centre + np.random.default_rng(1).normal(size=(n_configs, n_seeds))


def test_a_pair_flips_as_often_as_all_pairs_of_runs_say():
    scores = normal_banks()

    curve = flip_curve(scores, PAIR, all_counted(scores), rng=rng())

    assert curve.sign == 1
    assert curve.shares[0] == reversal_share(scores[0], scores[1])
    assert (curve.n_seeds, curve.n_bank) == ((1, 2, 3, 5, 10), 25)


def test_common_seeds_are_counted_one_by_one():
    scores = np.array([[0.9, 0.8, 0.9, 0.7], [0.8, 0.9, 0.8, 0.7]])

    curve = flip_curve(scores, PAIR, all_counted(scores), mode="common", rng=rng())

    # + - + and a tie.
    assert curve.shares[0] == pytest.approx((1 + 0.5) / 4)
    assert curve.n_seeds == (1, 2, 3)


def test_the_other_direction_is_the_same_conclusion():
    scores = normal_banks()

    up = flip_curve(scores, PAIR, all_counted(scores), rng=rng())
    down = flip_curve(scores, -PAIR, all_counted(scores), rng=rng())

    assert down.sign == -up.sign
    np.testing.assert_allclose(down.shares, up.shares, atol=1e-12)


def test_more_seeds_flip_less():
    scores = normal_banks(n_seeds=40)

    curve = flip_curve(scores, PAIR, all_counted(scores), rng=rng())

    assert (np.diff(curve.shares) < 0).all()
    assert (curve.lower <= curve.shares).all()
    assert (curve.shares <= curve.upper).all()


def test_a_conclusion_without_exception_never_flips():
    scores = np.array([[0.9, 0.91, 0.92], [0.1, 0.2, 0.3]])

    curve = flip_curve(scores, PAIR, all_counted(scores), rng=rng())

    assert curve.shares.tolist() == curve.upper.tolist() == [0.0, 0.0, 0.0]


def test_without_a_difference_there_is_no_conclusion_to_flip():
    scores = np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2]])

    curve = flip_curve(scores, PAIR, all_counted(scores), rng=rng())

    assert curve.sign == 0
    assert np.isnan(curve.shares).all()
    assert np.isnan(curve.lower).all()


def test_a_config_without_a_weight_may_have_no_runs():
    scores = np.vstack([normal_banks(), np.full((1, 25), np.nan)])
    weights = np.append(PAIR, 0.0)

    curve = flip_curve(scores, weights, np.isfinite(scores), rng=rng())

    assert curve.shares[0] == reversal_share(scores[0], scores[1])


def test_a_missing_run_takes_its_seed_out_of_common_studies_only():
    scores = normal_banks()
    is_counted = all_counted(scores)
    is_counted[1, :5] = False

    common = flip_curve(scores, PAIR, is_counted, mode="common", rng=rng())
    independent = flip_curve(scores, PAIR, is_counted, rng=rng())

    assert common.n_bank == independent.n_bank == 20
    flips = scores[0, 5:] < scores[1, 5:]
    assert common.shares[0] == pytest.approx(flips.mean())
    assert independent.shares[0] == reversal_share(scores[0], scores[1, 5:])


def test_the_same_generator_gives_the_same_curve():
    scores = normal_banks()

    curves = [
        flip_curve(
            scores, PAIR, all_counted(scores), rng=np.random.default_rng(seed)
        ).shares.tolist()
        for seed in (0, 0, 1)
    ]

    assert curves[0] == curves[1]
    assert curves[0] != curves[2]


@pytest.mark.parametrize("mode", ["independent", "common"])
def test_no_runs_are_refused(mode):
    scores = normal_banks()
    is_counted = all_counted(scores)
    is_counted[1] = False

    with pytest.raises(TooFewSeedsError, match="needs finished runs"):
        flip_curve(scores, PAIR, is_counted, mode=mode, rng=rng())
