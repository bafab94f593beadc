"""Training data on the devices: all of them, or a shard of an epoch at a time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Int

from paribus.data.batches import Segment
from paribus.data.dataset import Split
from paribus.data.inputs import aligned
from paribus.engine.block import BY_RUN, SHARED, BlockShape
from paribus.engine.feed import Part
from paribus.engine.recipe import Arrays


# On a device at once: the one that has trained, the one that trains and the next.
N_SHARDS = 3


def place(split: Split, shape: BlockShape) -> Arrays:
    """Put the examples of a split on the devices, read from a map if they lie there."""
    inside = split.gathered()
    return Arrays(shape.put(inside.inputs, SHARED), shape.put(inside.labels, SHARED))


def place_whole(split: Split, shape: BlockShape) -> Arrays:
    """All rows that a split is part of: a memory map is left where it is.

    Devices of a CPU use the host's arrays in place (tests/facts/test_jax.py), so a map
    larger than the memory is read by the pages that steps ask for.
    """
    if split.rows is None:
        return place(split, shape)
    labels = np.zeros(len(split.inputs), split.labels.dtype)
    labels[split.rows] = split.labels
    return Arrays(shape.put(split.inputs, SHARED), shape.put(aligned(labels), SHARED))


class WholeSplit:
    """All training data lie on the devices, and each step gathers its own.

    Attributes:
        data: All of them.
        order_length: Examples in the training split.
    """

    def __init__(
        self,
        data: Arrays,
        shape: BlockShape,
        *,
        n_examples: int,
        rows: Int[np.ndarray, " example"] | None = None,
    ) -> None:
        """Feed from data that are placed.

        Args:
            data: By `place_whole`.
            shape: How the runs lie on the devices.
            n_examples: In the training split.
            rows: Which of `data` are its examples; None for all.
        """
        self.data = data
        self.order_length = n_examples
        self._shape = shape
        self._rows = rows

    def orders(self, by_run: Sequence[Int[np.ndarray, " example"]]) -> Any:
        """The data order of an epoch, by run, as `parts` takes it."""
        rows = self._rows
        places = by_run if rows is None else [rows[order] for order in by_run]
        return self._shape.put(np.stack(places).astype(np.int32, copy=False), BY_RUN)

    def parts(self, orders: Any, segment: Segment) -> Iterator[Part]:
        """The segment as it is."""
        yield Part(
            data=self.data,
            orders=orders,
            first_step=segment.first_step,
            n_steps=segment.n_steps,
            has_partial=segment.has_partial,
            n_skipped=0,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Epoch:
    """The order of each seed of a block, and which of them each run has."""

    by_seed: tuple[Int[np.ndarray, " example"], ...]
    placed: Any


class EpochShards:
    """A shard of the epoch lies on the devices: the next steps' examples, by seed.

    Each seed of a block has its own order, so it has its own examples in the shard,
    which stand in the order of its steps. The program is the one that takes all data at
    once, with other places to gather from: the numbers are the same, to the bit. While
    a shard trains, the next is gathered and sent.

    Attributes:
        data: The shapes of a shard.
        order_length: Examples of one seed in a shard.
    """

    def __init__(
        self,
        split: Split,
        shape: BlockShape,
        *,
        batch_size: int,
        n_seeds: int,
        limit_bytes: int,
    ) -> None:
        """Divide the epochs of a training split.

        Args:
            split: The training split, on the host or in a file.
            shape: How the runs lie on the devices.
            batch_size: Examples per step.
            n_seeds: Seeds in a block at most.
            limit_bytes: What three shards may take on each device: the one that has
                trained, the one that trains and the next. A shard has at least a step.
        """
        self._split = split
        self._shape = shape
        self._batch_size = batch_size
        self._n_seeds = n_seeds
        self._n_whole, self._n_partial = divmod(len(split), batch_size)
        of_example = split.inputs[:1].nbytes + split.labels[:1].nbytes
        room = limit_bytes // (N_SHARDS * n_seeds * of_example) - self._n_partial
        self._n_steps = min(max(1, room // batch_size), self._n_whole)
        self._n_shards = -(-self._n_whole // self._n_steps)
        self.order_length = self._n_steps * batch_size + self._n_partial
        n = n_seeds * self.order_length
        self.data = Arrays(
            shape.spec((n, *split.inputs.shape[1:]), split.inputs.dtype, SHARED),
            shape.spec((n,), split.labels.dtype, SHARED),
        )
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shards")
        self._epoch: _Epoch | None = None
        self._shards: dict[int, Future[Arrays]] = {}

    def orders(self, by_run: Sequence[Int[np.ndarray, " example"]]) -> Any:
        """The data order of an epoch, by run, as `parts` takes it."""
        by_seed = {id(order): order for order in by_run}
        assert len(by_seed) <= self._n_seeds
        position = {of_seed: i for i, of_seed in enumerate(by_seed)}
        starts = np.array([position[id(order)] for order in by_run], np.int32)
        places = starts[:, None] * self.order_length + np.arange(self.order_length)
        placed = self._shape.put(places.astype(np.int32), BY_RUN)
        return _Epoch(by_seed=tuple(by_seed.values()), placed=placed)

    def parts(self, orders: Any, segment: Segment) -> Iterator[Part]:
        """A part for each shard that holds steps of the segment."""
        step, end = segment.first_step, segment.first_step + segment.n_steps
        while True:
            shard = min(step // self._n_steps, self._n_shards - 1)
            first = shard * self._n_steps
            is_last = shard == self._n_shards - 1
            upto = end if is_last else min(end, first + self._n_steps)
            yield Part(
                data=self._shard(orders, shard),
                orders=orders.placed,
                first_step=step - first,
                n_steps=upto - step,
                has_partial=segment.has_partial and is_last,
                n_skipped=first,
            )
            step = upto
            if step == end:  # a partial batch follows the last step of the last shard
                return

    def _shard(self, orders: _Epoch, shard: int) -> Arrays:
        """A shard on the devices; the next one is on its way."""
        if self._epoch is not orders:
            self._epoch, self._shards = orders, {}
        wanted = [n for n in (shard, shard + 1) if n < self._n_shards]
        self._shards = {n: self._shards[n] for n in wanted if n in self._shards}
        for n in wanted:
            if n not in self._shards:
                self._shards[n] = self._pool.submit(partial(self._gather, orders, n))
        return self._shards[shard].result()

    def _gather(self, orders: _Epoch, shard: int) -> Arrays:
        """The examples of a shard's steps, each seed's in the order of its steps."""
        n, batch_size, inputs = self.order_length, self._batch_size, self._split.inputs
        taken = np.zeros(self.data.inputs.shape, inputs.dtype)
        labels = np.zeros(self.data.labels.shape, self._split.labels.dtype)
        first = shard * self._n_steps
        last = min(first + self._n_steps, self._n_whole)
        for position, order in enumerate(orders.by_seed):
            whole = order[first * batch_size : last * batch_size]
            self._fill(taken, labels, position * n, whole)
            if shard == self._n_shards - 1 and self._n_partial:
                rest = order[-self._n_partial :]
                self._fill(taken, labels, (position + 1) * n - self._n_partial, rest)
        shape = self._shape
        return Arrays(shape.put(taken, SHARED), shape.put(labels, SHARED))

    def _fill(
        self,
        inputs: np.ndarray,
        labels: np.ndarray,
        start: int,
        examples: Int[np.ndarray, " example"],
    ) -> None:
        rows = self._split.rows
        part = slice(start, start + len(examples))
        inputs[part] = self._split.inputs[examples if rows is None else rows[examples]]
        labels[part] = self._split.labels[examples]
