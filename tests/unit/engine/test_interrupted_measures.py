"""Measures at the end of the budget that are interrupted: what was trained is kept."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_blobs_study, train_blobs, write_blobs
from same_bits import assert_same_bits

from paribus.engine import keeper as keeping
from paribus.engine import trainer as training
from paribus.engine.block import CompiledEpochs
from paribus.engine.prober import Prober
from paribus.engine.rescuer import Rescue
from paribus.engine.train import train_study
from paribus.results import StudyResult
from paribus.store import check_study
from paribus.study import DataChoice, Study
from paribus.tuning import Tuning, count_tuning_seeds


MEASURED = replace(
    make_blobs_study(epochs=3), diagnostics=("weight_distance", "anneal")
)
RESCUED = replace(
    make_blobs_study(
        learning_rate=(1e-5, 0.03, 0.1, 30.0),
        seeds=(0, 1),
        optimizer="sgd",
        epochs=4,
    ),
    data=DataChoice(path="blobs.npz", validation=40),
    tuning=Tuning(seeds=count_tuning_seeds(5), n_choosing=2, compare="all"),
    diagnostics=("rescue",),
)


class Calls:
    """Counts compiled calls that train, each of four steps at most."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.n = 0
        train = CompiledEpochs.train

        def counted(driver: Any, *arguments: Any, **more: Any) -> Any:
            self.n += 1
            return train(driver, *arguments, **more)

        monkeypatch.setattr(training, "steps_per_call", lambda **_: 4)
        monkeypatch.setattr(CompiledEpochs, "train", counted)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    monkeypatch.setattr(keeping, "EVALUATIONS_S", 0.0)
    return Calls(monkeypatch)


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """No state falls due on the way."""
    monkeypatch.setattr(keeping.Keeper, "_interval", lambda keeper: np.inf)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def before(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, act: Callable[[], None]
) -> None:
    """Act once, when a method is called next."""
    method = getattr(owner, name)
    acts = [act]

    def called(*arguments: Any, **more: Any) -> Any:
        if acts:
            acts.pop()()
        return method(*arguments, **more)

    monkeypatch.setattr(owner, name, called)


def interrupted(study: Study, place: Path) -> Path:
    folder = place / study.name
    with pytest.raises(KeyboardInterrupt):
        train_study(study, folder, data_folder=place, device="cpu")
    assert check_study(folder).problems == ()
    return folder


def trained(study: Study, place: Path, calls: Calls) -> tuple[StudyResult, int]:
    """The study, trained to its end, and how many calls that took."""
    n_before = calls.n
    result = train_blobs(study, place)
    return result, calls.n - n_before


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_blobs(tmp_path / "blobs.npz")
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("seldom")
def test_an_interrupt_while_weights_are_measured_costs_the_measures_alone(
    place: Path, tmp_path_factory: Any, calls: Calls, monkeypatch: pytest.MonkeyPatch
):
    whole, n_calls = trained(MEASURED, tmp_path_factory.mktemp("whole"), calls)
    assert np.isfinite(whole.measures["annealed_train_loss"]).all()
    calls.n = 0

    before(monkeypatch, Prober, "measure_end", interrupt)
    interrupted(MEASURED, place)
    n_first = calls.n
    result, n_second = trained(MEASURED, place, calls)

    assert n_first > 0
    assert n_first + n_second == n_calls
    assert_same_bits(result, whole)


@pytest.mark.usefixtures("calls", "seldom")
def test_runs_go_on_after_measures_to_take_as_many_steps_as_others(place: Path):
    """Before the measures all evaluations are stored, after them there is none new."""
    whole = replace(MEASURED, budget=replace(MEASURED.budget, steps=60))

    result = train_blobs(whole, place)

    assert result.epochs[-1] > MEASURED.budget.epochs
    assert np.isfinite(result.curve("train_loss")[..., -1]).all()


@pytest.mark.slow
@pytest.mark.usefixtures("seldom")
def test_an_interrupt_while_runs_are_annealed_loses_no_step(
    place: Path, tmp_path_factory: Any, calls: Calls, monkeypatch: pytest.MonkeyPatch
):
    whole, n_calls = trained(MEASURED, tmp_path_factory.mktemp("whole"), calls)
    calls.n = 0

    n_stops, result = 0, None
    while result is None:
        n_stops += 1
        stop_in_detours(monkeypatch, after=3 * n_stops)
        try:
            result = train_blobs(MEASURED, place)
        except KeyboardInterrupt:
            continue

    assert n_stops >= 3
    assert calls.n == n_calls
    assert_same_bits(result, whole)
    assert not any((place / MEASURED.name / "checkpoints").iterdir())


def stop_in_detours(monkeypatch: pytest.MonkeyPatch, *, after: int) -> None:
    """Send a signal when so many calls were made beside the budget."""
    keep, left = keeping.Keeper.keep_beside, [after]

    def counted(*arguments: Any) -> None:
        left[0] -= 1
        if not left[0]:
            interrupt()
        keep(*arguments)

    monkeypatch.setattr(keeping.Keeper, "keep_beside", counted)


@pytest.mark.long
def test_a_state_falls_due_beside_the_budget_too(
    place: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch
):
    """As a kill finds it: nothing is stored by the interrupt itself."""
    monkeypatch.setattr(keeping, "CHECKPOINT_S", 0.0)
    monkeypatch.setattr(keeping, "LONGEST_S", 0.0)
    whole = train_blobs(MEASURED, place)
    whole_calls, calls.n = calls.n, 0
    (place / MEASURED.name).rename(place / "whole")
    keep, n_kept = keeping.Keeper.keep_beside, [0]

    def killed(*arguments: Any) -> None:
        keep(*arguments)
        n_kept[0] += 1
        if n_kept[0] == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(keeping.Keeper, "keep_beside", killed)
    interrupted(MEASURED, place)
    result = train_blobs(MEASURED, place)

    assert calls.n == whole_calls
    assert_same_bits(result, whole)


@pytest.mark.long
@pytest.mark.usefixtures("seldom")
def test_an_interrupt_while_runs_are_rescued_loses_no_step(
    place: Path, tmp_path_factory: Any, calls: Calls, monkeypatch: pytest.MonkeyPatch
):
    whole, n_calls = trained(RESCUED, tmp_path_factory.mktemp("whole"), calls)
    assert np.isfinite(whole.measures["rescued"]).any()
    calls.n = 0
    look, n_looks = Rescue.look, [0]

    def stopped(rescue: Any, states: Any, found: Any) -> Any:
        n_looks[0] += 1
        if n_looks[0] in (1, 3):
            interrupt()
        return look(rescue, states, found)

    monkeypatch.setattr(Rescue, "look", stopped)
    n_stops, result = 0, None
    while result is None:
        try:
            result = train_blobs(RESCUED, place)
        except KeyboardInterrupt:
            n_stops += 1

    assert n_stops == 2
    # A block that is stopped goes on alone, so others are as wide as before.
    assert calls.n == n_calls
    assert_same_bits(result, whole)
