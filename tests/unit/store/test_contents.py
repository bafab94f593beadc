"""Which runs a block says it has trained."""

from pathlib import Path

import numpy as np
import pytest
from builders import make_facts, make_study
from store_builders import edit_knowingly, waiting

from paribus.errors import StoreError
from paribus.status import RunStatus
from paribus.store import StudyWriter, read_study


def forge(folder: Path, data: bytes) -> None:
    """Let the one block of eight finished runs say that it is about others."""
    edit_knowingly(folder, f"UPDATE block SET runs = x'{data.hex()}'")


def ids(*runs: int) -> bytes:
    return np.array(runs, dtype="<i8").tobytes()


@pytest.mark.parametrize(
    "data",
    [
        ids(),
        ids(*range(-1, 7)),
        ids(*range(1, 9)),
        ids(-1, *range(2, 9)),
        ids(0, *range(7)),
    ],
    ids=["none", "before the first", "past the last", "both", "twice"],
)
def test_a_block_is_about_runs_of_the_study_each_once(data: bytes, folder: Path):
    forge(folder, data)

    with pytest.raises(StoreError, match=r"`block`, key 1: no runs of the study\n"):
        read_study(folder)


def test_a_part_of_an_id_is_damage(folder: Path):
    forge(folder, ids(0)[:7])

    with pytest.raises(StoreError, match=r"is damaged: table `block`, key 1\n"):
        read_study(folder)


def test_the_runs_of_a_finished_block_say_so_too(folder: Path):
    edit_knowingly(folder, "UPDATE run SET block = 0 WHERE id = 3")

    words = r"`run`, key 3: it is not in block 1, which trained it\n"
    with pytest.raises(StoreError, match=words):
        read_study(folder)


def test_two_runs_of_one_config_and_seed_are_damage(folder: Path):
    edit_knowingly(folder, "UPDATE run SET (config, seed) = (0, 0) WHERE id = 1")

    with pytest.raises(StoreError, match=r"table `run`, key 1"):
        read_study(folder)


def test_a_run_that_diverged_in_a_block_on_its_way_is_damage(tmp_path: Path):
    """Where no values are compared at rungs a block's runs end together."""
    folder = tmp_path / "tiny"
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        writer.begin_block(waiting(writer), description="b")
    edit_knowingly(
        folder,
        f"UPDATE run SET status = {int(RunStatus.DIVERGED)}, diverged_at = 7 "
        "WHERE id = 2",
    )

    words = r"`run`, key 2: finished, but not its block, or the reverse\n"
    with pytest.raises(StoreError, match=words):
        read_study(folder)
