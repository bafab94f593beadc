"""Every measure that a claim may be about: one number for each run, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from paribus.analysis.measure_facts import (
    DERIVED,
    MeasureFacts,
    is_curve,
    measure_facts,
)
from paribus.analysis.outcomes import accuracy_smallest_effect
from paribus.analysis.scores import is_accuracy, is_bad, is_learner
from paribus.results import StudyResult
from paribus.stats.stability import (
    area_under_curve,
    jitter,
    share_of_increases,
    total_upward_variation,
)
from paribus.status import RunStatus


# A loss or a time has a logarithm: nothing is compared below this.
_FLOOR = 1e-7


@dataclass(frozen=True, kw_only=True, eq=False)
class RunMeasure:
    """One number for each run.

    Attributes:
        name: As a study file names it.
        facts: What a reader must know of it.
        values: On its own scale; NaN where a run has none.
        smallest_effect: The smallest effect that matters: a difference, or a ratio
            above 1. None where none is declared and there is no convention.
    """

    name: str
    facts: MeasureFacts
    values: Float[np.ndarray, "config seed"]
    smallest_effect: float | None

    def scores(self) -> Float[np.ndarray, "config seed"]:
        """The values on the scale they are compared on; NaN where there is none."""
        if not self.facts.is_ratio:
            return self.values
        positive = np.maximum(self.values + self.facts.offset, _FLOOR)
        return np.log(positive)


def run_measure(result: StudyResult, name: str) -> RunMeasure:
    """Reduce each run of a study to one number.

    Args:
        result: Statuses as `classify_runs` gives them.
        name: As `measure_facts` takes it; a time to target is made by `target_times`.

    Returns:
        The measure; NaN for runs that have not ended and, where only learners count,
        for the others. A diverged run enters an accuracy or a loss with what guessing
        scores.

    Raises:
        UnknownNameError: If nothing has the name.
        KeyError: If the study has not recorded what it is made from.
    """
    facts = measure_facts(name)
    if name in DERIVED:
        values = _DERIVATIONS[name](result)
    elif name in result.curves or is_curve(name):
        values = final_values(result, name, result.n_evaluations - 1)
    else:
        values = result.measures[name].astype(np.float64)
    values = np.where(result.has_outcome(), values, np.nan)
    if facts.population == "learners":
        values = np.where(is_learner(result), values, np.nan)
    smallest = facts.smallest_effect
    if is_curve(name) and is_accuracy(name):
        smallest = accuracy_smallest_effect(result, name)
    return RunMeasure(name=name, facts=facts, values=values, smallest_effect=smallest)


def final_values(
    result: StudyResult, metric: str, evaluation: int
) -> Float[np.ndarray, "config seed"]:
    """The metric at one evaluation, with the score of guessing for diverged runs."""
    values = result.curves[metric][:, :, evaluation].astype(np.float64)
    guessing = _guessing(result, metric)
    values = np.where(result.status == RunStatus.DIVERGED, guessing, values)
    return np.where(result.has_outcome(), values, np.nan)


def values_at(
    result: StudyResult, metric: str, config: int, epochs: float
) -> Float[np.ndarray, " seed"]:
    """A config's metric after some epochs, read between evaluations.

    Not a number beyond the last evaluation of its runs, or where they were pruned.
    Diverged runs have the score of
    guessing.
    """
    at, curve = result.epochs.astype(np.float64), result.curves[metric][config]
    after = int(np.searchsorted(at, epochs * (1 - 1e-6)))
    if not after < len(at):
        return np.full(len(curve), np.nan)
    before = max(after - 1, 0)
    gap = at[after] - at[before]
    share = (epochs - at[before]) / gap if gap > 0 else 1.0
    first, last = (curve[:, i].astype(np.float64) for i in (before, after))
    read = last if abs(share - 1) < 1e-6 else first + share * (last - first)
    status = result.status[config]
    guessing = _guessing(result, metric)
    values = np.where(status == RunStatus.DIVERGED, guessing, read)
    is_read = (status >= RunStatus.DIVERGED) | (status == RunStatus.PRUNED)
    return np.where(is_read, values, np.nan)


def _guessing(result: StudyResult, metric: str) -> float:
    return result.data.by_guessing(metric)


def _train_loss(result: StudyResult) -> Float[np.ndarray, "config seed evaluation"]:
    return result.curves["train_loss"][:, :, : result.n_evaluations].astype(np.float64)


def _score(result: StudyResult) -> Float[np.ndarray, "config seed evaluation"]:
    curve = result.curves[result.score_metric]
    return curve[:, :, : result.n_evaluations].astype(np.float64)


def _epochs(result: StudyResult) -> Float[np.ndarray, " evaluation"]:
    return result.epochs[: result.n_evaluations].astype(np.float64)


def _has_start(result: StudyResult) -> bool:
    """Whether runs were evaluated before their first step; other tools' may not be."""
    return bool(result.n_evaluations) and not result.epochs[0]


def _nothing(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    return np.full(result.status.shape, np.nan)


def _tuv(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    if not _has_start(result):  # it is a share of the whole way down
        return _nothing(result)
    return total_upward_variation(_train_loss(result), _learners(result))


def _jitter(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    return jitter(_epochs(result), _score(result), _learners(result))


def _learners(result: StudyResult) -> Bool[np.ndarray, "config seed"]:
    return is_learner(result)


def _increases(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    return share_of_increases(_train_loss(result))


def _bad_share(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    return is_bad(result).astype(np.float64)


def _area(share: float) -> "_Derivation":
    def area(result: StudyResult) -> Float[np.ndarray, "config seed"]:
        if not _has_start(result):
            return _nothing(result)
        return area_under_curve(_epochs(result), _score(result), share=share)

    return area


def _gap(minuend: str, subtrahend: str) -> "_Derivation":
    """How far apart two metrics end."""

    def gap(result: StudyResult) -> Float[np.ndarray, "config seed"]:
        last = result.n_evaluations - 1
        return final_values(result, minuend, last) - final_values(
            result, subtrahend, last
        )

    return gap


def _damaged_share(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    """1 where a bad run was not rescued; of the others nothing is known."""
    damaged = 1.0 - result.measures["rescued"].astype(np.float64)
    return np.where(is_bad(result), damaged, np.nan)


def _seconds_per_epoch(result: StudyResult) -> Float[np.ndarray, "config seed"]:
    seconds = [result.seconds_per_epoch(config) for config in result.configs]
    column = np.array([np.nan if s is None else s for s in seconds])
    return np.broadcast_to(column[:, None], result.status.shape).copy()


_Derivation = Callable[[StudyResult], Float[np.ndarray, "config seed"]]

_DERIVATIONS: Mapping[str, _Derivation] = {
    "tuv": _tuv,
    "jitter": _jitter,
    "share_of_increases": _increases,
    "bad_share": _bad_share,
    "aulc": _area(1.0),
    "aulc_10": _area(0.1),
    "gap": _gap("train_accuracy", "test_accuracy"),
    "loss_gap": _gap("test_loss", "train_loss"),
    "damaged_share": _damaged_share,
    "seconds_per_epoch": _seconds_per_epoch,
}
