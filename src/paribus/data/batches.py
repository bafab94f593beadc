"""Which examples are in which step: the same for every config of a seed."""

import zlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int


MAX_STEPS = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Consecutive steps of one epoch.

    Attributes:
        epoch: Counted from 0; it fixes the order of the examples.
        first_step: The first step, counted from 0 within the epoch.
        n_steps: Steps of a whole batch each.
        has_partial: Whether the epoch's last, partial batch follows them.
    """

    epoch: int
    first_step: int
    n_steps: int
    has_partial: bool

    def step_after(self, n_examples: int, batch_size: int) -> int:
        """Steps done since the first epoch when the segment is.

        Args:
            n_examples: Examples in the training split.
            batch_size: Examples per step.
        """
        before = self.epoch * steps_per_epoch(n_examples, batch_size)
        return before + self.first_step + self.n_steps + self.has_partial


def random_order(
    seed: int, *, stream: str, position: int, n: int
) -> Int[np.ndarray, " n"]:
    """Put 0 to n - 1 in an order that depends on the arguments alone.

    Sorts the raw output of Philox, which NumPy promises never to change, unlike that of
    `Generator.permutation`.

    Args:
        seed: 0 to 2^63 - 1.
        stream: What the order is for; streams of one seed are independent.
        position: Which order of the stream, e.g. the epoch.
        n: How many.

    References:
        Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011.
    """
    key = np.array(
        [seed, (zlib.crc32(stream.encode()) << 32) | position], dtype=np.uint64
    )
    return np.argsort(np.random.Philox(key=key).random_raw(n)).astype(np.int32)


def epoch_order(seed: int, epoch: int, n_examples: int) -> Int[np.ndarray, " example"]:
    """The order in which a seed sees the training examples in an epoch.

    Cut into batches of any size, so configs with other batch sizes see the same order.
    """
    return random_order(seed, stream="data order", position=epoch, n=n_examples)


def steps_per_epoch(n_examples: int, batch_size: int) -> int:
    """Optimizer steps in an epoch; the last, partial batch is one of them."""
    return -(-n_examples // batch_size)


def step_at(epoch: float, n_examples: int, batch_size: int) -> int:
    """The number of steps done when a run has seen `epoch` epochs of examples.

    Within an epoch the nearest step, so that evaluations are equal in examples to half
    a batch; at its end exactly all of it.
    """
    whole = int(np.floor(epoch + 1e-9))
    rest = max(epoch - whole, 0.0)
    n_steps = steps_per_epoch(n_examples, batch_size)
    within = int(np.floor(rest * n_examples / batch_size + 0.5))
    return whole * n_steps + min(within, n_steps)


def segments(
    n_examples: int,
    batch_size: int,
    *,
    after_step: int,
    to_step: int,
    at_most: int = MAX_STEPS,
) -> tuple[Segment, ...]:
    """Divide the steps from `after_step` to `to_step` by epoch, and into parts of it.

    Args:
        n_examples: Examples in the training split.
        batch_size: Examples per step, at most `n_examples`.
        after_step: Steps already done.
        to_step: Steps done afterwards.
        at_most: Steps of a part.
    """
    n_steps = steps_per_epoch(n_examples, batch_size)
    n_whole = n_examples // batch_size
    divided = []
    while after_step < to_step:
        epoch, first = divmod(after_step, n_steps)
        last = min(to_step - epoch * n_steps, n_steps, first + at_most)
        divided.append(
            Segment(
                epoch=epoch,
                first_step=first,
                n_steps=max(min(last, n_whole) - first, 0),
                has_partial=last > n_whole,
            )
        )
        after_step = epoch * n_steps + last
    return tuple(divided)
