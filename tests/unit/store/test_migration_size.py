"""A study of 100,000 runs is migrated, in memory that its curves decide."""

from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from golden_stores import schema_of
from store_builders import edit, start_child, waiting

from paribus.store import StudyWriter
from paribus.store.schema import SCHEMA_VERSION


N_RUNS, N_BLOCKS, N_EVALUATIONS = 100_000, 100, 50
OPEN = """
import sys
from pathlib import Path
from paribus.store import StudyWriter
writer = StudyWriter.open(Path(sys.argv[1]))
# Not ru_maxrss: that begins with what the process that started this one takes.
lines = Path("/proc/self/status").read_text().splitlines()
(peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
print(len(writer.runs()), peak)
writer.close()
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
@pytest.mark.long  # 51 s of a processor, most of them to make the runs
def test_a_study_of_100000_runs_is_migrated_in_half_a_gigabyte(tmp_path: Path):
    folder = tmp_path / "large"
    study = make_study(n_seeds=N_RUNS // 2, epochs=N_EVALUATIONS - 1)
    with StudyWriter.create(folder, study, make_facts()) as writer:
        writer.begin_attempt({})
        runs = waiting(writer)
        width = N_RUNS // N_BLOCKS
        curves = np.ones((len(writer.epochs), width), np.float32)
        for first in range(0, N_RUNS, width):
            block = writer.begin_block(runs[first : first + width], description="b")
            writer.commit_block(
                block,
                curves={"test_loss": curves},
                diverged_at=np.zeros(width, np.int64),
            )
    edit(
        folder,
        "DROP TABLE round",
        "DELETE FROM total WHERE name = 'round'",
        "PRAGMA user_version = 3",
    )

    with start_child(OPEN, folder) as child:
        said, errors = child.communicate()

    assert child.returncode == 0, errors
    n_runs, peak = map(int, said.split())
    assert n_runs == N_RUNS
    assert schema_of(folder) == SCHEMA_VERSION
    assert peak * 1024 < 500 * 10**6
