"""What one-seed versions of a study would have concluded."""

import itertools

import numpy as np

from paribus.analysis.looks import looks_of
from paribus.analysis.records import OneSeedAnalysis
from paribus.analysis.scores import is_bad, is_learner, judged, oriented_scores
from paribus.analysis.ties import is_rankable
from paribus.results import StudyResult
from paribus.stats.families import ERROR_RATE
from paribus.stats.intervals import MIN_SEEDS
from paribus.stats.one_seed import (
    SMALL_BANK,
    expected_regret,
    flip_probabilities,
    named_best_probabilities,
    reversal_shares,
)
from paribus.stats.ties import best_mean, tied_with_best


def one_seed_analysis(result: StudyResult, *, metric: str) -> OneSeedAnalysis | None:
    """Say what one-seed studies would have concluded; None with fewer than 2 seeds.

    A one-seed study trains each config once, each with a seed of its own, and names the
    config with the best score. All of them that the finished runs allow are counted,
    not sampled.

    Args:
        result: Statuses as `classify_runs` gives them. A diverged run has the score of
            guessing. A config without a finished run is left out.
        metric: What configs are ranked by; losses by geometric means, lower first.

    Returns:
        The analysis; None if none has 2 finished runs, or if one has fewer than 5 and
        fewer than another: a few runs may look like the best of all.

    Raises:
        UnknownNameError: If no curve is called `metric`.

    Assumes:
        The runs stand for all runs of their config. With fewer than 20 of them rare
        outcomes are missing, and `bank_is_small` says so.
    """
    result = judged(result)
    scores = oriented_scores(result, metric)
    values, is_counted = scores.values, scores.is_counted
    n_seeds = is_counted.sum(axis=1)
    n_smallest = int(n_seeds[n_seeds > 0].min(initial=len(result.seeds)))
    is_waiting = (n_seeds > 0) & ~is_rankable(n_seeds)
    if not n_seeds.any() or n_smallest < MIN_SEEDS or is_waiting.any():
        return None
    named_best = named_best_probabilities(values, is_counted)
    level = looks_of(result.study).error_rate(ERROR_RATE)
    is_tied = tied_with_best(
        values,
        is_counted,
        is_bad=is_bad(result),
        is_learner=is_learner(result),
        level=level,
    )
    reversals = reversal_shares(values, is_counted)
    pairs = itertools.combinations(np.flatnonzero(n_seeds).tolist(), 2)
    return OneSeedAnalysis(
        metric=metric,
        n_seeds=n_smallest,
        best=result.configs[best_mean(values, is_counted)],
        named_best=tuple(named_best.tolist()),
        outside_tied=float(named_best[~is_tied].sum()),
        expected_regret=expected_regret(values, is_counted),
        reversals={(i, j): float(reversals[i, j]) for i, j in pairs},
        flips_by_n_seeds=flip_probabilities(
            values, is_counted, rng=np.random.default_rng(0)
        ),
        bank_is_small=n_smallest < SMALL_BANK,
    )
