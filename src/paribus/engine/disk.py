"""How much of a disk a study takes, and whether there is as much: said beforehand."""

import math
import shutil
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax

from paribus.declared import RESCUE
from paribus.engine.evaluation import end_run, evaluate_run
from paribus.engine.keeper import CHECKPOINT_S, EVALUATIONS_S
from paribus.engine.memory import state_of
from paribus.engine.plan import Block, StaticGroup
from paribus.engine.snapshots import LEVELS
from paribus.engine.trainer import Trainer
from paribus.engine.work import PRODUCTS_PER_S
from paribus.errors import ParibusWarning, ResourceError


# Of a store: a row without its numbers, and what pages of 4 KiB leave empty, more
# beside the answers, of which few fit into a page.
ROW_BYTES = 110
GROWTH, GROWTH_OF_ANSWERS = 1.1, 1.4

# Pages that a commit changes, as they were, and those that it has begun.
JOURNAL_BYTES = 128 << 10
# Two states are kept, and a third is written before the first goes; a block that is
# too short for any leaves one where it is interrupted, and another before measures.
N_STATES, N_STATES_OF_SHORT = 3, 1
HEADER_BYTES = 8 << 10  # of a state: names and shapes
# Numbers of a run that diagnostics add, and those that take training.
N_DIAGNOSED = 70
BESIDE = {"anneal", RESCUE}
# How much slower a core may be than blocks are sized for: its block takes longer, and
# is stored in more parts.
SLOWNESS = 4

REPORT_BYTES, REPORT_BYTES_PER_RUN = 1_200_000, 700
_MB = 1e6


class DiskSpace(NamedTuple):
    """What a study will take of a disk, in bytes; rather too much than too little.

    Attributes:
        stored: What the store grows by.
        states: The checkpoints that are due, of the largest block, and of all that wait
            at a rung.
        spare: One more, which is written only if a short block is interrupted.
        report: The report, which is written only if it is asked for.
    """

    stored: int
    states: int
    spare: int
    report: int

    @property
    def required(self) -> int:
        """What training cannot do without."""
        return self.stored + self.states + JOURNAL_BYTES


def disk_space(trainer: Trainer, blocks: Sequence[Block], *, n_runs: int) -> DiskSpace:
    """What training, and the report, will write.

    Args:
        trainer: Who trains.
        blocks: What waits.
        n_runs: How many runs are to be trained in all: tuning and looks may add some.
    """
    n_waiting = sum(len(block.runs) for block in blocks)
    if not n_waiting:
        return DiskSpace(0, 0, 0, 0)
    shapes: dict[tuple[object, ...], _Shapes] = {}
    kinds: dict[StaticGroup, _Kind] = {}
    for block in blocks:
        if block.group not in kinds:
            without_batch_size = tuple(block.group.key[1:])
            if without_batch_size not in shapes:
                shapes[without_batch_size] = _shapes_of(trainer, block.group)
            kinds[block.group] = _Kind(trainer, block, shapes[without_batch_size])
    stored = sum(kinds[block.group].stored(len(block.runs)) for block in blocks)
    states = max(kinds[block.group].states(len(block.runs)) for block in blocks)
    at_rungs = [block for block in blocks if block.rung is not None]
    states += sum(kinds[block.group].state(len(block.runs)) for block in at_rungs)
    share = max(n_runs / n_waiting, 1.0)
    return DiskSpace(
        stored=math.ceil(share * stored),
        states=states,
        spare=max(kinds[block.group].spare(len(block.runs)) for block in blocks),
        report=REPORT_BYTES + REPORT_BYTES_PER_RUN * n_runs,
    )


def check_disk(folder: Path, space: DiskSpace) -> None:
    """Refuse a study that its disk cannot hold; warn of one that takes half of it.

    Args:
        folder: Where the study is.
        space: What it will take.

    Raises:
        ResourceError: If less is free.
    """
    with suppress(OSError):  # a system that does not tell
        free = shutil.disk_usage(folder).free
        if space.required > free:
            raise ResourceError(
                f"`{folder}` needs {_told(space.required, free)}",
                hint="free some space, or train elsewhere: use `--out`",
            )
        in_all = sum(space)
        if in_all > free / 2:
            told = f"`{folder}` will need {_told(in_all, free)}"
            more = "more than half"
            if in_all > free:
                more = "not enough for its report and to be interrupted at any moment"
            warnings.warn(f"{told}: {more}", ParibusWarning, stacklevel=3)


def _told(n_bytes: int, free: int) -> str:
    digits = 1 if min(n_bytes, free) >= _MB else 2
    return (
        f"about {n_bytes / _MB:,.{digits}f} MB of disk space, "
        f"{free / _MB:,.{digits}f} MB are free"
    )


class _Shapes(NamedTuple):
    """What a run leaves, whatever its batch size.

    Attributes:
        n_curves: Numbers of an evaluation.
        n_measures: Numbers at the end.
        answers: Bytes of its answers, by split.
        state: Bytes of all that it goes on with.
    """

    n_curves: int
    n_measures: int
    answers: tuple[int, ...]
    state: int


def _shapes_of(trainer: Trainer, group: StaticGroup) -> _Shapes:
    recipe, splits = trainer.recipe(group), trainer.splits
    state = state_of(recipe, trainer.traced_names(group))
    _, metrics = jax.eval_shape(partial(evaluate_run, recipe), state, splits)
    ending = jax.eval_shape(partial(end_run, recipe), state, splits)
    asked = set(trainer.study.diagnostics)
    n_beside = len(LEVELS) * bool(asked) + bool(asked & BESIDE)
    return _Shapes(
        n_curves=len(metrics),
        n_measures=len(ending.measures) + bool(asked) * N_DIAGNOSED,
        answers=tuple(_n_bytes(bits) for bits in ending.correct.values()),
        state=(1 + n_beside) * _n_bytes(state),
    )


class _Kind:
    """The blocks of a static group."""

    def __init__(self, trainer: Trainer, block: Block, shapes: _Shapes) -> None:
        self._shapes = shapes
        self._n_evaluations = len(trainer.study.evaluation_epochs(trainer.n_examples))
        per_second = PRODUCTS_PER_S / SLOWNESS
        self._is_diagnosed = bool(trainer.study.diagnostics)
        self._seconds_per_run = trainer.products_per_run(block.group) / per_second

    def stored(self, n_runs: int) -> float:
        """Bytes of a block in the store."""
        n_curves, n_measures, answers, _ = self._shapes
        n_parts = 1 + int(self._seconds_per_run * n_runs / EVALUATIONS_S)
        n_rows = n_curves * min(n_parts, self._n_evaluations)
        n_rows += 1 + n_runs + n_measures + len(answers)
        n_numbers = n_curves * self._n_evaluations + n_measures
        of_run = 4 * n_numbers * GROWTH + sum(answers) * GROWTH_OF_ANSWERS
        return ROW_BYTES * n_rows + of_run * n_runs

    def states(self, n_runs: int) -> int:
        """Bytes of a block's checkpoints that are written in any case."""
        n_states = N_STATES if self._is_long(n_runs) else int(self._is_diagnosed)
        return n_states * self.state(n_runs)

    def spare(self, n_runs: int) -> int:
        """Bytes of the one that is written where it is interrupted."""
        n_states = 0 if self._is_long(n_runs) else N_STATES_OF_SHORT
        return n_states * self.state(n_runs)

    def _is_long(self, n_runs: int) -> bool:
        return self._seconds_per_run * n_runs >= CHECKPOINT_S

    def state(self, n_runs: int) -> int:
        """Bytes of one of them, as it waits at a rung."""
        of_run = self._shapes.state + 4 * self._shapes.n_curves * self._n_evaluations
        return HEADER_BYTES + of_run * n_runs


def _n_bytes(tree: object) -> int:
    leaves = jax.tree.leaves(tree)
    return sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)
