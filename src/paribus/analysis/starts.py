"""How did runs begin: alike, whichever call trained them, and with numbers?"""

from dataclasses import dataclass

from paribus.results import StudyResult
from paribus.status import RunStatus


ABSURD_RATE = 1e9  # times a gradient it may leave float32 in one step
WHY_BROKEN = (
    "the loss, its gradient or the first update is no number, as by the logarithm of "
    "0, the norm of zeros, what `jnp.where` does not choose, or an `eps` of 0"
)


@dataclass(frozen=True, kw_only=True)
class OtherStarts:
    """Seeds that a call began otherwise than the calls before it.

    Attributes:
        calls: Which calls, from 1.
        orders: Seeds that had another order of the data.
        weights: Seeds that had other weights.
    """

    calls: tuple[int, ...]
    orders: tuple[int, ...]
    weights: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class BrokenStarts:
    """Runs whose loss, gradient or update was no number at their first step.

    Attributes:
        configs: The indices of those that have such runs.
        n_broken: How many runs they are.
        n_runs: Runs that have an outcome.
    """

    configs: tuple[int, ...]
    n_broken: int
    n_runs: int


def other_starts(result: StudyResult) -> OtherStarts | None:
    """Gather what calls began otherwise than those before them; None for nothing."""
    calls = [a for a in result.attempts if a.other_orders or a.other_weights]
    if not calls:
        return None
    return OtherStarts(
        calls=tuple(call.number for call in calls),
        orders=tuple(sorted({seed for call in calls for seed in call.other_orders})),
        weights=tuple(sorted({seed for call in calls for seed in call.other_weights})),
    )


def broken_starts(result: StudyResult) -> BrokenStarts | None:
    """Count runs that diverged at their very first step; None for none.

    A rate that is too high takes more than one step to leave what float32 can hold,
    unless it is absurd. Of imported runs no steps are known.
    """
    if result.study.is_imported:
        return None
    is_broken = (result.status == RunStatus.DIVERGED) & (result.diverged_at == 1)
    for index in is_broken.any(axis=1).nonzero()[0]:
        settings = result.study.settings(result.configs[index])
        rate = settings.optimizer.get("learning_rate")
        if isinstance(rate, int | float) and rate > ABSURD_RATE:
            is_broken[index] = False
    if not is_broken.any():
        return None
    return BrokenStarts(
        configs=tuple(is_broken.any(axis=1).nonzero()[0].tolist()),
        n_broken=int(is_broken.sum()),
        n_runs=int(result.has_outcome().sum()),
    )
