"""How much memory a block of runs takes, and how much there is for it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from paribus.data import Dataset
from paribus.data.dataset import MAX_TRAIN_EVALUATED
from paribus.engine.devices import data_bytes_limit
from paribus.engine.recipe import Recipe
from paribus.engine.run import RunState, start_run
from paribus.errors import ResourceError


# The states of a block before and after a call, and gradients between.
COPIES_OF_STATE = 3
# Of what is free, what blocks may plan to take: allocators waste some, and a host has
# other work.
DEVICE_SHARE, HOST_SHARE = 0.7, 0.5

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_GB = 1e9


def is_out_of_memory(message: str) -> bool:
    """Whether an error of XLA says that memory was exhausted."""
    # The second is how a CPU says it, within an internal error.
    return message.startswith("RESOURCE_EXHAUSTED") or "Out of memory" in message


@contextmanager
def exhaustion_told() -> Iterator[None]:
    """Say that memory is exhausted where nothing narrower can be tried.

    Raises:
        ResourceError: If it is.
    """
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        if not is_out_of_memory(str(error)):
            raise
        raise ResourceError(
            f"there is not enough memory for the data and one run a device: {error}",
            hint="train where there is more memory, or with less data",
        ) from error


def state_of(recipe: Recipe, traced_names: Iterable[str]) -> RunState:
    """The shapes of what changes while one run trains."""
    number = jax.ShapeDtypeStruct((), np.float32)
    seed = jax.ShapeDtypeStruct((2,), np.uint32)
    traced = dict.fromkeys(traced_names, number)
    return jax.eval_shape(partial(start_run, recipe), seed, traced)


def bytes_per_run(state: RunState, n_examples: int) -> int:
    """What one run of a block takes at once: its state, and its data order.

    Args:
        state: As `state_of` gives it.
        n_examples: In the training split.
    """
    leaves = jax.tree.leaves(state)
    of_state = sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)
    return COPIES_OF_STATE * of_state + 4 * n_examples


def runs_that_fit(
    per_run: int, devices: tuple[Any, ...], *, at_least: int = 1
) -> int | None:
    """How many runs each device has memory for; None where nothing tells.

    Args:
        per_run: Bytes of one run.
        devices: What shares the runs; the cores of a CPU also share their memory.
        at_least: How many must fit on each.

    Raises:
        ResourceError: If these do not.
    """
    on_cpu = devices[0].platform == "cpu"
    free = free_host_bytes() if on_cpu else _free_device_bytes(devices[0])
    if free is None:
        return None
    on_each = per_run * (len(devices) if on_cpu else 1)
    if (needed := on_each * at_least) > free:
        runs = "one run" if at_least == 1 else f"{at_least} runs"
        raise ResourceError(
            f"training needs about {needed / _GB:.1f} GB of memory for {runs} on "
            f"each device, {free / _GB:.1f} GB are available",
            hint="make the model smaller, or train where there is more memory",
        )
    share = HOST_SHARE if on_cpu else DEVICE_SHARE
    return max(at_least, int(share * free / on_each))


class DataBytes(NamedTuple):
    """How much memory data take, in bytes.

    Attributes:
        resident: Arrays on the host, and what of them lies on devices of their own.
        mapped: Files whose pages are read as they are needed, and which the system may
            take back: no memory has to be free for them.
    """

    resident: int
    mapped: int


def data_bytes(dataset: Dataset, devices: tuple[Any, ...]) -> DataBytes:
    """How much memory a data set takes while it is trained on.

    Args:
        dataset: The data.
        devices: Where to. Cores of a CPU use the host's arrays in place; a GPU has
            copies, of the training split all of it or shards of an epoch.
    """
    splits = dataset.splits.values()
    evaluated = {name: len(split) for name, split in dataset.splits.items()}
    evaluated["train"] = min(MAX_TRAIN_EVALUATED, len(dataset.train))
    maps = {split.file: split.inputs.nbytes for split in splits if split.is_mapped}
    inside = {id(s.inputs): s.inputs.nbytes for s in splits if not s.is_mapped}
    labels = sum(split.labels.nbytes for split in splits)
    # The part of training that is evaluated is a copy; of a map every part is.
    copied = {
        name: n * dataset.splits[name].inputs[:1].nbytes
        for name, n in evaluated.items()
        if name == "train" or dataset.splits[name].rows is not None
    }
    on_host = sum(inside.values()) + labels + sum(copied.values())
    if devices[0].platform == "cpu":
        return DataBytes(on_host, sum(maps.values()))
    train = dataset.train.inputs.nbytes + dataset.train.labels.nbytes
    on_each = min(train, data_bytes_limit(devices) or train) + sum(
        n * dataset.splits[name].inputs[:1].nbytes for name, n in evaluated.items()
    )
    return DataBytes(on_host + on_each * len(devices), sum(maps.values()))


def free_host_bytes(meminfo: Path = _MEMINFO, cgroup: Path = _CGROUP) -> int | None:
    """What this process may still take: what is free, and what its limit leaves.

    Args:
        meminfo: What Linux says of its memory.
        cgroup: Where the limit of a container or a batch job stands.
    """
    found: list[int] = []
    with suppress(OSError, ValueError, IndexError):
        lines = meminfo.read_text().splitlines()
        words = next((line for line in lines if line.startswith("MemAvailable:")), "")
        found.append(1024 * int(words.split()[1]))
    with suppress(OSError, ValueError):  # "max" for no limit
        limit = int((cgroup / "memory.max").read_text())
        found.append(max(0, limit - int((cgroup / "memory.current").read_text())))
    return min(found, default=None)


def _free_device_bytes(device: Any) -> int | None:
    stats = device.memory_stats() or {}
    if "bytes_limit" not in stats:
        return None
    return stats["bytes_limit"] - stats.get("bytes_in_use", 0)
