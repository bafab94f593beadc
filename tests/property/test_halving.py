"""What holds of every rung, whatever the scores."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paribus.halving import Halving
from paribus.stats.halving import kept_at_rung
from paribus.stats.selection import MAX_BAD_SHARE


CHANCE = 0.1
# Few distinct values, so that means tie.
SCORES = arrays(
    float,
    st.tuples(st.integers(1, 9), st.integers(1, 4)),
    elements=st.sampled_from([CHANCE, 0.05, 0.08, 0.25, 0.5, 0.75, np.nan]),
)


def diverged(scores: np.ndarray) -> np.ndarray:
    return scores == CHANCE


def loop(scores: np.ndarray, is_diverged: np.ndarray, n_kept: int) -> list[bool]:
    """The rule in plain Python, value by value."""
    means: dict[int, float] = {}
    for value, (row, bad) in enumerate(zip(scores, is_diverged, strict=True)):
        there = [
            (score, d) for score, d in zip(row, bad, strict=True) if not np.isnan(score)
        ]
        if there and sum(d for _, d in there) / len(there) < MAX_BAD_SHARE:
            means[value] = sum(sorted(s for s, _ in there)) / len(there)
    has_learned = {v for v in means if np.nanmax(scores[v]) > CHANCE}
    if not has_learned:
        return [value in means for value in range(len(scores))]
    best_first = sorted(means, key=lambda value: (-means[value], value))
    kept = best_first[: max(n_kept, 1)]
    if kept and len(kept) == max(n_kept, 1):
        last = means[kept[-1]]
        kept += [v for v in means if v not in kept and means[v] == last > CHANCE]
    return [value in kept for value in range(len(scores))]


@given(scores=SCORES, n_kept=st.integers(1, 9))
def test_values_go_on_as_in_a_loop_over_them(scores: np.ndarray, n_kept: int):
    is_diverged = diverged(scores)

    kept = kept_at_rung(scores, is_diverged, n_kept=n_kept, by_guessing=CHANCE)

    assert kept.tolist() == loop(scores, is_diverged, n_kept)


@given(scores=SCORES, n_kept=st.integers(1, 9), seed=st.integers(0, 99))
def test_the_order_of_the_seeds_does_not_matter(
    scores: np.ndarray, n_kept: int, seed: int
):
    shuffled = np.random.default_rng(seed).permutation(scores, axis=1)

    kept = [
        kept_at_rung(some, diverged(some), n_kept=n_kept, by_guessing=CHANCE).tolist()
        for some in (scores, shuffled)
    ]

    assert kept[0] == kept[1]


@given(scores=SCORES, n_kept=st.integers(1, 9))
def test_nothing_that_goes_on_is_worse_than_what_is_stopped(
    scores: np.ndarray, n_kept: int
):
    kept = kept_at_rung(scores, diverged(scores), n_kept=n_kept, by_guessing=CHANCE)
    alive = kept_at_rung(
        scores, diverged(scores), n_kept=len(scores), by_guessing=CHANCE
    )

    assert kept.sum() >= min(n_kept, alive.sum())
    assert not (kept & ~alive).any()
    stopped = alive & ~kept
    if kept.any() and stopped.any():
        means = np.nanmean(scores[alive], axis=1)
        assert means[kept[alive]].min() >= means[stopped[alive]].max() - 1e-12


@given(
    factor=st.integers(2, 9),
    min_epochs=st.integers(1, 9),
    epochs=st.integers(1, 200),
    n_values=st.integers(1, 100),
)
def test_rungs_rise_by_the_factor_and_fewer_values_reach_each(
    factor: int, min_epochs: int, epochs: int, n_values: int
):
    halving = Halving(factor=factor, min_epochs=min_epochs)

    rungs = halving.rungs(epochs)
    at_rungs = halving.n_at_rungs(n_values, epochs)

    assert all(rung < epochs for rung in rungs)
    assert all(b == a * factor for a, b in pairwise(rungs))
    assert len(at_rungs) == len(rungs) + 1
    assert all(1 <= b <= a for a, b in pairwise(at_rungs))
    assert all(b * factor >= a for a, b in pairwise(at_rungs))
