"""The campaign at the size that every change can pay for; `make campaign` is larger.

Parts that train, and the system calls, have files of their own, for another core.
"""

import os
import shutil

import pytest
from campaign.parts import LEAST, PARTS, TESTED, TRAINING
from campaign.run import broken_by
from needs import need


HERE = [part for part in PARTS if part not in (*TRAINING, *TESTED, "syscalls")]


@pytest.mark.slow
@pytest.mark.parametrize("part", HERE)
def test_no_fault_breaks_a_promise(part: str):
    if part == "disks":
        need("root, to mount small disks", is_there=os.geteuid() == 0)
    if part in ("power", "meetings"):
        need("strace", is_there=shutil.which("strace") is not None)

    assert broken_by(part, least=LEAST[part]) == []
