"""How often would a study with few seeds contradict a conclusion?

A conclusion has a sign: "0.001 beats 0.01" says that a weighted sum of means is above
0. A small study draws k runs of each config from the bank of all runs and looks at the
sign of the same sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from paribus.errors import TooFewSeedsError
from paribus.stats.compare import share_above
from paribus.stats.one_seed import N_STUDIES, SEEDS_AVERAGED


N_BANK_RESAMPLES = 500
_STUDIES_PER_RESAMPLE = 1000

# Independent: each config has seeds of its own, as scripts that fix none. Common: one
# set of seeds for all configs.
FlipMode = Literal["independent", "common"]


@dataclass(frozen=True, kw_only=True, eq=False)
class FlipCurve:
    """How often small studies contradict a conclusion, against their seeds.

    Attributes:
        sign: Of the conclusion in the full bank: 1, -1, or 0 if there is none; then no
            share means anything, and all are NaN.
        n_seeds: Seeds averaged by a study: 1, 2, 3, 5, 10.
        shares: Share of studies with the opposite sign; studies that see neither count
            half.
        lower: Lower bounds, from resampling the bank.
        upper: Upper bounds.
        confidence_level: Nominal coverage of each.
        mode: How a study draws its seeds.
        n_bank: Seeds of the smallest config's bank.
    """

    sign: int
    n_seeds: tuple[int, ...]
    shares: Float[np.ndarray, " k"]
    lower: Float[np.ndarray, " k"]
    upper: Float[np.ndarray, " k"]
    confidence_level: float
    mode: FlipMode
    n_bank: int


def flip_curve(
    scores: Float[np.ndarray, "config seed"],
    weights: Float[np.ndarray, " config"],
    is_counted: Bool[np.ndarray, "config seed"],
    *,
    mode: FlipMode = "independent",
    confidence_level: float = 0.95,
    seeds_averaged: Sequence[int] = SEEDS_AVERAGED,
    rng: np.random.Generator,
) -> FlipCurve:
    """Count how often studies of k seeds would contradict the full bank's conclusion.

    Exact for one seed where two configs are compared (all pairs of runs) and where
    seeds are common (all seeds); 10,000 drawn studies otherwise, with replacement.
    Intervals are percentiles over 500 resampled banks: all configs' seeds together if
    common, each config's own if independent. The conclusion itself stays that of the
    full bank.

    Args:
        scores: Final scores, one bank a config.
        weights: The contrast: 1 and -1 for "the first beats the second", 1, -1/2, -1/2
            for "64 beats the mean of 32 and 128"; 0 leaves a config out.
        is_counted: Which scores are in the banks. Common seeds need a score of every
            config with a weight.
        mode: How studies draw their seeds.
        confidence_level: Nominal coverage, in (0, 1).
        seeds_averaged: Seeds of a study.
        rng: Source of studies and banks.

    Returns:
        The shares and their intervals, for all k up to the size of the smallest bank.

    Raises:
        TooFewSeedsError: If a config with a weight has no counted score, or no seed has
            all of them where seeds are common.

    Assumes:
        The bank stands for the population: from 20 seeds on. A small bank lacks the
        tails, and its shares are too low. Monte-Carlo error of a share .005.

    Example:
        >>> scores = np.array([[0.97, 0.99, 0.98], [0.98, 0.95, 0.90]])
        >>> counted = np.full(scores.shape, True)
        >>> weights, rng = np.array([1.0, -1.0]), np.random.default_rng(0)
        >>> flip_curve(scores, weights, counted, rng=rng).shares.round(2)[:1]
        array([0.17])
    """
    banks = _banks(scores, weights, is_counted, mode)
    n_bank = min(len(bank) for bank in banks)
    kept = tuple(k for k in seeds_averaged if k <= n_bank)
    sign = _sign(banks)
    shares = np.full(len(kept), np.nan)
    resampled = np.full((N_BANK_RESAMPLES, len(kept)), np.nan)
    if sign:
        shares = _shares(banks, sign, kept, N_STUDIES, rng)
        for i in range(N_BANK_RESAMPLES):
            some = [bank[rng.integers(len(bank), size=len(bank))] for bank in banks]
            resampled[i] = _shares(some, sign, kept, _STUDIES_PER_RESAMPLE, rng)
    tail = (1 - confidence_level) / 2
    lower, upper = np.quantile(resampled, [tail, 1 - tail], axis=0)
    return FlipCurve(
        sign=sign,
        n_seeds=kept,
        shares=shares,
        lower=lower,
        upper=upper,
        confidence_level=confidence_level,
        mode=mode,
        n_bank=n_bank,
    )


def _banks(
    scores: Float[np.ndarray, "config seed"],
    weights: Float[np.ndarray, " config"],
    is_counted: Bool[np.ndarray, "config seed"],
    mode: FlipMode,
) -> list[Float[np.ndarray, " _"]]:
    """Weighted scores whose means add up to the contrast: one bank if common."""
    has_weight = weights != 0
    scores, is_counted = scores[has_weight], is_counted[has_weight]
    weighted = scores * weights[has_weight, None]
    if mode == "common":
        shared = np.asarray(is_counted.all(axis=0))
        banks = [np.asarray(weighted[:, shared].sum(axis=0))]
    else:
        pairs = zip(weighted, is_counted, strict=True)
        banks = [row[counted] for row, counted in pairs]
    if not banks or min(len(bank) for bank in banks) == 0:
        raise TooFewSeedsError(
            "a flip analysis needs finished runs of every config compared, got none"
        )
    return banks


def _sign(banks: list[Float[np.ndarray, " _"]]) -> int:
    total = sum(float(bank.mean()) for bank in banks)
    return int(np.sign(total)) if abs(total) > _rounding(banks) else 0


def _rounding(banks: list[Float[np.ndarray, " _"]]) -> float:
    """What differs from 0 by less is a tie."""
    return 1e-12 * max(float(np.abs(bank).max()) for bank in banks)


def _shares(
    banks: list[Float[np.ndarray, " _"]],
    sign: int,
    seeds_averaged: Sequence[int],
    n_studies: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, " k"]:
    """Share of studies with the opposite sign, for each number of seeds."""
    shares = np.empty(len(seeds_averaged))
    for i, k in enumerate(seeds_averaged):
        if k == 1 and len(banks) <= 2:
            # The first bank against minus the second, or against nothing.
            other = -banks[1] if len(banks) == 2 else np.zeros(1)
            above = share_above(banks[0], other)
            shares[i] = 1 - above if sign > 0 else above
        else:
            shares[i] = _drawn_share(banks, sign, k, n_studies, rng)
    return shares


def _drawn_share(
    banks: list[Float[np.ndarray, " _"]],
    sign: int,
    k: int,
    n_studies: int,
    rng: np.random.Generator,
) -> float:
    total = np.zeros(n_studies)
    for bank in banks:
        total += bank[rng.integers(len(bank), size=(n_studies, k))].mean(axis=1)
    is_tie = np.abs(total) <= _rounding(banks)
    is_flipped = ~is_tie & (np.sign(total) == -sign)
    return float(is_flipped.mean() + is_tie.mean() / 2)
