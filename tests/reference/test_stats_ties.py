"""The tied sets in simulated studies whose best config is known."""

from collections.abc import Callable

import numpy as np
import pytest
from builders import all_counted
from scipy import stats

from paribus.stats.ties import best_mean, regrets_to_best, tied_with_best


def test_nine_equal_configs_keep_the_best_one_in_95_percent_of_studies():
    rng = np.random.default_rng(0)
    n_studies = 1000
    n_kept = 0
    for _ in range(n_studies):
        scores = rng.normal(size=(9, 10))
        n_kept += tied_with_best(scores, all_counted(scores)).sum()

    # All are equally good, so each in turn stands for the true best.
    assert n_kept / (9 * n_studies) >= 0.95


@pytest.mark.parametrize("share_bad", [0.05, 0.35])
def test_equal_configs_that_fail_keep_the_best_one_in_95_percent_of_studies(
    share_bad: float,
):
    rng = np.random.default_rng(4)
    n_studies = 200
    n_kept = 0
    for _ in range(n_studies):
        is_bad = rng.random((9, 10)) < share_bad
        scores = np.where(is_bad, -30.0, rng.normal(size=(9, 10)))
        n_kept += tied_with_best(
            scores, all_counted(scores), is_bad=is_bad, is_learner=~is_bad
        ).sum()

    assert n_kept / (9 * n_studies) >= 0.95


def test_a_config_that_is_far_worse_is_nearly_always_left_out():
    rng = np.random.default_rng(1)
    centre = np.array([0.0, 0.0, 0.0, -4.0])[:, None]
    n_left_out = 0
    for _ in range(300):
        scores = centre + rng.normal(size=(4, 10))
        n_left_out += not tied_with_best(scores, all_counted(scores))[3]

    assert n_left_out >= 295


@pytest.mark.parametrize("seed", range(20))
def test_every_config_is_tried_against_every_other(seed: int):
    rng = np.random.default_rng(seed)
    scores = 4 * rng.normal(size=(12, 1)) + rng.normal(size=(12, 6))
    is_counted = rng.random(scores.shape) < 0.8

    def is_beaten(config: int) -> bool:
        n_rivals = (is_counted.any(axis=1)).sum() - 1
        for rival in range(len(scores)):
            both = is_counted[config] & is_counted[rival]
            if rival == config or both.sum() < 2:
                continue
            test = stats.ttest_rel(
                scores[rival][both], scores[config][both], alternative="greater"
            )
            if test.pvalue < 0.05 / n_rivals:
                return True
        return False

    expected = [
        bool(is_counted[config].any()) and not is_beaten(config)
        for config in range(len(scores))
    ]
    expected[best_mean(scores, is_counted)] = True

    assert tied_with_best(scores, is_counted).tolist() == expected
    assert not all(expected)


@pytest.mark.parametrize("seed", range(10))
def test_a_config_is_practically_as_good_if_a_test_rejects_that_it_loses_more(
    seed: int,
):
    rng = np.random.default_rng(seed)
    scores = 0.5 * rng.normal(size=(12, 1)) + 0.3 * rng.normal(size=(12, 15))
    is_counted = rng.random(scores.shape) < 0.8
    best = best_mean(scores, is_counted)

    regrets = regrets_to_best(scores, is_counted, smallest_effect=0.4, rng=rng)

    for config in set(range(len(scores))) - {best}:
        both = is_counted[config] & is_counted[best]
        loses = scores[best][both] - scores[config][both]
        rival = scores[config][both] + 0.4
        below = stats.ttest_rel(scores[best][both], rival, alternative="less")
        limit = 0.4 + below.confidence_interval(1 - 0.05 / 11).high
        assert regrets.estimate[config] == pytest.approx(loses.mean())
        assert regrets.upper[config] == pytest.approx(limit)
        assert regrets.spread[config] == pytest.approx(loses.std(ddof=1))
        assert regrets.n_pairs[config] == both.sum()
        assert regrets.is_practically_tied[config] == (below.pvalue < 0.05 / 11)


# Where selection of the best would hurt most: at the edge of what matters (1.0).
AT_THE_EDGE = {
    "one rival": ([0.0, -1.0], 1.0),
    "one best, eight rivals": ([0.0] + [-1.0] * 8, 0.4),
    "four best, five rivals": ([0.0] * 4 + [-1.0] * 5, 1.0),
    "a wild best": ([0.0] + [-1.0] * 8, np.array([3.0] + [0.3] * 8)),
}


@pytest.mark.parametrize(("means", "spread"), AT_THE_EDGE.values(), ids=AT_THE_EDGE)
@pytest.mark.parametrize("n_seeds", [6, 10])
def test_what_loses_as_much_as_matters_is_let_in_in_5_percent_of_studies(
    means: list[float], spread: float | np.ndarray, n_seeds: int
):
    rng = np.random.default_rng(n_seeds)
    centre, sd = np.array(means)[:, None], np.broadcast_to(spread, len(means))[:, None]
    n_studies, n_wrong = 600, 0
    for _ in range(n_studies):
        scores = centre + sd * rng.normal(size=(len(means), n_seeds))
        found = regrets_to_best(
            scores, all_counted(scores), smallest_effect=1.0, rng=rng
        )
        loses = centre[found.best, 0] - centre[:, 0]
        n_wrong += bool((found.is_practically_tied & (loses >= 1.0)).any())

    # 3.3 Monte-Carlo standard deviations above the nominal rate.
    assert n_wrong / n_studies <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / n_studies)


def test_from_twenty_seeds_on_rare_losses_keep_a_config_out_more_often():
    rng = np.random.default_rng(5)
    n_studies = 400
    n_by_student = n_wrong = 0
    for _ in range(n_studies):
        # A config that loses 1.0 on average, mostly by rare very low scores.
        tails = (rng.lognormal(0, 1, size=20) - np.exp(0.5)) / 2
        scores = np.stack([np.zeros(20), -1.0 - tails])
        loses = -scores[1]
        by_student = stats.ttest_rel(loses, np.ones(20), alternative="less")
        n_by_student += by_student.pvalue < 0.05
        found = regrets_to_best(
            scores, all_counted(scores), smallest_effect=1.0, rng=rng
        )
        n_wrong += bool(found.is_practically_tied[1])

    # Student's t errs in about 15 % of such studies.
    assert n_by_student / n_studies > 0.1
    assert n_wrong < 0.7 * n_by_student


def _normal(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(9, 10))


def _rarely_low(rng: np.random.Generator) -> np.ndarray:
    tails = rng.lognormal(0, 0.8, size=(9, 10))
    return (np.exp(0.32) - tails) / np.sqrt(np.exp(0.64) * (np.exp(0.64) - 1))


# What the docstring warns of, with its numbers.
WARNED = {
    "a wild best": (_normal, [0.0] + [-1.0] * 8, [3.0] + [0.3] * 8, 0.18),
    "rare low scores": (
        _rarely_low,
        [0.0] * 4 + [-1.0] * 5,
        [0.1] * 4 + [1.0] * 5,
        0.24,
    ),
}


@pytest.mark.parametrize(
    ("draw", "means", "spreads", "share"), WARNED.values(), ids=WARNED
)
def test_the_limits_are_too_low_as_often_as_is_said(
    draw: Callable[[np.random.Generator], np.ndarray],
    means: list[float],
    spreads: list[float],
    share: float,
):
    rng = np.random.default_rng(3)
    centre, sd = np.array(means)[:, None], np.array(spreads)[:, None]
    n_studies, n_wrong = 500, 0
    for _ in range(n_studies):
        scores = centre + sd * draw(rng)
        found = regrets_to_best(
            scores, all_counted(scores), smallest_effect=1.0, rng=rng
        )
        loses = centre.max() - centre[:, 0]
        n_wrong += bool((found.is_practically_tied & (loses >= 1.0)).any())

    # 3.3 Monte-Carlo standard deviations.
    assert n_wrong / n_studies == pytest.approx(share, abs=0.063)


def test_seeds_show_what_is_practically_as_good_and_rule_out_what_is_not():
    rng = np.random.default_rng(2)
    centre = np.array([0.0, -0.1, -1.0])[:, None]

    def sizes(n_seeds: int) -> tuple[int, int]:
        n_practical = n_tied = 0
        for _ in range(100):
            scores = centre + 0.7 * rng.normal(size=(3, n_seeds))
            everything = all_counted(scores)
            found = regrets_to_best(scores, everything, smallest_effect=1.0, rng=rng)
            n_practical += int(found.is_practically_tied.sum())
            n_tied += int(tied_with_best(scores, everything).sum())
        return n_practical, n_tied

    (few_shown, few_tied), (more_shown, more_tied) = sizes(5), sizes(19)

    # With more seeds what is as good is shown to be, and what is not is no longer tied.
    assert few_shown < 150 < 190 < more_shown <= 200
    assert more_tied <= 200 < 220 < few_tied
