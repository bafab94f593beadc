"""A block that was stopped half-way ends with the bits it would have had."""

import math
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_blobs_study, train_blobs, write_blobs
from same_bits import assert_same_bits

from paribus.data.batches import steps_per_epoch
from paribus.declared import DIAGNOSTICS, RESCUE
from paribus.engine import keeper as keeping
from paribus.engine import trainer as training
from paribus.engine.block import CompiledEpochs
from paribus.engine.train import train_study
from paribus.errors import ParibusWarning, StoreError
from paribus.results import Progress, StudyResult
from paribus.store import StudyWriter, check_study, checkpoints
from paribus.store.rows import ReplayRow
from paribus.store.schema import BLOCK, CHECKPOINT, REPLAY
from paribus.study import Budget, ModelChoice, Study


# The second learning rate diverges at its first step, the first learns.
STUDY = make_blobs_study(learning_rate=(0.01, 1e38), epochs=4)


class StopAt:
    """Interrupts when an evaluation has been done."""

    def __init__(self, epoch: float) -> None:
        self._epoch = epoch

    def is_there(self, progress: Progress) -> bool:
        return bool(progress.n_training) and progress.epoch == self._epoch

    def __call__(self, progress: Progress) -> None:
        if self.is_there(progress):
            raise KeyboardInterrupt


def stop(study: Study, folder: Path, epoch: float, by: type[StopAt] = StopAt) -> Path:
    """Train a study until an evaluation; its folder."""
    folder.mkdir(exist_ok=True)
    if not (folder / "blobs.npz").exists():
        write_blobs(folder / "blobs.npz")
    with pytest.raises(KeyboardInterrupt):
        train_study(
            study,
            folder / study.name,
            data_folder=folder,
            device="cpu",
            on_progress=by(epoch),
        )
    return folder / study.name


def rows(folder: Path, table) -> list[Any]:
    with StudyWriter.open(folder) as writer:
        return writer._ledger.read(table)


@pytest.fixture
def every_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is stored after each evaluation, as if each took a minute."""
    monkeypatch.setattr(keeping, "EVALUATIONS_S", 0.0)
    monkeypatch.setattr(keeping, "CHECKPOINT_S", 0.0)
    monkeypatch.setattr(keeping, "LONGEST_S", 0.0)


@pytest.fixture
def one_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every evaluation is stored, but a state after the first two only."""
    monkeypatch.setattr(keeping, "EVALUATIONS_S", 0.0)
    monkeypatch.setattr(
        keeping.Keeper,
        "_interval",
        lambda self: 0.0 if self._n_stored < 2 else math.inf,
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return train_blobs(STUDY, tmp_path_factory.mktemp("whole"))


@pytest.mark.usefixtures("every_evaluation")
def test_a_stopped_block_goes_on_and_ends_with_the_same_bits(
    whole: StudyResult, tmp_path: Path
):
    folder = stop(STUDY, tmp_path, epoch=2)
    assert [row.evaluation for row in rows(folder, CHECKPOINT)] == [2, 3]

    result = train_blobs(STUDY, tmp_path)

    assert_same_bits(result, whole)
    assert rows(folder, REPLAY) == []  # its newest state was after all evaluations
    assert {row.id for row in rows(folder, BLOCK)} == {1}  # the same block went on
    assert not any((folder / "checkpoints").iterdir())
    assert check_study(folder).problems == ()


@pytest.mark.usefixtures("one_checkpoint")
def test_evaluations_after_the_state_are_computed_again_and_compared(
    whole: StudyResult, tmp_path: Path
):
    folder = stop(STUDY, tmp_path, epoch=3)

    result = train_blobs(STUDY, tmp_path)

    assert_same_bits(result, whole)
    (row,) = rows(folder, REPLAY)
    n_curves = len(whole.curves)
    assert row == ReplayRow(1, 2, 2 * 4 * n_curves, 0, 0.0)  # epochs 2 and 3, 4 runs


@pytest.mark.usefixtures("one_checkpoint")
def test_a_state_that_does_not_verify_costs_time_and_no_bit(
    whole: StudyResult, tmp_path: Path
):
    folder = stop(STUDY, tmp_path, epoch=3)
    shutil.rmtree(folder / "checkpoints")

    with pytest.warns(ParibusWarning, match="the block starts again"):
        result = train_blobs(STUDY, tmp_path)

    assert_same_bits(result, whole)
    (row,) = rows(folder, REPLAY)
    assert (row.n_values, row.n_different) == (4 * 4 * len(whole.curves), 0)


@pytest.mark.usefixtures("every_evaluation")
def test_a_state_of_another_model_is_refused_with_the_place_and_both_shapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from paribus.store import progress

    stop(STUDY, tmp_path, epoch=2)
    read = checkpoints.read_checkpoint

    def of_another(folder: Path, row):
        found = read(folder, row)
        name = next(n for n in found if "params" in n and found[n].ndim == 3)
        return {**found, name: found[name][:, :-1]}

    monkeypatch.setattr(progress, "read_checkpoint", of_another)

    with pytest.raises(StoreError, match=r"`state.params.*` of shape .*, the model \("):
        train_blobs(STUDY, tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("every_evaluation")
def test_a_part_of_a_stopped_block_is_trained_anew(whole: StudyResult, tmp_path: Path):
    stop(STUDY, tmp_path, epoch=2)
    one_seed = replace(STUDY, seeds=(0,))

    train_blobs(one_seed, tmp_path)
    result = train_blobs(STUDY, tmp_path)

    assert_same_bits(result, whole)


@pytest.mark.long
@pytest.mark.usefixtures("every_evaluation")
@pytest.mark.parametrize("epoch", [0, 1, 3])
@pytest.mark.parametrize(
    "study",
    [
        make_blobs_study(optimizer="sgd", learning_rate=(0.05, 0.2), epochs=4),
        replace(
            make_blobs_study(epochs=4),
            model=ModelChoice(name="mlp", settings={"hidden": (8,), "dropout": 0.3}),
        ),
        replace(
            make_blobs_study(epochs=4, evaluate_every=0.5),
            diagnostics=tuple(name for name in DIAGNOSTICS if name != RESCUE),
        ),
        replace(
            make_blobs_study(batch_size=(16, 64)),
            budget=Budget(epochs=4, evaluate_every=1.0, steps=100),
        ),
    ],
    ids=["momentum", "dropout", "diagnostics", "equal steps"],
)
def test_all_that_a_run_is_survives(study: Study, epoch: int, tmp_path: Path):
    whole = train_blobs(study, tmp_path)
    folder = tmp_path / "stopped"
    stop(study, folder, epoch=epoch)

    assert_same_bits(train_blobs(study, folder), whole)


class SignalAt(StopAt):
    """Sends a signal when an evaluation has been done, as a person does any time."""

    def __call__(self, progress: Progress) -> None:
        if self.is_there(progress):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def short_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Calls of four steps each, and where each began: its epoch and its step there."""
    began: list[tuple[int, int]] = []
    train = CompiledEpochs.train

    def counting(driver, states, traced, orders, segment, **more):
        began.append((segment.epoch, segment.first_step))
        return train(driver, states, traced, orders, segment, **more)

    monkeypatch.setattr(training, "steps_per_call", lambda **_: 4)
    monkeypatch.setattr(CompiledEpochs, "train", counting)
    return began


def test_a_signal_is_obeyed_between_two_calls_and_nothing_is_done_twice(
    whole: StudyResult, tmp_path: Path, short_calls: list[tuple[int, int]]
):
    n_steps = steps_per_epoch(whole.data.n_train, 16)
    folder = stop(STUDY, tmp_path, epoch=2, by=SignalAt)

    (row,) = rows(folder, CHECKPOINT)
    state = checkpoints.read_checkpoint(folder, row)
    assert row.evaluation == 3  # those before the first step and after two epochs
    assert short_calls[-1] == (2, 0)  # the third epoch's first call was carried out
    assert set(state["step"].tolist()) == {2 * n_steps + 4}
    del short_calls[:]

    result = train_blobs(STUDY, tmp_path)

    assert short_calls[0] == (2, 4)
    assert_same_bits(result, whole)
    assert rows(folder, REPLAY) == []
    assert {row.id for row in rows(folder, BLOCK)} == {1}
    assert not any((folder / "checkpoints").iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("short_calls")
def test_a_block_that_is_stopped_again_and_again_comes_to_its_end(
    whole: StudyResult, tmp_path: Path
):
    for epoch in (0, 1, 2, 3):
        folder = stop(STUDY, tmp_path, epoch=epoch, by=SignalAt)

    assert len(rows(folder, CHECKPOINT)) == 2
    assert_same_bits(train_blobs(STUDY, tmp_path), whole)
    assert check_study(folder).problems == ()


@pytest.mark.parametrize(
    ("cost_s", "interval_s"), [(0.0, 15.0), (0.5, 15.0), (2.0, 40.0), (10.0, 60.0)]
)
def test_states_that_take_long_to_write_are_written_less_often(
    cost_s: float, interval_s: float, whole: StudyResult, tmp_path: Path
):
    with StudyWriter.create(tmp_path / "blobs", STUDY, whole.data) as writer:
        keeper = keeping.Keeper(writer, 1)
    keeper._checkpoint_cost = cost_s

    # A twentieth of the time at most, but a kill never costs more than a minute.
    assert keeper._interval() == interval_s
