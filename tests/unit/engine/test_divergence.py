"""Runs that diverge: all of a block or one, at the first step, at the last, later."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset, train_blobs
from campaign.poison import Poisoned

from paribus.engine import keeper as keeping
from paribus.engine.block import BlockShape, CompiledEpochs, Compiler
from paribus.engine.epochs import BlockCurves, train_block
from paribus.engine.plan import group_configs
from paribus.engine.train import train_study
from paribus.engine.trainer import Trainer
from paribus.results import Progress, StudyResult
from paribus.status import RunStatus
from paribus.study import Run


pytestmark = pytest.mark.slow

N_STEPS = 12  # two epochs of six
DOOMED = make_blobs_study(learning_rate=(1e37, 1e38), epochs=4)


@pytest.fixture
def epochs_trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The epoch of each compiled call."""
    found: list[int] = []
    train = CompiledEpochs.train

    def counting(
        driver: Any, states: Any, traced: Any, orders: Any, segment: Any, **more: Any
    ) -> Any:
        is_timing = segment.epoch > 4  # far from any that is trained
        if driver.shape.n_runs < 15 and not is_timing:  # those of the baseline are 15
            found.append(segment.epoch)
        return train(driver, states, traced, orders, segment, **more)

    monkeypatch.setattr(CompiledEpochs, "train", counting)
    return found


def assert_equal(doomed: StudyResult, other: StudyResult) -> None:
    """Compare all that is stored of the runs that diverge, to the bit."""
    np.testing.assert_array_equal(doomed.diverged_at, other.diverged_at[:2])
    for table, others in (
        (doomed.curves, other.curves),
        (doomed.measures, other.measures),
        (doomed.correct, other.correct),
    ):
        assert table.keys() == others.keys()
        for name, values in table.items():
            assert values.tobytes() == others[name][:2].tobytes(), name


def test_a_block_whose_runs_have_all_diverged_is_not_trained_on(
    tmp_path: Path, epochs_trained: list[int]
):
    result = train_blobs(DOOMED, tmp_path)

    assert epochs_trained == [0]
    assert (result.status == RunStatus.DIVERGED).all()
    assert (result.diverged_at >= 1).all()
    assert np.isnan(result.curves["test_loss"][:, :, 1:]).all()
    assert np.isfinite(result.curves["test_loss"][:, :, 0]).all()


def test_it_ends_as_it_does_beside_a_run_that_goes_on(tmp_path: Path):
    (tmp_path / "alone").mkdir()
    (tmp_path / "beside").mkdir()
    alone = train_blobs(DOOMED, tmp_path / "alone")
    others = make_blobs_study(learning_rate=(1e37, 1e38, 0.01), epochs=4)

    beside = train_blobs(others, tmp_path / "beside")

    assert_equal(alone, beside)


def test_runs_that_have_all_diverged_stay_so_over_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epochs_trained: list[int]
):
    whole = train_blobs(DOOMED, tmp_path)
    stopped = tmp_path / "stopped"
    stopped.mkdir()
    (tmp_path / "blobs.npz").rename(stopped / "blobs.npz")
    for name in ("EVALUATIONS_S", "CHECKPOINT_S", "LONGEST_S"):
        monkeypatch.setattr(keeping, name, 0.0)

    def stop(progress: Progress) -> None:
        if progress.n_training and progress.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_study(
            DOOMED,
            stopped / "blobs",
            data_folder=stopped,
            device="cpu",
            on_progress=stop,
        )
    epochs_trained.clear()

    assert_equal(train_blobs(DOOMED, stopped), whole)
    assert epochs_trained == []


class PoisonedLate(Poisoned):
    """Gives one seat weights that are no numbers before a call of one step."""

    def __init__(self, driver: CompiledEpochs, *, seat: int, step: int) -> None:
        super().__init__(driver, seat=seat, place="later", value=np.inf)
        self._left = step

    def train(self, states: Any, *arguments: Any, **options: Any) -> Any:
        self._left -= 1
        if not self._left:
            params = jax.tree.map(self._poisoned, states.params)
            states = states._replace(params=params)
        return super().train(states, *arguments, **options)


@pytest.fixture(scope="module")
def block() -> Any:
    """What trains four runs at once, one step a call, one of them poisoned or none."""
    study = replace(make_blobs_study(seeds=(0, 1), epochs=2))
    dataset = make_dataset(n_train=96, n_test=32)
    device = jax.devices("cpu")[0]
    runs = [Run(config, seed) for config in study.configs() for seed in study.seeds]
    with Compiler(n_threads=1) as compiler:
        trainer = Trainer(study, dataset, (device,), compiler)
        (group,) = group_configs(study)
        shape = BlockShape(
            devices=(device,), runs_per_device=4, map_width=4, steps_per_call=1
        )
        trainer._shapes[group] = shape
        driver = trainer.driver(group)

        def train(seat: int = 0, step: int = 0) -> BlockCurves:
            chosen: Any = PoisonedLate(driver, seat=seat, step=step)
            trained = train_block(chosen, runs, study, n_examples=96)
            assert trained is not None
            return trained

        yield train


@pytest.mark.parametrize("seat", [0, 3], ids=["first run", "last run"])
@pytest.mark.parametrize("step", [1, 6, 7, N_STEPS])
def test_the_step_is_told_and_what_came_before_it_stays(
    block: Any, seat: int, step: int
):
    healthy = block()

    poisoned = block(seat, step)

    assert poisoned.diverged_at.tolist() == [step * (s == seat) for s in range(4)]
    n_whole = 1 + (step - 1) // 6  # evaluations before it
    for name, curve in healthy.curves.items():
        found = poisoned.curves[name]
        others = np.arange(4) != seat
        assert found[:, others].tobytes() == curve[:, others].tobytes(), name
        assert found[:n_whole, seat].tobytes() == curve[:n_whole, seat].tobytes(), name
        assert np.isnan(found[n_whole:, seat]).all(), name
