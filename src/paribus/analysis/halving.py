"""Which values has successive halving stopped, and where do the others stop next?

What was compared at a rung follows from the stored curves; that runs were stopped there
is stored with them. So whoever continues a study comes to the same end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from paribus.analysis.scores import n_examples
from paribus.halving import Halving, rung_evaluations
from paribus.results import StudyResult
from paribus.space import Config
from paribus.stats.halving import kept_at_rung
from paribus.stats.outcomes import highest_by_guessing
from paribus.stats.selection import seed_means
from paribus.status import WAITING, RunStatus


@dataclass(frozen=True, kw_only=True)
class Rung:
    """What was compared at a rung, and what went on.

    Attributes:
        epochs: After how many epochs.
        evaluation: How many evaluations there have been, this one included.
        members: Positions of the configs that got there, by ascending value.
        scores: The mean score of each over the choosing seeds.
        kept: Positions of those that go on.
    """

    epochs: int
    evaluation: int
    members: tuple[int, ...]
    scores: tuple[float, ...]
    kept: tuple[int, ...]

    @property
    def stopped(self) -> tuple[int, ...]:
        """Positions of the configs that end here."""
        return tuple(i for i in self.members if i not in self.kept)


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """How far the values of one combination of the other hyperparameters have come.

    Attributes:
        others: The combination.
        rungs: Those that are decided.
        alive: Positions of the configs that go on, or went to the end.
        next_rung: Where they are compared next, in evaluations; None if they train to
            the end.
    """

    others: Config
    rungs: tuple[Rung, ...]
    alive: tuple[int, ...]
    next_rung: int | None


def climb(result: StudyResult, combinations: Sequence[Sequence[int]]) -> list[Ladder]:
    """Follow the values of each combination from rung to rung.

    Args:
        result: Of a study that prunes. Whether statuses are told apart does not matter.
        combinations: Positions of the declared configs that differ in the tuned value
            only.
    """
    tuning, halving = result.study.tuning, result.study.halving
    assert tuning is not None
    assert halving is not None
    seen = result.of_seeds(tuning.seeds[: tuning.n_choosing])
    climber = _Climber(seen, halving, tuning.hyperparameter)
    return [climber.climb(members) for members in combinations]


def evaluated_counts(result: StudyResult) -> Int[np.ndarray, "config seed"]:
    """How many evaluations of each run there are; of a diverged one while it was sound.

    Some number is always finite or infinite then, the loss of its own batches.
    """
    counts = np.zeros(result.status.shape, dtype=np.int64)
    steps = np.arange(1, len(result.epochs) + 1)
    for values in result.curves.values():
        last = np.where(np.isnan(values), 0, steps).max(axis=2, initial=0)
        counts = np.maximum(counts, last)
    return counts


def is_pruned(result: StudyResult) -> Bool[np.ndarray, " config"]:
    """The configs that were stopped early."""
    return np.asarray((result.status == RunStatus.PRUNED).any(axis=1))


def stopped_after(result: StudyResult) -> dict[int, float]:
    """Positions of the configs that were stopped early -> after how many epochs."""
    if not is_pruned(result).any():
        return {}
    counts = np.where(result.status == RunStatus.PRUNED, evaluated_counts(result), 0)
    return {
        int(i): float(result.epochs[counts[i].max() - 1])
        for i in np.flatnonzero(counts.any(axis=1))
    }


class _Climber:
    """Compares the values of one combination after another."""

    def __init__(self, seen: StudyResult, halving: Halving, tuned: str) -> None:
        self._seen = seen
        self._halving = halving
        self._tuned = tuned
        self._is_waiting = np.isin(seen.status, WAITING)
        self._is_pruned = seen.status == RunStatus.PRUNED
        self._n_evaluated = evaluated_counts(seen)
        epochs = seen.study.budget.epochs
        self._rungs = halving.rungs(epochs)
        self._at = rung_evaluations(self._rungs, seen.epochs.tolist())

    def climb(self, members: Sequence[int]) -> Ladder:
        """From the first rung to the first that is not decided yet."""
        configs = self._seen.configs
        alive = sorted(members, key=lambda i: float(str(configs[i][self._tuned])))
        others, found = configs[alive[0]].without(self._tuned), list[Rung]()
        for epochs, evaluation in zip(self._rungs, self._at, strict=True):
            if len(alive) < 2:  # there is nothing to compare
                break
            is_decided = self._is_decided(alive, evaluation)
            if not is_decided and self._is_open(alive, evaluation):
                return self._ladder(others, found, alive, evaluation)
            scores, is_diverged = self._scores(alive, evaluation)
            kept = self._kept(alive, evaluation, is_decided, scores, is_diverged)
            found.append(
                Rung(
                    epochs=epochs,
                    evaluation=evaluation,
                    members=tuple(alive),
                    scores=tuple(seed_means(scores).tolist()),
                    kept=tuple(kept),
                )
            )
            alive = kept
        return self._ladder(others, found, alive, None)

    def _ladder(
        self,
        others: Config,
        rungs: Sequence[Rung],
        alive: Sequence[int],
        next_rung: int | None,
    ) -> Ladder:
        return Ladder(
            others=others, rungs=tuple(rungs), alive=tuple(alive), next_rung=next_rung
        )

    def _is_open(self, alive: Sequence[int], evaluation: int) -> bool:
        """Whether a run has yet to get to the rung."""
        is_before = self._n_evaluated[alive] < evaluation
        return bool((self._is_waiting[alive] & is_before).any())

    def _is_decided(self, alive: Sequence[int], evaluation: int) -> bool:
        """Whether runs were stopped at the rung, or have gone on from it."""
        return bool(
            self._stopped(alive, evaluation).any()
            or (self._n_evaluated[alive] > evaluation).any()
        )

    def _stopped(
        self, alive: Sequence[int], evaluation: int
    ) -> Bool[np.ndarray, " config"]:
        is_here = self._n_evaluated[alive] <= evaluation
        return np.asarray((self._is_pruned[alive] & is_here).any(axis=1))

    def _scores(self, alive: Sequence[int], evaluation: int) -> tuple[np.ndarray, ...]:
        """The score of each run at the rung, and which have diverged before it."""
        seen = self._seen
        curve = seen.curve(seen.score_metric)[alive]
        scores = curve[:, :, evaluation - 1].astype(np.float64)
        is_diverged = np.isnan(scores) & (seen.diverged_at[alive] > 0)
        return np.where(is_diverged, seen.data.majority_share, scores), is_diverged

    def _kept(
        self,
        alive: Sequence[int],
        evaluation: int,
        is_decided: bool,
        scores: np.ndarray,
        is_diverged: np.ndarray,
    ) -> list[int]:
        """What goes on: as it was decided, where that is stored."""
        n_kept = len(alive) if is_decided else self._halving.n_kept(len(alive))
        by_guessing = highest_by_guessing(
            self._seen.data.majority_share,
            n_examples(self._seen, self._seen.score_metric),
        )
        goes_on = kept_at_rung(
            scores, is_diverged, n_kept=n_kept, by_guessing=by_guessing
        )
        if is_decided:
            # All runs of a value may have failed before, and be tried again.
            is_late = np.isnan(scores).all(axis=1) & self._is_waiting[alive].any(axis=1)
            goes_on = (goes_on | is_late) & ~self._stopped(alive, evaluation)
        return [i for i, is_kept in zip(alive, goes_on, strict=True) if is_kept]
