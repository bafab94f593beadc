"""Which of two hyperparameters matters, and do they interact?

Exact analysis of variance on a full grid, with seeds as blocks: score = mean + first +
second + their interaction + seed + residual. One value at which training collapses
takes nearly all the variance, so the analysis is always given three times.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from paribus.errors import SpaceError, TooFewSeedsError
from paribus.stats.intervals import MIN_BOOTSTRAP_SEEDS, MIN_SEEDS
from paribus.stats.selection import MAX_BAD_SHARE


N_RESAMPLES = 1999
TERMS = ("first", "second", "interaction", "seed")
CLIP_ABOVE_CHANCE = 0.05

_MAX_SUBSETS_OF = 16
_CHUNK = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class VarianceShares:
    """How the variance of the scores divides among its sources.

    Attributes:
        shares: Omega squared of the first hyperparameter, the second, their interaction
            and the seed, in the order of `TERMS`; at least 0.
        lower: Lower bounds; None below 20 seeds.
        upper: Upper bounds; None below 20 seeds.
        confidence_level: Nominal coverage of each.
        n_seeds: Seeds, the same for every config.
    """

    shares: Float[np.ndarray, " term"]
    lower: Float[np.ndarray, " term"] | None
    upper: Float[np.ndarray, " term"] | None
    confidence_level: float
    n_seeds: int

    @property
    def needs_simple_effects(self) -> bool:
        """Whether the interaction is too large to speak of either one alone.

        More than a third of the smaller main effect.
        """
        first, second, interaction, _ = self.shares
        return bool(interaction > min(first, second) / 3)


@dataclass(frozen=True, kw_only=True, eq=False)
class SimpleEffects:
    """What each hyperparameter does at each value of the other.

    Attributes:
        of_first: At each value of the second: mean scores of the first's values, less
            their mean.
        of_second: The other way round.
        p_first: At each value of the second: F-test that the first does nothing there.
        p_second: The other way round. Neither is adjusted for how many there are.
    """

    of_first: Float[np.ndarray, "second first"]
    of_second: Float[np.ndarray, "first second"]
    p_first: Float[np.ndarray, " second"]
    p_second: Float[np.ndarray, " first"]


@dataclass(frozen=True, kw_only=True, eq=False)
class EffectVersions:
    """The same analysis with and without the values at which training collapses.

    Attributes:
        everything: All configs.
        without_collapsed: The largest full part of the grid in which every config's
            runs mostly learned; None if that is not at least 2 by 2.
        kept_first: Which values of the first hyperparameter that part has.
        kept_second: The same of the second.
        clipped: All configs, with scores cut off below at 5 points above guessing.
    """

    everything: VarianceShares
    without_collapsed: VarianceShares | None
    kept_first: Bool[np.ndarray, " first"]
    kept_second: Bool[np.ndarray, " second"]
    clipped: VarianceShares


def variance_shares(
    scores: Float[np.ndarray, "first second seed"],
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
    _check_grid(scores)
    n = scores.shape[2]
    centred = _centred(scores)
    estimate = _omega_squared(centred)
    shares = VarianceShares(
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
            _omega_squared(np.moveaxis(centred[:, :, picks], 2, 0))
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


def simple_effects(scores: Float[np.ndarray, "first second seed"]) -> SimpleEffects:
    """Say what each hyperparameter does at each value of the other.

    The F-tests set the variance between means at one value against the residual
    variance of the whole grid, which has more degrees of freedom.

    Args:
        scores: As for `variance_shares`.

    Returns:
        Deviations of means in the unit of the scores, and p-values; a p-value is 1
        where nothing varies at all.

    Raises:
        SpaceError: If a hyperparameter has one value.
        TooFewSeedsError: If there are fewer than 2 seeds.

    Assumes:
        As `variance_shares`.
    """
    _check_grid(scores)
    a, b, n = scores.shape
    means = scores.mean(axis=2)
    squares = _sums_of_squares(_centred(scores))
    df = (a * b - 1) * (n - 1)
    residual = float(squares[-1]) / df
    of_first = (means - means.mean(axis=0)).T
    of_second = means - means.mean(axis=1, keepdims=True)
    return SimpleEffects(
        of_first=of_first,
        of_second=of_second,
        p_first=_f_p_values(n * (of_first**2).sum(axis=1) / (a - 1), residual, a, df),
        p_second=_f_p_values(n * (of_second**2).sum(axis=1) / (b - 1), residual, b, df),
    )


def effect_versions(
    scores: Float[np.ndarray, "first second seed"],
    is_bad: Bool[np.ndarray, "first second seed"],
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
    kept_first, kept_second = largest_full_part(is_bad.mean(axis=2) < MAX_BAD_SHARE)

    def shares(part: Float[np.ndarray, "_ _ seed"]) -> VarianceShares:
        return variance_shares(part, confidence_level=confidence_level, rng=rng)

    is_grid = kept_first.sum() >= 2 and kept_second.sum() >= 2
    return EffectVersions(
        everything=shares(scores),
        without_collapsed=shares(scores[kept_first][:, kept_second])
        if is_grid
        else None,
        kept_first=kept_first,
        kept_second=kept_second,
        clipped=shares(np.maximum(scores, chance + CLIP_ABOVE_CHANCE)),
    )


def largest_full_part(
    is_kept: Bool[np.ndarray, "first second"],
) -> tuple[Bool[np.ndarray, " first"], Bool[np.ndarray, " second"]]:
    """Find the largest full grid of kept configs by leaving out whole values.

    Every choice of values of the shorter side is tried: at most 2^16. Grids of 2 by 2
    or more come before longer single rows, which have no interaction to analyse.

    Args:
        is_kept: Configs that may stay; the shorter side has at most 16 values.

    Returns:
        Which values of each stay. Of equally large grids the one with more values on
        the longer side, then the first.

    Example:
        >>> first, second = largest_full_part(np.array([[True, True], [True, False]]))
        >>> first.tolist(), second.tolist()
        ([True, True], [True, False])
    """
    if is_kept.shape[0] < is_kept.shape[1]:
        second, first = largest_full_part(is_kept.T)
        return first, second
    n_second = is_kept.shape[1]
    assert n_second <= _MAX_SUBSETS_OF, "every choice of the shorter side is tried"
    best_key, best_columns = (False, 0, 0), np.zeros(n_second, dtype=bool)
    for chosen in itertools.product([True, False], repeat=n_second):
        columns = np.array(chosen)
        if not columns.any():
            continue
        n_rows, n_columns = int(is_kept[:, columns].all(axis=1).sum()), sum(chosen)
        key = (min(n_rows, n_columns) >= 2, n_rows * n_columns, n_rows)
        if key > best_key:
            best_key, best_columns = key, columns
    if not best_columns.any():
        return np.zeros(len(is_kept), dtype=bool), best_columns
    return np.asarray(is_kept[:, best_columns].all(axis=1)), best_columns


def _check_grid(scores: Float[np.ndarray, "first second seed"]) -> None:
    a, b, n = scores.shape
    if min(a, b) < 2:
        raise SpaceError(f"effects need 2 values of each hyperparameter, got {a} x {b}")
    if n < MIN_SEEDS:
        raise TooFewSeedsError(
            f"effects need {MIN_SEEDS} seeds, got {n}", hint="train more seeds"
        )
    assert np.isfinite(scores).all(), "a full grid has a score for every run"


def _centred(
    scores: Float[np.ndarray, "first second seed"],
) -> Float[np.ndarray, "first second seed"]:
    """Less their mean; what rounding leaves of scores that are all equal is 0."""
    centred = scores.astype(float) - scores.mean()
    return np.where(np.abs(centred) <= 1e-12 * np.abs(scores).max(), 0.0, centred)


def _sums_of_squares(
    scores: Float[np.ndarray, "*resamples first second seed"],
) -> Float[np.ndarray, "*resamples 5"]:
    """First, second, interaction, seed and residual; they add up to the total."""
    a, b, n = scores.shape[-3:]
    cells = scores.mean(axis=-1)
    first = b * n * _squares(cells.mean(axis=-1))
    second = a * n * _squares(cells.mean(axis=-2))
    seed = a * b * _squares(scores.mean(axis=(-3, -2)))
    between = n * _squares(cells.reshape(*cells.shape[:-2], a * b))
    total = _squares(scores.reshape(*scores.shape[:-3], a * b * n))
    parts = [first, second, between - first - second, seed, total - between - seed]
    squares = np.stack(parts, axis=-1)
    # What rounding leaves of a part that is exactly 0 is 0.
    squares[squares < 1e-13 * total[..., None]] = 0.0
    return squares


def _squares(
    means: Float[np.ndarray, "*resamples level"],
) -> Float[np.ndarray, "*resamples"]:
    deviations = means - means.mean(axis=-1, keepdims=True)
    return np.asarray((deviations**2).sum(axis=-1))


def _omega_squared(
    scores: Float[np.ndarray, "*resamples first second seed"],
) -> Float[np.ndarray, "*resamples term"]:
    """Not floored: resampling needs to see how far below 0 it goes."""
    a, b, n = scores.shape[-3:]
    squares = _sums_of_squares(scores)
    df = np.array([a - 1, b - 1, (a - 1) * (b - 1), n - 1])
    residual = squares[..., 4:] / ((a * b - 1) * (n - 1))
    total = squares.sum(axis=-1, keepdims=True) + residual
    share = squares[..., :4] - df * residual
    return np.divide(share, total, out=np.zeros_like(share), where=total > 0)


def _f_p_values(
    between: Float[np.ndarray, " level"], residual: float, n_values: int, df: int
) -> Float[np.ndarray, " level"]:
    certain = np.where(between > 0, np.inf, 0.0)
    f = np.divide(between, residual, out=certain, where=residual > 0)
    return special.fdtrc(n_values - 1, df, f)
