"""What a block's program is fed with: where steps find their examples."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int

from paribus.data.batches import Segment
from paribus.engine.recipe import Arrays


class Part(NamedTuple):
    """Consecutive steps of an epoch whose examples are on the devices.

    Attributes:
        data: The examples, shared by the runs.
        orders: Which of them each run takes, by run.
        first_step: The first step, counted from where `orders` begin.
        n_steps: Steps of a whole batch each.
        has_partial: Whether the epoch's last, partial batch follows; it stands at the
            end of `orders`.
        n_skipped: Steps of the epoch before those of `orders`.
    """

    data: Arrays
    orders: Any
    first_step: int
    n_steps: int
    has_partial: bool
    n_skipped: int


@runtime_checkable
class Feed(Protocol):
    """Hands a block's program the examples of its steps.

    Attributes:
        data: The examples as the program is compiled for them: their shapes count.
        order_length: Examples in the orders of a part.
    """

    data: Arrays
    order_length: int

    def orders(self, by_run: Sequence[Int[np.ndarray, " example"]]) -> Any:
        """The data order of an epoch, by run, as `parts` takes it.

        Args:
            by_run: Runs of one seed have the same array, not only equal ones.
        """
        ...

    def parts(self, orders: Any, segment: Segment) -> Iterator[Part]:
        """Divide a segment into parts, in order."""
        ...
