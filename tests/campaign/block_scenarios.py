"""Long blocks while faults are injected: states written, used, deleted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from builders import make_facts, make_study
from campaign.promises import broken_runs
from campaign.scenarios import NAME, Say, Scenario, beside, curves_together, place_of
from store_builders import STARTS, waiting

from paribus.results import StudyResult
from paribus.status import RunStatus
from paribus.store import StudyWriter
from paribus.store.chunks import read_chunk, read_runs
from paribus.store.ledger import Ledger
from paribus.store.progress import Resumed
from paribus.store.schema import BLOCK, CHECKPOINT, CHUNK, RUN
from paribus.store.snapshot import read_snapshot
from paribus.study import Run, Study


EPOCHS = 3  # and so four evaluations, the last of which is committed with the block
WIDTH = 2
OUTCOMES = (RunStatus.CONVERGED, RunStatus.DIVERGED)


def study() -> Study:
    """Two blocks of two runs."""
    return make_study(name=NAME, n_seeds=2, epochs=EPOCHS)


def state_of(place: int, n_evaluations: int) -> dict[str, np.ndarray]:
    """What a block goes on with: large enough for several writes."""
    return {"state": np.full((WIDTH, 2000), place + n_evaluations, np.float32)}


def stopped(folder: Path, *, n_states: int = 1) -> None:
    """A block died after its second evaluation; its last state is of the first.

    Or of the second, if it has two.
    """
    with StudyWriter.create(folder / NAME, study(), make_facts()) as writer:
        writer.begin_attempt({})
        runs = waiting(writer)[:WIDTH]
        place = place_of(writer.study, runs[0])
        block = writer.begin_block(runs, description="two")
        curves = curves_together(writer.study, runs)
        first, second = _part(curves, 0), _part(curves, 1)
        writer.commit_evaluations(block, first, checkpoint=state_of(place, 1))
        state = state_of(place, 2) if n_states > 1 else None
        writer.commit_evaluations(block, second, checkpoint=state)


def go_on(folder: Path, say: Say) -> None:
    with StudyWriter.open(folder / NAME) as writer:
        writer.begin_attempt({})
        writer.note_starts(STARTS)
        for block, runs in writer.stopped_blocks().items():
            _train(writer, block, runs, writer.resume_block(block), say)
        while runs := waiting(writer)[:WIDTH]:
            block = writer.begin_block(runs, description="two")
            _train(writer, block, runs, Resumed(0, None), say)
        writer.interrupt()
        writer.finish_attempt(n_runs=4, seconds=1.0)
        say("ended")


def _train(
    writer: StudyWriter, block: int, runs: Sequence[Run], resumed: Resumed, say: Say
) -> None:
    """Train a block to its end as the engine does, with a state at each evaluation."""
    places = [place_of(writer.study, run) for run in runs]
    if resumed.tensors is not None:
        expected = state_of(places[0], resumed.evaluation)["state"]
        if not np.array_equal(resumed.tensors["state"], expected):
            raise AssertionError(f"a block goes on from another state: {resumed}")
    curves = curves_together(writer.study, runs)
    for n_before in range(resumed.evaluation, EPOCHS):
        state = state_of(places[0], n_before + 1)
        writer.commit_evaluations(block, _part(curves, n_before), checkpoint=state)
        say(f"evaluation {n_before + 1} of {places[0]}")
    writer.commit_block(
        block,
        curves=curves,
        diverged_at=np.array([place % 3 for place in places]),
        **beside(places),
    )
    for place in places:
        say(f"run {place}")


def _part(curves: Mapping[str, np.ndarray], n_before: int) -> dict[str, np.ndarray]:
    return {name: values[n_before : n_before + 1] for name, values in curves.items()}


class _Stored(NamedTuple):
    """What a store says of a block that is not finished."""

    n_evaluations: int
    newest_state: int
    is_as_computed: bool


def _look(folder: Path, result: StudyResult, said: Sequence[str]) -> list[str]:
    """Every evaluation that was acknowledged is there, with the state after it."""
    problems = broken_runs(folder, result, said)
    stored = read_snapshot(folder, _stored)
    for text in said:
        if text.startswith("evaluation"):
            n, place = int(text.split()[1]), int(text.split()[3])
            found = stored.get(place)
            if found is not None and found.newest_state < n:
                problems.append(f"the state after {text} is lost")
            if found is not None and found.n_evaluations < n:
                problems.append(f"{text} is lost")
    problems += [
        f"evaluations of {place} have other numbers"
        for place, found in stored.items()
        if not found.is_as_computed
    ]
    if result.replays.n_different:
        problems.append("what was computed again is said to differ")
    return problems


def _stored(ledger: Ledger) -> dict[int, _Stored]:
    """The blocks that are not finished, by the place of their first run."""
    asked = study()
    configs = asked.configs()
    runs = {row.id: row for row in ledger.read(RUN)}
    chunks = [c for c in ledger.read(CHUNK) if not c.is_superseded]
    states = ledger.read(CHECKPOINT)
    found: dict[int, _Stored] = {}
    for block in ledger.read(BLOCK):
        rows = [runs[key] for key in read_runs(block.runs).tolist()]
        if rows[0].status in OUTCOMES or rows[0].block != block.id:
            continue
        members = [Run(configs[row.config], row.seed) for row in rows]
        curves = curves_together(asked, members)
        own = [chunk for chunk in chunks if chunk.block == block.id]
        found[place_of(asked, members[0])] = _Stored(
            n_evaluations=max(
                (c.first_evaluation + c.n_evaluations for c in own), default=0
            ),
            newest_state=max(
                (s.evaluation for s in states if s.block == block.id), default=0
            ),
            is_as_computed=all(
                np.array_equal(
                    read_chunk(c),
                    curves[f"{c.split}_{c.metric}"][c.first_evaluation :][
                        : c.n_evaluations
                    ],
                    equal_nan=True,
                )
                for c in own
            ),
        )
    return found


SCENARIOS = (
    Scenario(name="write and delete states", prepare=stopped, act=go_on, look=_look),
)
