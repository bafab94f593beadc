"""Stability measures against plain loops and NumPy's own polynomials."""

import itertools

import numpy as np
import pytest
from scipy import integrate

from paribus.stats.stability import (
    area_under_curve,
    jitter,
    share_of_increases,
    total_upward_variation,
)


EVERYONE = np.ones(20, dtype=bool)
AT = np.concatenate([np.arange(0, 2, 0.125), np.arange(2, 10.1, 0.25)])


def test_upward_variation_and_increases_equal_a_plain_loop():
    loss = np.random.default_rng(0).exponential(size=(20, 30))
    loss[:, 0] += 2

    tuv = total_upward_variation(loss, EVERYONE)
    increases = share_of_increases(loss)

    for run, curve in enumerate(loss.tolist()):
        up, n_up = 0.0, 0
        for before, after in itertools.pairwise(curve):
            if after > before:
                up += after - before
                n_up += 1
        assert tuv[run] == pytest.approx(up / (curve[0] - min(curve)), rel=1e-12)
        assert increases[run] == pytest.approx(n_up / 29, rel=1e-12)


def test_jitter_equals_the_residuals_of_numpys_polyfit():
    score = np.random.default_rng(1).normal(size=(20, AT.size)) + 0.1 * AT
    late = AT >= 8

    ours = jitter(AT, score, EVERYONE)

    for run in range(20):
        line = np.polynomial.Polynomial.fit(AT[late], score[run, late], 1)
        residuals = score[run, late] - line(AT[late])
        assert ours[run] == pytest.approx(residuals.std(ddof=1), rel=1e-9)


@pytest.mark.parametrize("share", [0.03, 0.1, 0.25, 1.0])
def test_the_area_equals_scipys_integral_of_the_interpolated_curve(share: float):
    score = np.random.default_rng(2).uniform(size=(20, AT.size))

    ours = area_under_curve(AT, score, share=share)

    end = share * AT[-1]
    kinks = AT[(AT > 0) & (end > AT)]
    for run in range(20):
        integral, _ = integrate.quad(
            lambda x, curve=score[run]: np.interp(x, AT, curve),
            0,
            end,
            points=kinks,
            limit=200,
        )
        # quad's own tolerance.
        assert ours[run] == pytest.approx(integral / end, abs=1e-7)
