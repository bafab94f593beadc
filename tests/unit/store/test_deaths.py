"""Blocks in which processes die again and again are told of."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import make_curves, waiting

from paribus.errors import ParibusWarning
from paribus.store import StudyWriter


STUDY = make_study(n_seeds=2, epochs=3)
WORDS = r"2 processes have died while they trained the block `batch_size=32` of 3 runs"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    StudyWriter.create(tmp_path / "tiny", STUDY, make_facts()).close()
    return tmp_path / "tiny"


def die(folder: Path, *, n_runs: int = 3, n_evaluations: int = 0) -> None:
    """Begin to train, or go on, and leave without a word, as a kill does."""
    curves = make_curves(STUDY, n_runs)
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        first = 0
        for block in writer.stopped_blocks():
            first = writer.resume_block(block).evaluation
            break
        else:
            runs = waiting(writer)[:n_runs]
            block = writer.begin_block(runs, description="batch_size=32")
        if n_evaluations:
            new = {
                name: values[first:][:n_evaluations] for name, values in curves.items()
            }
            state = {"state.w": np.full((n_runs, 2), first, np.float32)}
            writer.commit_evaluations(block, new, checkpoint=state)


def begin(folder: Path) -> None:
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.finish_attempt(0, 0.0)


@pytest.mark.parametrize("n_evaluations", [0, 1], ids=["begun anew", "resumed"])
def test_two_deaths_in_one_block_are_told_with_what_may_help(
    folder: Path, n_evaluations: int
):
    die(folder, n_evaluations=n_evaluations)
    die(folder, n_evaluations=n_evaluations)

    with pytest.warns(ParibusWarning, match=WORDS) as told:
        begin(folder)

    advice = "if memory ran out, train smaller blocks: fewer seeds first (`--seeds 1`)"
    assert str(told[0].message).endswith(f"; {advice}, then all")


def test_one_death_and_deaths_in_other_blocks_are_not(folder: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        die(folder, n_runs=3)
        begin(folder)
        die(folder, n_runs=2)
        begin(folder)


def test_what_was_trained_since_is_not_told(folder: Path):
    die(folder)
    die(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ParibusWarning)
        with StudyWriter.open(folder) as writer:
            writer.begin_attempt({})
            block = writer.begin_block(waiting(writer)[:3], description="batch_size=32")
            writer.commit_block(
                block, curves=make_curves(STUDY, 3), diverged_at=np.zeros(3, np.int64)
            )
            writer.finish_attempt(3, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        begin(folder)


def test_an_interrupt_is_no_death(folder: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            with StudyWriter.open(folder) as writer:
                writer.begin_attempt({})
                writer.begin_block(waiting(writer)[:3], description="batch_size=32")
                writer.interrupt()
                writer.finish_attempt(0, 1.0)
