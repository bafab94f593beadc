"""Did all runs of a seed begin alike, whichever call trained them?"""

from dataclasses import dataclass

from paribus.results import StudyResult


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
