"""The order of what reaches the disk, seen from outside the process."""

import re
import shutil
import subprocess
import sys
from itertools import pairwise

import pytest
from needs import need
from store_builders import child_environment


CREATE_AND_COMMIT = """
import os, sys
from pathlib import Path
from builders import make_facts, make_study
from store_builders import train, waiting
from paribus.store import StudyWriter
writer = StudyWriter.create(Path(sys.argv[1]), make_study(), make_facts())
os.write(1, b"ACKNOWLEDGED\\n")
writer.begin_attempt({})
os.write(1, b"ACKNOWLEDGED\\n")
for run in waiting(writer)[:2]:
    train(writer, [run])
    os.write(1, b"ACKNOWLEDGED\\n")
writer.close()
"""

CALLS = "fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,write,pwrite64,mkdir"


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The system calls on the study, and the acknowledgements, in order."""
    need("strace", is_there=shutil.which("strace") is not None)
    folder = tmp_path_factory.mktemp("parent") / "tiny"
    log = folder.parent / "log"
    script = [sys.executable, "-c", CREATE_AND_COMMIT, str(folder)]
    subprocess.run(
        ["strace", "-f", "-y", "-qq", "-o", str(log), "-e", f"trace={CALLS}", *script],
        check=True,
        stdout=subprocess.DEVNULL,
        env=child_environment(),
    )
    lines = [
        re.sub(r"^\d+ +", "", line)
        for line in log.read_text().splitlines()
        if "tiny" in line or "ACKNOWLEDGED" in line
    ]
    assert sum("ACKNOWLEDGED" in line for line in lines) == 4
    return lines


def test_a_new_study_is_synced_before_and_after_it_is_renamed(calls: list[str]):
    renamed = next(i for i, call in enumerate(calls) if call.startswith("rename"))
    acknowledged = next(i for i, call in enumerate(calls) if "ACKNOWLEDGED" in call)

    assert re.search(r"\.tiny\.new-\w+\", .*/tiny\"", calls[renamed])
    assert re.match(r"fsync\(\d+<.*/\.tiny\.new-\w+>\)", calls[renamed - 1])
    written = [i for i, call in enumerate(calls[:renamed]) if "write" in call]
    synced = [
        i for i, call in enumerate(calls[:renamed]) if re.match(r"f\w*sync.*db>", call)
    ]
    assert max(synced) > max(i for i in written if "study.db>" in calls[i])
    assert renamed < acknowledged


def test_the_folder_is_synced_between_each_commit_and_its_acknowledgement(
    calls: list[str],
):
    acknowledged = [i for i, call in enumerate(calls) if "ACKNOWLEDGED" in call]
    for begin, end in pairwise(acknowledged):
        between = calls[begin + 1 : end]
        removed = [
            i for i, call in enumerate(between) if re.match(r"unlink.*-journal", call)
        ]
        synced = [
            i
            for i, call in enumerate(between)
            if re.match(r"fsync\(\d+<.*/tiny>", call)
        ]

        assert removed
        assert len(removed) == len(synced)
        assert all(r < s for r, s in zip(removed, synced, strict=True))
        assert synced[-1] == len(between) - 1
