"""Whatever moment a writer is killed at, what it acknowledged is there."""

import os
import signal
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import hear, make_curves, start_child, waiting

from paribus.errors import ParibusWarning
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study
from paribus.study import Study


# Commits one run a block, with curves that its place in the study decides, and says its
# place after each commit.
TRAIN = """
import os, sys
from pathlib import Path
import numpy as np
from store_builders import make_curves, waiting
from paribus.store import StudyWriter
writer = StudyWriter.open(Path(sys.argv[1]))
writer.begin_attempt({})
places = {run: place for place, run in enumerate(writer.runs())}
os.write(1, b"begun\\n")
for run in waiting(writer):
    block = writer.begin_block([run], description="one")
    curves = make_curves(writer.study, 1, seed=places[run])
    writer.commit_block(block, curves=curves, diverged_at=np.zeros(1, dtype=int))
    os.write(1, f"{places[run]}\\n".encode())
writer.finish_attempt(0, 1.0)
os.write(1, b"finished\\n")
"""


def long_study() -> Study:
    return make_study(n_seeds=200, epochs=30)


def killed_after(folder: Path, n_commits: int, delay: float) -> list[int]:
    """Train until a kill, some seconds after some commits; what was acknowledged."""
    with start_child(TRAIN, folder) as child:
        assert hear(child) == "begun"
        said = [hear(child) for _ in range(n_commits)]
        time.sleep(delay)
        os.kill(child.pid, signal.SIGKILL)
        said += child.communicate()[0].splitlines()
    assert "finished" not in said, "more commits than expected: no kill"
    return [int(line) for line in said]


@pytest.mark.parametrize(
    "n_tries", [3, pytest.param(25, marks=pytest.mark.long)], ids=["a few", "many"]
)
def test_what_was_acknowledged_survives_a_kill_at_any_moment(
    n_tries: int, tmp_path: Path
):
    folder = tmp_path / "tiny"
    study = long_study()
    StudyWriter.create(folder, study, make_facts()).close()
    rng = np.random.default_rng(0)
    acknowledged: set[int] = set()
    result = read_study(folder)
    is_done = np.zeros(400, dtype=bool)

    # In commits, not in time alone: how many fit into a second depends on the disk.
    for n_kills in range(1, n_tries + 1):
        n_commits, delay = int(rng.integers(10)), rng.uniform(0, 0.005)
        acknowledged.update(killed_after(folder, n_commits, delay))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ParibusWarning)  # of an unfinished write
            result = read_study(folder)
            assert check_study(folder).problems == ()
        is_done = (result.status == RunStatus.CONVERGED).ravel()
        # A commit may be stored and killed before it could be acknowledged.
        assert acknowledged <= set(np.flatnonzero(is_done).tolist())
        assert is_done.sum() <= len(acknowledged) + n_kills
        assert (result.status != RunStatus.RUNNING).all()

    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        assert len(waiting(writer)) == 400 - is_done.sum()
    flat = {name: curve.reshape(400, -1) for name, curve in result.curves.items()}
    for place in acknowledged:
        for name, values in make_curves(study, 1, seed=place).items():
            np.testing.assert_array_equal(flat[name][place], values[:, 0])


def test_readers_see_whole_commits_while_a_writer_works(tmp_path: Path):
    folder = tmp_path / "tiny"
    StudyWriter.create(folder, long_study(), make_facts()).close()

    counts = []
    with start_child(TRAIN, folder) as child:
        assert hear(child) == "begun"
        while child.poll() is None and len(counts) < 8:
            result = read_study(folder)
            is_done = result.has_outcome()
            counts.append(int(is_done.sum()))
            is_there = ~np.isnan(result.curves["test_accuracy"]).any(axis=-1)
            np.testing.assert_array_equal(is_done, is_there)
        child.kill()
        child.communicate()

    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
