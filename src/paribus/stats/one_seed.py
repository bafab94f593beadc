"""What would studies with one seed per config have concluded?

A one-seed study is drawn from the runs of the full one: one run of each config,
independently, as a script without a fixed seed does.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from paribus.errors import TooFewSeedsError
from paribus.stats.compare import share_above
from paribus.stats.ties import best_mean, counted_means


SMALL_BANK = 20
SEEDS_AVERAGED = (1, 2, 3, 5, 10)
N_STUDIES = 10_000

_CHUNK = 1000


def reversal_share(
    a: Float[np.ndarray, " seed_of_a"], b: Float[np.ndarray, " seed_of_b"]
) -> float:
    """Share of one-seed studies that see the order of the two means reversed. Exact.

    Args:
        a: Final scores of one config.
        b: Those of the other.

    Returns:
        Share of the pairs (run of a, run of b) whose order is opposite to that of the
        means, ties split evenly. One half if the means are equal: there is no order to
        reverse, and a one-seed study would name one anyway.

    Assumes:
        The bank stands for the population, so few seeds underestimate rare reversals.

    Example:
        >>> reversal_share(np.array([0.97, 0.99]), np.array([0.98, 0.95]))
        0.25
    """
    difference = a.mean() - b.mean()
    if difference == 0:
        return 0.5
    above = share_above(a, b)
    return 1 - above if difference > 0 else above


def reversal_shares(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> Float[np.ndarray, "config config"]:
    """Give `reversal_share` for every pair of configs at once.

    Args:
        scores: Final scores.
        is_counted: Which scores are in the bank. The others may be anything.

    Returns:
        A symmetric matrix; NaN where a config has no counted score.

    Raises:
        TooFewSeedsError: If no config has a counted score.

    Assumes:
        As `reversal_share`.
    """
    banks = _banks(scores, is_counted)
    indices = [i for i, _ in banks]
    sizes = np.array([len(bank) for _, bank in banks])
    runs = np.concatenate([bank for _, bank in banks])
    starts = np.cumsum(sizes) - sizes
    # Column j: how often each config lies above config j, ties split evenly.
    columns = [
        np.add.reduceat(
            _share(bank, runs, "left") + _share(bank, runs, "right"), starts
        )
        for _, bank in banks
    ]
    above = np.stack(columns, axis=1) / (2 * sizes[:, None])
    means = counted_means(scores, is_counted)[indices]
    order = np.sign(means[:, None] - means[None, :])
    shares = np.full((len(scores), len(scores)), np.nan)
    shares[np.ix_(indices, indices)] = 0.5 - order * (above - 0.5)
    return shares


def named_best_probabilities(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> Float[np.ndarray, " config"]:
    """Probability of each config to be named the best by a one-seed study. Exact.

    Config i wins with score x if all others lie below it; where k others are equal to
    it, it is named with probability 1/(k + 1). With L_j the share of config j's runs
    below x and E_j the share equal to it, that is the integral over u in (0, 1) of the
    product over j of (L_j + E_j u), a polynomial that Gauss-Legendre nodes integrate
    exactly.

    Args:
        scores: Final scores, higher is better.
        is_counted: Which scores are in the bank. The others may be anything.

    Returns:
        Probabilities that sum to 1. A config without a counted score has 0.

    Raises:
        TooFewSeedsError: If no config has a counted score.

    Assumes:
        As `reversal_share`.

    Example:
        >>> scores = np.array([[0.97, 0.99], [0.98, 0.95]])
        >>> named_best_probabilities(scores, np.full(scores.shape, True))
        array([0.75, 0.25])
    """
    banks = _contenders(_banks(scores, is_counted))
    lowest = max(bank[0] for _, bank in banks)
    values = np.unique(np.concatenate([bank[bank >= lowest] for _, bank in banks]))
    probabilities = np.zeros(len(scores))
    for chunk in np.array_split(values, -(-len(values) // _CHUNK)):
        below = np.stack([_share(bank, chunk, "left") for _, bank in banks], axis=1)
        up_to = np.stack([_share(bank, chunk, "right") for _, bank in banks], axis=1)
        probabilities[[i for i, _ in banks]] += _win_shares(below, up_to - below)
    return probabilities


def expected_regret(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> float:
    """Mean score lost by believing a one-seed study: best mean minus the named one's.

    Args:
        scores: Final scores, higher is better.
        is_counted: Which scores are in the bank.

    Returns:
        In the unit of `scores`, at least 0.

    Raises:
        TooFewSeedsError: If no config has a counted score.

    Assumes:
        As `reversal_share`. The best mean is itself the luckiest of several, so with
        few seeds this is too large for configs that are nearly equal.
    """
    probabilities = named_best_probabilities(scores, is_counted)
    means = counted_means(scores, is_counted)
    is_named = probabilities > 0
    return float((probabilities * np.where(is_named, means.max() - means, 0.0)).sum())


def flip_probabilities(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
    *,
    seeds_averaged: Sequence[int] = SEEDS_AVERAGED,
    n_studies: int = N_STUDIES,
    rng: np.random.Generator,
) -> dict[int, float]:
    """Probability of naming another best config, against the number of seeds averaged.

    Exact for one seed; 10,000 drawn studies for more, each averaging k runs of every
    config, drawn with replacement. Drawing without would make the flips vanish at the
    size of the bank, which says nothing about the next study of that size.

    Args:
        scores: Final scores, higher is better.
        is_counted: Which scores are in the bank.
        seeds_averaged: Numbers of seeds k; those above the size of the smallest bank
            are left out.
        n_studies: Studies drawn for each k above 1.
        rng: Source of the draws.

    Returns:
        k -> probability that the highest mean of k is not the best config of the bank;
        ties split evenly. Monte-Carlo error at most .005.

    Raises:
        TooFewSeedsError: If no config has a counted score.

    Assumes:
        As `reversal_share`.
    """
    banks = _banks(scores, is_counted)
    smallest = min(len(bank) for _, bank in banks)
    best = best_mean(scores, is_counted)
    banks = _contenders(banks)
    position = [i for i, _ in banks].index(best)
    flips: dict[int, float] = {}
    for k in seeds_averaged:
        if k > smallest:
            continue
        if k == 1:
            flips[k] = 1 - float(named_best_probabilities(scores, is_counted)[best])
        else:
            flips[k] = _sampled_flips(banks, position, k, n_studies, rng)
    return flips


def _sampled_flips(
    banks: list[tuple[int, Float[np.ndarray, " _"]]],
    best: int,
    k: int,
    n_studies: int,
    rng: np.random.Generator,
) -> float:
    n_left, named_best = n_studies, 0.0
    while n_left:
        n = min(n_left, _CHUNK)
        means = np.stack([_drawn_means(bank, n, k, rng) for _, bank in banks], axis=1)
        # Means of float32 scores: what differs by rounding only is a tie.
        highest = means.max(axis=1, keepdims=True)
        is_highest = means >= highest - 1e-12 * np.abs(highest)
        named_best += float((is_highest[:, best] / is_highest.sum(axis=1)).sum())
        n_left -= n
    return max(0.0, 1 - named_best / n_studies)


def _drawn_means(
    bank: Float[np.ndarray, " seed"], n: int, k: int, rng: np.random.Generator
) -> Float[np.ndarray, " study"]:
    return bank[rng.integers(len(bank), size=(n, k))].mean(axis=1)


def _banks(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> list[tuple[int, Float[np.ndarray, " _"]]]:
    """Sorted counted scores of each config that has any, with the config's index."""
    assert np.isfinite(scores[is_counted]).all(), "only finite scores may be counted"
    banks = [
        (i, np.sort(row[counted]))
        for i, (row, counted) in enumerate(zip(scores, is_counted, strict=True))
        if counted.any()
    ]
    if not banks:
        raise TooFewSeedsError("a one-seed analysis needs finished runs, got none")
    return banks


def _contenders(
    banks: list[tuple[int, Float[np.ndarray, " _"]]],
) -> list[tuple[int, Float[np.ndarray, " _"]]]:
    """Leave out the configs that some other one always beats: they never win."""
    lowest = max(bank[0] for _, bank in banks)
    return [(i, bank) for i, bank in banks if bank[-1] >= lowest]


def _share(
    bank: Float[np.ndarray, " seed"], values: Float[np.ndarray, " value"], side: str
) -> Float[np.ndarray, " value"]:
    """Share of the bank below (side left) or up to (side right) each value."""
    where = "left" if side == "left" else "right"
    return np.searchsorted(bank, values, side=where) / len(bank)


def _win_shares(
    below: Float[np.ndarray, "value config"], equal: Float[np.ndarray, "value config"]
) -> Float[np.ndarray, " config"]:
    """Probability of each config to win with one of these values."""
    n_ties = int((equal > 0).sum(axis=1).max())
    nodes, weights = np.polynomial.legendre.leggauss(n_ties // 2 + 1)
    wins = np.zeros(below.shape[1])
    for u, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        factors = below + equal * u
        wins += weight * (equal * _products_of_others(factors)).sum(axis=0)
    return wins


def _products_of_others(
    factors: Float[np.ndarray, "value config"],
) -> Float[np.ndarray, "value config"]:
    """For each config the product of all other configs' factors, without dividing."""
    ones = np.ones((len(factors), 1))
    before = np.cumprod(np.hstack([ones, factors[:, :-1]]), axis=1)
    after = np.cumprod(np.hstack([ones, factors[:, :0:-1]]), axis=1)[:, ::-1]
    return before * after
