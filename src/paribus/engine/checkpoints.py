"""What a block is between two compiled calls, as named arrays, and back.

Arrays have one row a run, in the block's order: places that idle are not kept, so a
block may go on in a shape of another width.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Int

from paribus.engine.block import BY_RUN, BlockShape
from paribus.engine.detours import Detour
from paribus.engine.evaluation import Ending
from paribus.engine.prober import Watch
from paribus.engine.run import RunState
from paribus.errors import StoreError


class BlockMoment(NamedTuple):
    """A block after an evaluation, or on its way to the next.

    Attributes:
        states: The runs as they are.
        rows: Each evaluation so far: `<split>_<metric>` -> value by place.
        ending: What runs left at the end of `study.epochs` epochs; None before.
        diagnosed: What was measured of them then, by name.
        step: Steps done, where they have gone on since the last evaluation; else None.
        detour: Where they are beside the budget; None if they are not.
    """

    states: RunState
    rows: list[dict[str, np.ndarray]]
    ending: Ending | None
    diagnosed: Mapping[str, np.ndarray]
    step: int | None = None
    detour: Detour | None = None


def pack(
    moment: BlockMoment, watch: Watch | None, places: Int[np.ndarray, " run"]
) -> dict[str, np.ndarray]:
    """Write a moment as arrays.

    Args:
        moment: The block.
        watch: Who measures it.
        places: The place of each run.
    """
    found = {f"row.{name}": values for name, values in stacked(moment.rows).items()}
    by_run: dict[str, Any] = _leaves("state", moment.states)
    if watch is not None:
        snapshots, measured, reached = watch.saved()
        by_run |= _leaves("snapshot", snapshots)
        by_run |= {f"measured.{n}": v for n, v in measured.items()} | {
            "reached": reached
        }
    if moment.ending is not None:
        by_run |= {f"ending.{n}": v for n, v in moment.ending.measures.items()}
        by_run |= {f"correct.{n}": v for n, v in moment.ending.correct.items()}
        by_run |= {f"diagnosed.{n}": v for n, v in moment.diagnosed.items()}
    numbers = {} if moment.step is None else {"step": moment.step}
    if moment.detour is not None:
        by_run |= _leaves("detour", moment.detour.states)
        by_run |= {f"found.{n}": v for n, v in moment.detour.found.items()}
        numbers |= {"way.legs": moment.detour.n_legs, "way.step": moment.detour.step}
    kept = {name: values[:, places] for name, values in found.items()}
    kept |= {n: np.full(len(places), v, np.int64) for n, v in numbers.items()}
    return kept | {n: _plain(np.asarray(v)[places]) for n, v in by_run.items()}


def unpack(
    tensors: Mapping[str, np.ndarray],
    start: RunState,
    watch: Watch | None,
    *,
    seats: Int[np.ndarray, " place"],
    shape: BlockShape,
    shares: np.ndarray,
) -> BlockMoment:
    """Read a moment that `pack` wrote; the watch goes on from there.

    Args:
        tensors: The arrays.
        start: The states before the first step: what the arrays must look like.
        watch: Who measures the block.
        seats: The run in each place, -1 for none.
        shape: How the runs lie on the devices.
        shares: How much of the budget is spent at each evaluation.

    Raises:
        StoreError: If the arrays are of another model.
    """
    with _told():
        seated = of_rows(tensors, np.maximum(seats, 0))
        return _unpacked(seated, start, watch, shape=shape, shares=shares)


def _unpacked(
    seated: Mapping[str, np.ndarray],
    start: RunState,
    watch: Watch | None,
    *,
    shape: BlockShape,
    shares: np.ndarray,
) -> BlockMoment:
    by_name = _by_prefix(seated, "row")
    n_rows = len(by_name["train_loss"])
    if {values.shape for values in by_name.values()} != {(n_rows, shape.n_runs)}:
        raise ValueError("evaluations of other runs")
    spent = float(shares[n_rows - 1])
    rows = [{n: values[k] for n, values in by_name.items()} for k in range(n_rows)]
    states = shape.put(_rebuilt("state", start, seated), BY_RUN)
    if watch is not None:
        snapshots = None
        if any(name.startswith("snapshot") for name in seated):
            like = watch.snapshots_like(states)
            snapshots = shape.put(_rebuilt("snapshot", like, seated), BY_RUN)
        watch.restore(
            snapshots,
            _by_prefix(seated, "measured"),
            seated["reached"],
            share=spent,
        )
    measures, correct = _by_prefix(seated, "ending"), _by_prefix(seated, "correct")
    ending = Ending(measures=measures, correct=correct) if measures else None  # pyright: ignore[reportArgumentType]
    step = int(seated["step"][0]) if "step" in seated else None
    detour = None
    if "way.legs" in seated:
        detour = Detour(
            states=shape.put(_rebuilt("detour", start, seated), BY_RUN),
            n_legs=int(seated["way.legs"][0]),
            step=int(seated["way.step"][0]),
            found=_by_prefix(seated, "found"),
        )
    diagnosed = _by_prefix(seated, "diagnosed")
    return BlockMoment(states, rows, ending, diagnosed, step, detour)


def of_rows(
    tensors: Mapping[str, np.ndarray], rows: Int[np.ndarray, " run"]
) -> dict[str, np.ndarray]:
    """Those of a block's runs that go on, of what `pack` wrote.

    Args:
        tensors: The arrays.
        rows: Which of their runs.
    """
    with _told():
        return {
            name: values[:, rows] if name.startswith("row.") else values[rows]
            for name, values in tensors.items()
        }


@contextmanager
def _told() -> Iterator[None]:
    """Say that arrays are not those that a block of the study leaves.

    Raises:
        StoreError: If something of them is missing, or has another shape.
    """
    try:
        yield
    except StoreError:
        raise
    except (LookupError, ValueError, TypeError) as error:
        raise StoreError(
            f"a checkpoint does not hold what the study goes on with: {error}",
            hint="remove `checkpoints/`, then run the same command again",
        ) from error


def stacked(rows: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Evaluations as curves: `<split>_<metric>` -> values [evaluation, place]."""
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _leaves(prefix: str, tree: Any) -> dict[str, Any]:
    """The arrays of a tree by the way to each."""
    with_paths = jax.tree_util.tree_leaves_with_path(tree)
    return {prefix + jax.tree_util.keystr(path): leaf for path, leaf in with_paths}


def _rebuilt(prefix: str, like: Any, tensors: Mapping[str, np.ndarray]) -> Any:
    """A tree like `like`, of the arrays that have its names."""

    def leaf(path: Any, expected: Any) -> np.ndarray:
        name = prefix + jax.tree_util.keystr(path)
        found = tensors.get(name)
        if found is None:
            raise StoreError(f"a checkpoint has no `{name}`, which the model has")
        # Types that the format lacks come back as their bits.
        if found.dtype != expected.dtype and found.itemsize == expected.dtype.itemsize:
            found = found.view(expected.dtype)
        if found.shape != expected.shape or found.dtype != expected.dtype:
            raise StoreError(
                f"a checkpoint has `{name}` of shape {found.shape[1:]}, the model "
                f"{expected.shape[1:]}",
                hint="the checkpoint is of another model: remove `checkpoints/`, then "
                "run the same command again",
            )
        return np.ascontiguousarray(found)

    names = _leaves(prefix, like)
    for name in tensors:
        if name.startswith(prefix) and name not in names:
            raise StoreError(f"a checkpoint has `{name}`, which the model has not")
    return jax.tree_util.tree_map_with_path(leaf, like)


def _plain(values: np.ndarray) -> np.ndarray:
    """Types that are not NumPy's own as their bits."""
    if values.dtype.kind == "V" or values.dtype.name == "bfloat16":
        return values.view(f"u{values.itemsize}")
    return values


def _by_prefix(tensors: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    start = prefix + "."
    return {
        name.removeprefix(start): values
        for name, values in tensors.items()
        if name.startswith(start)
    }
