"""Real training killed, raced and starved of disk, as much as CI can pay for."""

import os
from collections.abc import Iterator

import pytest
from campaign.parts import LEAST, PROGRAMS, TRAINING
from campaign.run import broken_by
from needs import need


@pytest.fixture(scope="module", autouse=True)
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where the first part leaves what it compiles, since all train one study."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(PROGRAMS, str(tmp_path_factory.mktemp("programs")))
        yield


@pytest.mark.slow
@pytest.mark.parametrize("part", TRAINING)
def test_no_fault_in_training_breaks_a_promise(part: str):
    if part == "trainer-disks":
        need("root, to mount small disks", is_there=os.geteuid() == 0)

    assert broken_by(part, least=LEAST[part]) == []
