"""How much does each value of a hyperparameter lose against its best one?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from paribus.stats.contrasts import Contrast, paired_contrast
from paribus.stats.effects import check_grid
from paribus.stats.families import simultaneous_level
from paribus.stats.looks import ONE_LOOK, Looks


@dataclass(frozen=True, kw_only=True, eq=False)
class ValueEffect:
    """How a value of a hyperparameter differs from its best one.

    Attributes:
        hyperparameter: Its position.
        value: The position of the value.
        best: The position of the value with the highest mean.
        at: Where another hyperparameter is held: its position and its value's. None for
            the mean over all values of all others.
        means: Scores of both, that of `value` first.
        contrast: Of the value less the best one.
    """

    hyperparameter: int
    value: int
    best: int
    at: tuple[int, int] | None
    means: tuple[float, float]
    contrast: Contrast


def value_effects(
    scores: Float[np.ndarray, "*values seed"],
    *,
    interacting: Sequence[tuple[int, int]] = (),
    looks: Looks = ONE_LOOK,
    rng: np.random.Generator,
) -> tuple[ValueEffect, ...]:
    """Compare the values of each hyperparameter with its best one, paired by seed.

    Over the mean of all others; for pairs that interact also at each value of the
    other one.

    Args:
        scores: As for `variance_shares`.
        interacting: As `VarianceShares.interacting` gives them.
        looks: The looks at the data that the study plans, and which one this is.
        rng: Source of the resampling from 20 seeds on.

    Returns:
        Intervals hold together with 95 %. Which value is best is read off the same
        scores, so the error rate is shared among all pairs of values.

    Raises:
        SpaceError: If a hyperparameter has one value.
        TooFewSeedsError: If there are fewer than 2 seeds.

    Assumes:
        As `paired_contrast`.
    """
    check_grid(scores)
    sizes = scores.shape[:-1]
    places: list[tuple[int, tuple[int, int] | None]] = [
        (one, None) for one in range(len(sizes))
    ]
    for a, b in interacting:
        for one, other in ((a, b), (b, a)):
            places += [(one, (other, value)) for value in range(sizes[other])]
    n_pairs = sum(math.comb(sizes[one], 2) for one, _ in places)
    level = simultaneous_level(n_pairs, looks=looks)
    effects: list[ValueEffect] = []
    for one, at in places:
        rows = _means_of_values(scores, one, at)
        means = rows.mean(axis=1)
        best = int(means.argmax())
        effects += [
            ValueEffect(
                hyperparameter=one,
                value=value,
                best=best,
                at=at,
                means=(float(means[value]), float(means[best])),
                contrast=paired_contrast(
                    rows[value] - rows[best], confidence_level=level, rng=rng
                ),
            )
            for value in range(sizes[one])
            if value != best
        ]
    return tuple(effects)


def _means_of_values(
    scores: Float[np.ndarray, "*values seed"], one: int, at: tuple[int, int] | None
) -> Float[np.ndarray, "value seed"]:
    """Of each value of a hyperparameter the mean over all others, by seed."""
    if at is not None:
        scores = np.take(scores, [at[1]], axis=at[0])
    others = tuple(i for i in range(scores.ndim - 1) if i != one)
    return np.asarray(scores.mean(axis=others))
