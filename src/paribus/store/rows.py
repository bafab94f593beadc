"""What one row of each table is."""

from enum import StrEnum
from typing import NamedTuple


class BlockStatus(StrEnum):
    """What became of a block.

    Attributes:
        RUNNING: Being trained by the attempt that began it.
        PAUSED: Stopped at a rung, until it is known which of its runs go on.
        FINISHED: Committed.
        FAILED: It raised; its message says what.
        INTERRUPTED: Stopped on purpose.
        DIED: Its attempt ended without a word.
    """

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    DIED = "died"


class StudyRow(NamedTuple):
    """The study: one row. Its texts are JSON."""

    id: int
    study: str
    data: str
    epochs: str
    created: str


class ConfigRow(NamedTuple):
    """One config; its id is its position in the study."""

    id: int
    name: str
    config: str


class RunRow(NamedTuple):
    """One run; `block` is the last block that held it, 0 for none."""

    id: int
    name: str
    config: int
    seed: int
    status: int
    diverged_at: int
    block: int


class BlockRow(NamedTuple):
    """Runs that are trained together; `runs` holds their ids as little-endian int64."""

    id: int
    attempt: int
    description: str
    status: str
    message: str
    runs: bytes


class AttemptRow(NamedTuple):
    """One process that trained some of the runs."""

    number: int
    pid: int
    host: str
    boot_id: str
    started: str
    environment: str
    n_runs: int
    seconds: float
    is_finished: int


class ChunkRow(NamedTuple):
    """A range of evaluations of one metric of one block, float32 [evaluation, run]."""

    block: int
    split: str
    metric: str
    first_evaluation: int
    attempt: int
    n_evaluations: int
    n_runs: int
    is_superseded: int
    crc: int
    data: bytes


class MeasureRow(NamedTuple):
    """One number for each run of a block, float32 [run]."""

    block: int
    name: str
    n_runs: int
    crc: int
    data: bytes


class AnswerRow(NamedTuple):
    """Which examples of a split each run classified right, in bits [run, example].

    Each run begins with a byte of its own; the first example is in the highest bit.
    """

    block: int
    split: str
    n_runs: int
    n_examples: int
    crc: int
    data: bytes


class BaselineRow(NamedTuple):
    """How low softmax regression brought the training loss in the study's budget."""

    id: int
    train_loss: float
    learning_rate: float
    attempt: int


class CheckpointRow(NamedTuple):
    """One file in `checkpoints/`: the block after so many evaluations."""

    name: str
    block: int
    evaluation: int
    size: int
    sha256: str


class ReplayRow(NamedTuple):
    """What an attempt computed again of a block, compared with what was stored.

    `largest` is the largest relative difference of two finite values.
    """

    block: int
    attempt: int
    n_values: int
    n_different: int
    largest: float


class RoundRow(NamedTuple):
    """How long an epoch of one config took alone, in a round over all programs."""

    round: int
    config: int
    seconds_per_epoch: float
    load_before: float
    attempt: int


class TimingRow(NamedTuple):
    """As `RoundRow` of repeats that followed one another: written before schema 4."""

    config: int
    seconds_per_epoch: float
    variation: float
    n_repeats: int
    load_before: float
    attempt: int


class TotalRow(NamedTuple):
    """How many rows a table has, and the sum of their digests modulo 2^48."""

    name: str
    n_rows: int
    digests: int
