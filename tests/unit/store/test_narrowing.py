"""Blocks that were too wide for the memory: their runs wait again, and it is known."""

from pathlib import Path

import pytest
from builders import make_facts, make_study
from store_builders import train, waiting

from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study


@pytest.fixture
def writer(tmp_path: Path):
    """An attempt on a device, of a study of eight runs."""
    folder = tmp_path / "tiny"
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({"device": "2 × cpu", "jax": "0.10"})
        yield writer


def give_back(writer: StudyWriter, n_runs: int, description: str) -> None:
    block = writer.begin_block(waiting(writer)[:n_runs], description=description)
    writer.give_back_block(block, "out of memory \ud800")
    with pytest.raises(
        ValueError, match=f"^block {block} must be running, it is inter"
    ):
        writer.give_back_block(block, "again")


def test_the_runs_of_a_block_that_is_given_back_wait(writer: StudyWriter):
    give_back(writer, 3, "batch_size=32")

    assert set(writer.runs().values()) == {RunStatus.PENDING}
    assert writer.stopped_blocks() == {}
    train(writer, waiting(writer))
    assert (read_study(writer.folder).status >= RunStatus.DIVERGED).all()
    assert check_study(writer.folder).problems == ()


def test_only_a_running_block_is_given_back(writer: StudyWriter):
    block = train(writer, waiting(writer)[:2])

    with pytest.raises(ValueError, match="must be running, it is finished"):
        writer.give_back_block(block, "too late")


def test_the_fewest_runs_that_did_not_fit_are_known_by_description(
    writer: StudyWriter,
):
    for n_runs, description in [(4, "a"), (2, "a"), (3, "a"), (5, "b")]:
        give_back(writer, n_runs, description)
    failed = writer.begin_block(waiting(writer)[:1], description="c")
    writer.fail_block(failed, "another reason")

    assert writer.too_wide_blocks() == {"a": 2, "b": 5}


@pytest.mark.parametrize(
    ("environment", "known"),
    [
        ({"device": "2 × cpu", "jax": "0.11"}, {"a": 4}),
        ({"device": "4 × cpu"}, {}),
        ({"jax": "0.10"}, {}),
    ],
    ids=["the same device", "another", "not said"],
)
def test_what_did_not_fit_on_one_device_may_fit_on_another(
    writer: StudyWriter, environment: dict[str, str], known: dict[str, int]
):
    give_back(writer, 4, "a")

    writer.begin_attempt(environment)

    assert writer.too_wide_blocks() == known


def test_attempts_that_do_not_say_their_device_are_not_one_device(tmp_path: Path):
    folder = tmp_path / "silent"
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({})
        give_back(writer, 4, "a")

        assert writer.too_wide_blocks() == {}
