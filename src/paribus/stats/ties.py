"""Which configs may be the best, and which are shown to be practically as good?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from paribus.errors import TooFewSeedsError
from paribus.stats.compare import paired_one_sided_p_values
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS, difference_interval
from paribus.stats.intervals import MIN_BOOTSTRAP_SEEDS, MIN_SEEDS, t_interval


@dataclass(frozen=True, kw_only=True, eq=False)
class Regrets:
    """What each config loses, on average over seeds, to the one with the best mean.

    Attributes:
        best: Position of the config with the best observed mean; it loses 0.
        estimate: Mean loss over the seeds that both have; NaN where there is none.
        upper: What it loses at most. All of these limits hold together with the
            confidence that was asked for; infinity below 5 shared seeds.
        spread: Standard deviation of the loss over seeds; NaN below 2 shared seeds.
        n_pairs: Seeds that both have.
        smallest_effect: The smallest loss that matters.
    """

    best: int
    estimate: Float[np.ndarray, " config"]
    upper: Float[np.ndarray, " config"]
    spread: Float[np.ndarray, " config"]
    n_pairs: Int[np.ndarray, " config"]
    smallest_effect: float

    @property
    def is_practically_tied(self) -> Bool[np.ndarray, " config"]:
        """Configs that are shown to lose less than matters; the best is one."""
        return self.upper < self.smallest_effect


def tied_with_best(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
    *,
    is_bad: Bool[np.ndarray, "config seed"] | None = None,
    is_learner: Bool[np.ndarray, "config seed"] | None = None,
    level: float = 0.05,
) -> Bool[np.ndarray, " config"]:
    """Find the configs that no other config has been shown to beat.

    A config is left out if, for some other one, the paired one-sided t-test "the other
    is better" has p < `level` / (number of configs - 1), over the seeds both have. The
    config with the best mean is always in.

    Runs that ended badly lower a mean and inflate its variance, which may keep a config
    in that is worse among its learners too. One with such runs is therefore tested
    twice against a rival without any: over all seeds, and over those on which both
    learned, if these are 5; each at half of the level.

    Args:
        scores: Final scores, higher is better. A run that diverged must stand here with
            the score of guessing, not be left out: a config may not win on the seeds
            that happened to survive.
        is_counted: Which scores enter. The others may be anything, NaN included.
        is_bad: Runs that ended badly; None for none.
        is_learner: Runs that learned and kept it; None for none.
        level: Probability of leaving out the true best, at most.

    Returns:
        For each config whether it is tied with the best. A config without a counted
        score is not: nothing speaks for it.

    Raises:
        TooFewSeedsError: If no config has 2 counted scores.

    Assumes:
        As `t_interval` for the differences. Nine equal configs with 10 seeds: the set
        had the (arbitrary) best one in 96 % of simulated studies
        (`tests/reference/test_stats_ties.py`). With few seeds the set is large, and
        says so about the seeds, not about the configs. The true best has the best mean
        over all runs, and no rival that fails less is better among learners.

    Example:
        >>> scores = np.array([[0.97, 0.98, 0.97], [0.98, 0.97, 0.98], [0.1, 0.2, 0.1]])
        >>> tied_with_best(scores, np.full(scores.shape, True))
        array([ True,  True, False])

    References:
        Hsu, Simultaneous Confidence Intervals for All Distances from the "Best", 1981.
        We use Bonferroni's bound in place of his critical values, for paired data.
    """
    n_seeds = is_counted.sum(axis=1)
    if (most := n_seeds.max(initial=0)) < MIN_SEEDS:
        raise TooFewSeedsError(
            f"a set of ties needs {MIN_SEEDS} seeds, got {most}",
            hint="train more seeds",
        )
    assert np.isfinite(scores[is_counted]).all(), "only finite scores may be counted"
    threshold = level / max(int((n_seeds > 0).sum()) - 1, 1)
    best = best_mean(scores, is_counted)
    champion = np.broadcast_to(scores[best], scores.shape)
    beaten = paired_one_sided_p_values(champion, scores, is_counted & is_counted[best])
    # Most of a large grid is beaten by the best mean; only the others meet every rival.
    is_tied = (n_seeds > 0) & (beaten >= threshold / 2)
    nothing = np.full(scores.shape, False)
    n_bad = (nothing if is_bad is None else is_bad & is_counted).sum(axis=1)
    is_mixed = n_bad > 0
    learned = nothing if is_learner is None else is_learner & is_counted
    for i in np.flatnonzero(is_tied):
        own = np.broadcast_to(scores[i], scores.shape)
        p_values = paired_one_sided_p_values(scores, own, is_counted & is_counted[i])
        if is_mixed[i]:
            both = learned & learned[i]
            is_asked = ~is_mixed & (both.sum(axis=1) >= MIN_CONTRAST_SEEDS)
            among = paired_one_sided_p_values(scores, own, both)
            twice = 2 * np.minimum(p_values, among)
            p_values = np.where(is_asked, twice, p_values)
        p_values[i] = 1.0
        is_tied[i] = p_values.min() >= threshold
    is_tied[best] = True
    return is_tied


def regrets_to_best(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
    *,
    smallest_effect: float,
    level: float = 0.05,
    rng: np.random.Generator,
) -> Regrets:
    """Limit from above what each config loses to the one with the best mean.

    The one-sided upper limits of the mean paired differences, each at `level` / (number
    of configs - 1). Where such a limit lies below what matters, a config is shown to be
    practically as good: many configs are tied when seeds are few, few are shown to be
    practically as good.

    Args:
        scores: As for `tied_with_best`.
        is_counted: Which scores enter. The others may be anything, NaN included.
        smallest_effect: The smallest loss that matters, in the unit of `scores`; above
            0.
        level: Probability that any of the limits is too low, at most.
        rng: Source of the resampling from 20 seeds on.

    Returns:
        A loss with its limit for each config.

    Raises:
        TooFewSeedsError: If no config has 5 counted scores.

    Assumes:
        As `t_interval` for the differences. From 20 seeds on a config that Student's t
        lets in must pass the studentised bootstrap too. That the best is the one that
        was lucky makes the limits wide rather than narrow: of normal scores at most 5 %
        of simulated studies had one too low, at the edge of what matters too
        (`tests/reference/test_stats_ties.py`). They are about the observed best. They
        are about the true one as well where all configs vary about as much over seeds;
        where the true best varies ten times as much as the others and may thus not be
        the observed one, about 20 % of studies let in a config that loses more than
        `smallest_effect` to it. Rare low scores that few seeds do not show are no
        better: 24 % of studies with 10 seeds, where the losses are log-normal (sd of
        the logarithm .8).

    Example:
        >>> scores = np.array(
        ...     [
        ...         [0.972, 0.975, 0.973, 0.974, 0.976],
        ...         [0.971, 0.975, 0.972, 0.974, 0.975],
        ...         [0.971, 0.979, 0.961, 0.975, 0.972],
        ...     ]
        ... )
        >>> everything = np.full(scores.shape, True)
        >>> rng = np.random.default_rng(0)
        >>> found = regrets_to_best(scores, everything, smallest_effect=0.002, rng=rng)
        >>> found.is_practically_tied
        array([ True,  True, False])
        >>> tied_with_best(scores, everything)
        array([ True,  True,  True])

    References:
        Hsu, Simultaneous Confidence Intervals for All Distances from the "Best", 1981.
        We use Bonferroni's bound in place of his critical values, for paired data, and
        measure from the observed best.
    """
    assert smallest_effect > 0
    n_seeds = is_counted.sum(axis=1)
    if (most := n_seeds.max(initial=0)) < MIN_CONTRAST_SEEDS:
        raise TooFewSeedsError(
            f"what is practically as good as the best needs {MIN_CONTRAST_SEEDS} seeds "
            f"to be shown, got {most}",
            hint="train more seeds",
        )
    best = best_mean(scores, is_counted)
    # Of a limit on one side, as far out as that side of a two-sided interval.
    confidence_level = 1 - 2 * level / max(int((n_seeds > 0).sum()) - 1, 1)
    losses = scores[best] - scores
    is_paired = is_counted & is_counted[best]
    n_pairs = is_paired.sum(axis=1)
    estimate, upper, spread = np.full((3, len(scores)), np.nan)
    has_spread = n_pairs >= MIN_SEEDS
    student = t_interval(
        losses[has_spread], is_paired[has_spread], confidence_level=confidence_level
    )
    estimate[has_spread], upper[has_spread] = student.estimate, student.upper
    spread[has_spread] = _spreads(losses[has_spread], is_paired[has_spread])
    single = n_pairs == 1
    estimate[single] = losses[single][is_paired[single]]
    upper[n_pairs < MIN_CONTRAST_SEEDS] = np.inf
    # Only of those that Student's t lets in: whichever limit is higher counts.
    is_asked = (upper < smallest_effect) & (n_pairs >= MIN_BOOTSTRAP_SEEDS)
    is_asked[best] = False
    if is_asked.any():
        upper[is_asked] = difference_interval(
            losses[is_asked],
            is_paired[is_asked],
            confidence_level=confidence_level,
            rng=rng,
        ).upper
    estimate[best] = upper[best] = 0.0
    return Regrets(
        best=best,
        estimate=estimate,
        upper=upper,
        spread=spread,
        n_pairs=n_pairs,
        smallest_effect=smallest_effect,
    )


def _spreads(
    values: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> Float[np.ndarray, " config"]:
    """Standard deviation of each config's counted values, 2 at least."""
    return np.nanstd(np.where(is_counted, values, np.nan), axis=1, ddof=1)


def best_mean(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> int:
    """Find the config with the highest mean of its counted scores; the first of equals.

    A config without a counted score is never it.
    """
    return int(counted_means(scores, is_counted).argmax())


def counted_means(
    scores: Float[np.ndarray, "config seed"],
    is_counted: Bool[np.ndarray, "config seed"],
) -> Float[np.ndarray, " config"]:
    """Mean of each config's counted scores; minus infinity where there is none."""
    n_seeds = is_counted.sum(axis=1)
    # Sorted, so that configs with the same scores in another order are exactly equal.
    sums = np.sort(np.where(is_counted, scores, 0.0), axis=1).sum(axis=1)
    nothing = np.full(len(scores), -np.inf)
    return np.divide(sums, n_seeds, out=nothing, where=n_seeds > 0)
