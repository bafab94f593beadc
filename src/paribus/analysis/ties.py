"""Which configs may be the best, and which are shown to be practically as good?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from paribus.analysis.looks import looks_of
from paribus.analysis.measure_facts import is_curve
from paribus.analysis.run_measures import run_measure
from paribus.analysis.scores import Scores, is_bad, is_learner, oriented_scores
from paribus.declared import DeclaredClaim
from paribus.results import StudyResult
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS
from paribus.stats.families import ERROR_RATE
from paribus.stats.power import seeds_to_decide
from paribus.stats.selection import MAX_BAD_SHARE
from paribus.stats.ties import Regrets, regrets_to_best, tied_with_best


# Fewer seeds than this allow values to be shown, not verdicts.
MIN_SEEDS_TO_JUDGE = MIN_CONTRAST_SEEDS


@dataclass(frozen=True, kw_only=True)
class Ties:
    """The configs beside the best, by the study's primary metric.

    Losses are differences of accuracies, and of a loss or an error differences of
    natural logarithms.

    Attributes:
        is_tied: For each config whether the data allow it to be the best; None with
            fewer than 5 seeds.
        best: Position of the config with the best observed mean; None where none has 5
            seeds.
        regret_upper: What each config loses to it at most, all limits together with 95
            % confidence at every planned look; None where seeds are too few for a limit
            or nothing says which loss matters.
        smallest_effect: The smallest loss that matters; None where nothing says.
        n_pairs: For each config the seeds that it shares with the best.
        seeds_to_tell: With about so many seeds every config that is tied and not shown
            to be practically as good would be one or the other, if the true losses are
            near the observed ones; None without such a config or if 1,000 are not
            enough.
    """

    is_tied: tuple[bool | None, ...]
    best: int | None = None
    regret_upper: tuple[float | None, ...] = ()
    smallest_effect: float | None = None
    n_pairs: tuple[int, ...] = ()
    seeds_to_tell: int | None = None

    @property
    def is_practically_tied(self) -> tuple[bool | None, ...]:
        """For each config whether it is shown to lose less than matters."""
        if self.smallest_effect is None:
            return (None,) * len(self.is_tied)
        limit = self.smallest_effect
        return tuple(
            None if upper is None else upper < limit for upper in self.regret_upper
        )


def is_rankable(n_seeds: Int[np.ndarray, " config"]) -> Bool[np.ndarray, " config"]:
    """Which configs may be called the best: those with 5 seeds, or as many as any.

    While a study is not finished some have fewer, and the mean of one lucky run is soon
    the highest of all.

    Args:
        n_seeds: How many runs of each config have a score.

    Example:
        >>> is_rankable(np.array([6, 5, 1, 0])).tolist()
        [True, True, False, False]
        >>> is_rankable(np.array([3, 1])).tolist()
        [True, False]
    """
    return n_seeds >= max(min(int(n_seeds.max(initial=0)), MIN_SEEDS_TO_JUDGE), 1)


def find_ties(
    result: StudyResult, *, claims: Sequence[DeclaredClaim] | None = None
) -> Ties:
    """Find the configs that are tied with the best, and those practically as good.

    A config of which at least half the runs ended badly is neither, unless all are
    such. One with fewer than 5 seeds, as an interrupted study has them, is not
    compared: it is neither in the sets nor out, and puts no other out.

    Args:
        result: Statuses as `classify_runs` gives them; of a study that tunes, the seeds
            that judge.
        claims: As `smallest_loss` takes them.

    Assumes:
        As `tied_with_best` and `regrets_to_best` of `paribus.stats.ties`, each of which
        holds with 95 % confidence.
    """
    nothing = Ties(
        is_tied=(None,) * len(result.configs),
        regret_upper=(None,) * len(result.configs),
        n_pairs=(0,) * len(result.configs),
    )
    metric = result.primary_metric
    if metric not in result.metrics:
        return nothing
    scores = oriented_scores(result, metric)
    is_judged = scores.is_counted.sum(axis=1) >= MIN_SEEDS_TO_JUDGE
    if not is_judged.any():
        return nothing
    is_counted = _of_rivals(result, scores, is_judged) & is_judged[:, None]
    level = looks_of(result.study).error_rate(ERROR_RATE)
    is_tied = tied_with_best(
        scores.values,
        is_counted,
        is_bad=is_bad(result),
        is_learner=is_learner(result),
        level=level,
    )
    smallest = smallest_loss(result, metric, claims=claims)
    if smallest is None:
        return Ties(
            is_tied=_where(is_judged, is_tied),
            regret_upper=nothing.regret_upper,
            n_pairs=nothing.n_pairs,
        )
    regrets = regrets_to_best(
        scores.values,
        is_counted,
        smallest_effect=smallest,
        level=level,
        rng=np.random.default_rng(0),
    )
    n_compared = int(is_counted.any(axis=1).sum())
    is_open = is_tied & ~regrets.is_practically_tied
    return Ties(
        is_tied=_where(is_judged, is_tied),
        best=regrets.best,
        regret_upper=tuple(
            float(upper) if judged and math.isfinite(upper) else None
            for upper, judged in zip(regrets.upper, is_judged, strict=True)
        ),
        smallest_effect=smallest,
        n_pairs=tuple(regrets.n_pairs.tolist()),
        seeds_to_tell=_seeds_to_tell(regrets, is_open, level / max(n_compared - 1, 1)),
    )


def smallest_loss(
    result: StudyResult, metric: str, *, claims: Sequence[DeclaredClaim] | None = None
) -> float | None:
    """The smallest loss that matters, as a difference of compared scores.

    The usual one, or a smaller one of a claim of the study's own: what a claim says
    matters is not called practically as good beside it.

    Args:
        result: The study.
        metric: A training curve.
        claims: Those of the whole study, where `result` is one with some of its seeds,
            which claims nothing; None for the claims of `result`.

    Returns:
        A difference, of a loss or an error one of natural logarithms; None where none
        is usual for the metric and no claim names one.
    """
    if not is_curve(metric):
        return None
    measure = run_measure(result, metric)
    claims = result.study.claims if claims is None else claims
    claimed = (c.smallest_effect for c in claims if c.measure == metric)
    named = [e for e in (measure.smallest_effect, *claimed) if e is not None]
    if not named:
        return None
    return math.log(min(named)) if measure.facts.is_ratio else min(named)


def _of_rivals(
    result: StudyResult, scores: Scores, is_judged: Bool[np.ndarray, " config"]
) -> Bool[np.ndarray, "config seed"]:
    """The scores that count: what mostly fails is no rival, however few seeds show it.

    Where everything mostly fails, all are.
    """
    n_ended = np.maximum(scores.is_counted.sum(axis=1), 1)
    is_rival = is_bad(result).sum(axis=1) < MAX_BAD_SHARE * n_ended
    if (is_rival & is_judged).any():
        return scores.is_counted & is_rival[:, None]
    return scores.is_counted


def _seeds_to_tell(
    regrets: Regrets, is_open: Bool[np.ndarray, " config"], level: float
) -> int | None:
    """The most seeds that any of the open configs needs."""
    needed = [
        seeds_to_decide(
            float(regrets.estimate[i]),
            boundaries=(regrets.smallest_effect,),
            spread=float(regrets.spread[i]),
            n_seeds=int(regrets.n_pairs[i]),
            confidence_level=1 - 2 * level,
        )
        for i in np.flatnonzero(is_open)
    ]
    known = [n for n in needed if n is not None]
    return max(known) if known and len(known) == len(needed) else None


def _where(
    is_judged: Bool[np.ndarray, " config"], is_tied: Bool[np.ndarray, " config"]
) -> tuple[bool | None, ...]:
    pairs = zip(is_tied.tolist(), is_judged.tolist(), strict=True)
    return tuple(tied if judged else None for tied, judged in pairs)
