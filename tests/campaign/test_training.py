"""Real training killed, raced and starved of disk, as much as CI can pay for."""

import os

import pytest
from campaign.parts import LEAST, TRAINING
from campaign.run import broken_by
from needs import need


@pytest.mark.slow
@pytest.mark.parametrize("part", TRAINING)
def test_no_fault_in_training_breaks_a_promise(part: str):
    if part == "trainer-disks":
        need("root, to mount small disks", is_there=os.geteuid() == 0)

    assert broken_by(part, least=LEAST[part]) == []
