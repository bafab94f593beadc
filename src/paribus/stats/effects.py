"""Which hyperparameters matter, and do they interact?

Exact analysis of variance on a full grid, with seeds as blocks: score = mean + each
hyperparameter + each pair of them + what is left between configs + seed + residual. One
value at which training collapses takes nearly all the variance, so the analysis is
always given three times.
"""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from paribus.errors import SpaceError, TooFewSeedsError
from paribus.stats.full_part import largest_full_part
from paribus.stats.intervals import MIN_BOOTSTRAP_SEEDS, MIN_SEEDS
from paribus.stats.selection import MAX_BAD_SHARE


N_RESAMPLES = 1999
CLIP_ABOVE_CHANCE = 0.05

# The hyperparameters that a term of the analysis is about, by their positions.
Term = tuple[int, ...]

_CHUNK = 200


def terms(n_hyperparameters: int) -> tuple[Term, ...]:
    """The terms of the analysis: each hyperparameter, then each pair.

    Behind them `VarianceShares.shares` has all higher interactions together, from three
    hyperparameters on, and the seed.

    Example:
        >>> terms(3)
        ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
    """
    places = range(n_hyperparameters)
    return tuple(
        term for size in (1, 2) for term in itertools.combinations(places, size)
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class VarianceShares:
    """How the variance of the scores divides among its sources.

    Attributes:
        n_hyperparameters: How many the grid has.
        shares: Omega squared of the terms in the order of `terms`, then of all higher
            interactions together if there are three hyperparameters or more, then of
            the seed; at least 0.
        lower: Lower bounds; None below 20 seeds.
        upper: Upper bounds; None below 20 seeds.
        confidence_level: Nominal coverage of each.
        n_seeds: Seeds, the same for every config.
    """

    n_hyperparameters: int
    shares: Float[np.ndarray, " term"]
    lower: Float[np.ndarray, " term"] | None
    upper: Float[np.ndarray, " term"] | None
    confidence_level: float
    n_seeds: int

    @property
    def interacting(self) -> tuple[tuple[int, int], ...]:
        """Pairs that interact too much to speak of either one alone.

        By more than a third of the smaller of their own effects.
        """
        n = self.n_hyperparameters
        pairs = itertools.combinations(range(n), 2)
        return tuple(
            (a, b)
            for (a, b), share in zip(pairs, self.shares[n:], strict=False)
            if share > min(self.shares[a], self.shares[b]) / 3
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class EffectVersions:
    """The same analysis with and without the values at which training collapses.

    Attributes:
        everything: All configs.
        without_collapsed: The largest full part of the grid in which every config's
            runs mostly learned; None if that has a hyperparameter with one value.
        kept: Which values of each hyperparameter that part has.
        clipped: All configs, with scores cut off below at 5 points above guessing.
    """

    everything: VarianceShares
    without_collapsed: VarianceShares | None
    kept: tuple[Bool[np.ndarray, " _"], ...]
    clipped: VarianceShares


def variance_shares(
    scores: Float[np.ndarray, "*values seed"],
    *,
    confidence_level: float = 0.95,
    n_resamples: int = N_RESAMPLES,
    rng: np.random.Generator,
) -> VarianceShares:
    """Divide the variance of the scores on a full grid among its sources.

    Omega squared: (SS - df MS_res) / (SS_total + MS_res), floored at 0. Unlike a share
    of the sum of squares it does not credit a hyperparameter with the noise of its
    means.

    Args:
        scores: Final scores of every config and seed; a diverged run's is that of
            guessing. Seeds are blocks: the same seed stands for the same start.
        confidence_level: Nominal coverage of the intervals.
        n_resamples: Resamples of the seeds.
        rng: Source of the resampling from 20 seeds on; unused below.

    Returns:
        The shares; with intervals from 20 seeds on.

    Raises:
        SpaceError: If a hyperparameter has one value.
        TooFewSeedsError: If there are fewer than 2 seeds.

    Assumes:
        The spread over seeds is about the same in all configs. Shares depend on the
        search space: a wider range of learning rates gives them more. The intervals are
        percentiles of resampled seeds, pushed back by how far resampling moves the
        estimate. Nominal 95 % cover 91-95 % for the hyperparameters and their
        interaction and 84-91 % for the seed, of which there are only 20 or 30
        (`tests/reference/test_stats_effects.py`); a share of 0 is nearly always in.

    References:
        Olejnik and Algina, Generalized Eta and Omega Squared Statistics, 2003. Hutter,
        Hoos and Leyton-Brown, An Efficient Approach for Assessing Hyperparameter
        Importance, 2014, for the weakness of shares on spaces with collapsed regions.
    """
    check_grid(scores)
    n, k = scores.shape[-1], scores.ndim - 1
    centred = _centred(scores)
    estimate = _omega_squared(centred, k)
    shares = VarianceShares(
        n_hyperparameters=k,
        shares=np.maximum(estimate, 0.0),
        lower=None,
        upper=None,
        confidence_level=confidence_level,
        n_seeds=n,
    )
    if n < MIN_BOOTSTRAP_SEEDS:
        return shares
    resampled = np.concatenate(
        [
            _omega_squared(np.moveaxis(centred[..., picks], -2, 0), k)
            for picks in np.array_split(
                rng.integers(n, size=(n_resamples, n)), -(-n_resamples // _CHUNK)
            )
        ]
    )
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail], axis=0)
    shift = np.median(resampled, axis=0) - estimate
    return replace(
        shares,
        lower=np.clip(low - shift, 0.0, 1.0),
        upper=np.clip(high - shift, 0.0, 1.0),
    )


def effect_versions(
    scores: Float[np.ndarray, "*values seed"],
    is_bad: Bool[np.ndarray, "*values seed"],
    *,
    chance: float,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
) -> EffectVersions:
    """Give `variance_shares` three times: of all, of what learned, and clipped.

    Args:
        scores: As for `variance_shares`.
        is_bad: Runs that did not learn (`selection.is_bad_run`).
        chance: Score by guessing.
        confidence_level: Nominal coverage of the intervals.
        rng: Source of the resampling.

    Returns:
        The three, and which values the second one kept.

    Raises:
        SpaceError: If a hyperparameter has one value.
        TooFewSeedsError: If there are fewer than 2 seeds.

    Assumes:
        As `variance_shares`; scores are fractions.
    """
    kept = largest_full_part(is_bad.mean(axis=-1) < MAX_BAD_SHARE)

    def shares(part: Float[np.ndarray, "..."]) -> VarianceShares:
        return variance_shares(part, confidence_level=confidence_level, rng=rng)

    is_grid = all(keep.sum() >= 2 for keep in kept)
    return EffectVersions(
        everything=shares(scores),
        without_collapsed=shares(scores[np.ix_(*kept)]) if is_grid else None,
        kept=kept,
        clipped=shares(np.maximum(scores, chance + CLIP_ABOVE_CHANCE)),
    )


def check_grid(scores: Float[np.ndarray, "*values seed"]) -> None:
    """Refuse what has no effects: a single value, a single seed.

    Raises:
        SpaceError: If a hyperparameter has one value.
        TooFewSeedsError: If there are fewer than 2 seeds.
    """
    *sizes, n = scores.shape
    if min(sizes) < 2:
        shape = " x ".join(map(str, sizes))
        raise SpaceError(f"effects need 2 values of each hyperparameter, got {shape}")
    if n < MIN_SEEDS:
        raise TooFewSeedsError(
            f"effects need {MIN_SEEDS} seeds, got {n}", hint="train more seeds"
        )
    assert np.isfinite(scores).all(), "a full grid has a score for every run"


def _centred(
    scores: Float[np.ndarray, "*values seed"],
) -> Float[np.ndarray, "*values seed"]:
    """Less their mean; what rounding leaves of scores that are all equal is 0."""
    centred = scores.astype(float) - scores.mean()
    return np.where(np.abs(centred) <= 1e-12 * np.abs(scores).max(), 0.0, centred)


def _sums_of_squares(
    scores: Float[np.ndarray, "..."], k: int
) -> Float[np.ndarray, "..."]:
    """Of the terms, higher interactions, seed and residual; they add up to the total.

    Args:
        scores: Resamples if there are any, then `k` hyperparameters, then seeds.
        k: How many hyperparameters.
    """
    shape = scores.shape[-k - 1 :]
    by_term: dict[Term, Float[np.ndarray, ...]] = {}
    for term in terms(k):
        between = _squares_between(scores, k, term)
        by_term[term] = between - sum(
            by_term[part] for part in by_term if set(part) < set(term)
        )
    cells = _squares_between(scores, k, tuple(range(k)))
    seed = _squares_between(scores, k, (k,))
    total = _squares(scores.reshape(*scores.shape[: -k - 1], math.prod(shape)))
    parts = [*by_term.values()]
    if k > 2:
        parts.append(cells - sum(parts))
    squares = np.stack([*parts, seed, total - cells - seed], axis=-1)
    # What rounding leaves of a part that is exactly 0 is 0.
    squares[squares < 1e-13 * total[..., None]] = 0.0
    return squares


def _squares_between(
    scores: Float[np.ndarray, "..."], k: int, kept: Term
) -> Float[np.ndarray, "..."]:
    """Sum of squares between the means over all axes of the grid that are not kept."""
    first = scores.ndim - k - 1
    over = tuple(first + i for i in range(k + 1) if i not in kept)
    means = scores.mean(axis=over)
    flat = means.reshape(*means.shape[:first], -1)
    return np.asarray(math.prod(scores.shape[axis] for axis in over) * _squares(flat))


def _squares(
    means: Float[np.ndarray, "*resamples level"],
) -> Float[np.ndarray, "*resamples"]:
    deviations = means - means.mean(axis=-1, keepdims=True)
    return np.asarray((deviations**2).sum(axis=-1))


def _omega_squared(
    scores: Float[np.ndarray, "..."], k: int
) -> Float[np.ndarray, "..."]:
    """Not floored: resampling needs to see how far below 0 it goes."""
    *sizes, n = scores.shape[-k - 1 :]
    squares = _sums_of_squares(scores, k)
    df = [math.prod(sizes[i] - 1 for i in term) for term in terms(k)]
    n_cells = math.prod(sizes)
    if k > 2:
        df.append(n_cells - 1 - sum(df))
    residual = squares[..., -1:] / ((n_cells - 1) * (n - 1))
    total = squares.sum(axis=-1, keepdims=True) + residual
    share = squares[..., :-1] - np.array([*df, n - 1]) * residual
    return np.divide(share, total, out=np.zeros_like(share), where=total > 0)
