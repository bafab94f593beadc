"""A study through any order of what may happen to it, against a dictionary."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from builders import make_facts, make_study
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from store_builders import make_curves, waiting

from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study
from paribus.study import Run, Study


RATES = st.lists(st.sampled_from([0.001, 0.01, 0.1, 1.0]), min_size=1, unique=True)
SEEDS = st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True)


class Stopped(NamedTuple):
    """A block that was left in its middle, and what was stored of it.

    Attributes:
        runs: Its runs.
        curves: All that it would store.
        n_states: After how many evaluations its newest state is; 0 for none.
        n_stored: Evaluations that are stored.
    """

    runs: tuple[Run, ...]
    curves: dict[str, np.ndarray]
    n_states: int
    n_stored: int


class StudyMachine(RuleBasedStateMachine):
    """What is stored, beside what a dictionary remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.parent = tempfile.TemporaryDirectory()
        self.folder = Path(self.parent.name) / "tiny"
        self.writer: StudyWriter | None = None
        self.forget()

    def forget(self) -> None:
        self.asked: set[Run] = set()
        self.curves: dict[Run, dict[str, np.ndarray]] = {}
        self.diverged: dict[Run, int] = {}
        self.failed: dict[Run, str] = {}
        self.stopped: dict[int, Stopped] = {}
        self.n_blocks = 0

    def teardown(self) -> None:
        self.drop()
        self.parent.cleanup()

    def begin(self, study: Study) -> StudyWriter:
        self.writer = StudyWriter.create(self.folder, study, make_facts())
        self.writer.begin_attempt({"python": "3.11"})
        self.asked |= set(self.writer.runs())
        assert {
            Run(config, seed) for config in study.configs() for seed in study.seeds
        } <= self.asked
        return self.writer

    @initialize(rates=RATES, seeds=SEEDS)
    def create(self, rates: list[float], seeds: list[int]) -> None:
        self.begin(drawn(rates, seeds))

    @precondition(lambda self: self.writer is None)
    @rule(rates=RATES, seeds=SEEDS)
    def grow_or_shrink(self, rates: list[float], seeds: list[int]) -> None:
        self.begin(drawn(rates, seeds))

    @precondition(lambda self: self.writer is not None)
    @rule()
    def drop(self) -> None:
        """As a process that ends: what runs, runs no more."""
        if self.writer is not None:
            self.writer.close()
        self.writer = None

    @precondition(lambda self: self.writer is None)
    @rule()
    def delete(self) -> None:
        shutil.rmtree(self.folder)
        self.forget()
        self.begin(drawn([0.01], [0]))

    @precondition(lambda self: self.writer is not None and bool(waiting(self.writer)))
    @rule(data=st.data(), end=st.sampled_from(["commit", "fail", "leave", "stop"]))
    def train(self, data: st.DataObject, end: str) -> None:
        writer = self.writer
        assert writer
        runs = data.draw(
            st.lists(st.sampled_from(waiting(writer)), min_size=1, unique=True)
        )
        self.n_blocks += 1
        block = writer.begin_block(runs, description=f"block {self.n_blocks}")
        if end == "stop":
            self.store_parts(data, block, tuple(runs))
        if end == "fail":
            writer.fail_block(block, f"fault {block}")
            self.failed |= dict.fromkeys(runs, f"fault {block}")
        if end == "commit":
            curves = make_curves(writer.study, len(runs), seed=self.n_blocks)
            self.commit(block, tuple(runs), curves)

    def commit(
        self, block: int, runs: tuple[Run, ...], curves: dict[str, np.ndarray]
    ) -> None:
        assert self.writer
        steps = np.arange(len(runs), dtype=np.int64) % 2 * block
        self.writer.commit_block(block, curves=curves, diverged_at=steps)
        for at, run in enumerate(runs):
            self.curves[run] = {name: v[:, at] for name, v in curves.items()}
            self.diverged[run] = int(steps[at])

    def store_parts(
        self, data: st.DataObject, block: int, runs: tuple[Run, ...]
    ) -> None:
        """Some evaluations, perhaps each with a state."""
        assert self.writer
        curves = make_curves(self.writer.study, len(runs), seed=self.n_blocks)
        n_states = 0
        ends = data.draw(st.lists(st.booleans(), min_size=1, max_size=2))
        for n, has_state in enumerate(ends, start=1):
            part = {name: values[n - 1 : n] for name, values in curves.items()}
            n_states = n if has_state else n_states
            state = {"n": np.full(len(runs), 100 * block + n)} if has_state else None
            self.writer.commit_evaluations(block, part, checkpoint=state)
        self.stopped[block] = Stopped(runs, curves, n_states, len(ends))

    @precondition(lambda self: bool(self.resumable()))
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        """A block goes on from its newest state, and stores what it would have."""
        assert self.writer
        block, runs = data.draw(st.sampled_from(sorted(self.resumable().items())))
        stopped = self.stopped.pop(block)
        assert runs == stopped.runs
        resumed = self.writer.resume_block(block)
        assert resumed.evaluation == stopped.n_states
        if stopped.n_states:
            assert resumed.tensors is not None
            assert set(resumed.tensors["n"]) == {100 * block + stopped.n_states}
        self.commit(block, runs, stopped.curves)

    def resumable(self) -> dict[int, tuple[Run, ...]]:
        """The stopped blocks whose runs have not been trained elsewhere since."""
        if self.writer is None:
            return {}
        found = self.writer.stopped_blocks()
        assert set(found) <= set(self.stopped)
        return found

    @precondition(lambda self: self.writer is not None)
    @rule()
    def interrupt(self) -> None:
        assert self.writer
        self.writer.interrupt()

    @precondition(lambda self: self.writer is not None)
    @rule()
    def retry(self) -> None:
        assert self.writer
        assert self.writer.retry_failed() == len(self.failed)
        self.failed.clear()

    @invariant()
    def the_writer_knows_what_is_done(self) -> None:
        if self.writer is None:
            return
        runs = self.writer.runs()
        assert set(runs) == self.asked
        failed = {run for run, status in runs.items() if status is RunStatus.FAILED}
        assert failed == set(self.failed)
        left = {RunStatus.PENDING, RunStatus.RUNNING, RunStatus.INTERRUPTED}
        done = {run for run, status in runs.items() if status not in left}
        assert done - failed == set(self.curves)

    @precondition(lambda self: self.writer is None)
    @rule()
    def read(self) -> None:
        assert check_study(self.folder).problems == ()
        result = read_study(self.folder)
        rows = {config: row for row, config in enumerate(result.configs)}
        found = {
            Run(config, seed): (rows[config], column)
            for config in result.configs
            for column, seed in enumerate(result.seeds)
        }
        assert self.asked <= set(found)
        assert int(result.has_outcome().sum()) == len(self.curves)
        for run, truth in self.curves.items():
            at = found[run]
            assert result.diverged_at[at] == self.diverged[run]
            for name, values in truth.items():
                np.testing.assert_array_equal(result.curves[name][at], values)
        for run, message in self.failed.items():
            assert result.status[found[run]] == RunStatus.FAILED
            assert result.messages[found[run]] == message


def drawn(rates: list[float], seeds: list[int]) -> Study:
    return replace(make_study(learning_rate=tuple(rates)), seeds=tuple(seeds))


# Of a block in which two processes have died the next one warns.
@pytest.mark.filterwarnings("ignore:.* processes have died")
@pytest.mark.parametrize(
    ("n_examples", "n_steps"),
    [(6, 12), pytest.param(200, 40, marks=pytest.mark.long)],
    ids=["a few", "many"],
)
def test_a_study_is_what_a_dictionary_remembers(
    n_examples: int, n_steps: int, record_property: Callable[[str, object], None]
):
    class Counted(StudyMachine):
        n_whole = 0

        def teardown(self) -> None:
            super().teardown()
            # Hypothesis leaves an example by an exception if it ran out of choices.
            Counted.n_whole += sys.exception() is None

    run_state_machine_as_test(
        Counted, settings=settings(max_examples=n_examples, stateful_step_count=n_steps)
    )

    record_property("examples", Counted.n_whole)  # counted by the campaign
