"""Steps to a target are those at which the engine evaluated, counted with a loop."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_result, make_study

from paribus.analysis.targets import steps_to_target
from paribus.data.batches import step_at
from paribus.results import StudyResult
from paribus.results.clocks import evaluation_steps


N_TRAIN = 1000


def make_curves(batch_size: int, scores: list[float]) -> StudyResult:
    study = make_study(batch_size=(batch_size,), learning_rate=(0.1,), n_seeds=1)
    result = make_result(study)
    epochs = np.linspace(0, 2, len(scores))
    curve = np.array(scores)[None, None]
    return replace(
        result,
        epochs=epochs,
        curves={result.primary_metric: curve},
        data=replace(result.data, n_train=N_TRAIN),
    )


def steps_by_loop(result: StudyResult, batch_size: int, target: float) -> float:
    curve = result.curves[result.primary_metric][0, 0]
    steps = [step_at(epoch, N_TRAIN, batch_size) for epoch in result.epochs.tolist()]
    for k in range(1, len(curve)):
        if curve[k] < target or steps[k] == 0:  # not a step made yet: luck, if anything
            continue
        rise = (target - curve[k - 1]) / (curve[k] - curve[k - 1])
        rise = rise if curve[k - 1] < target else 1
        return steps[k - 1] + rise * (steps[k] - steps[k - 1])
    return np.inf


@pytest.mark.parametrize("batch_size", [7, 64, 300, 999, 1000])
@pytest.mark.parametrize("target", [0.15, 0.5, 0.62, 0.9, 0.99])
def test_steps_lie_between_those_of_two_evaluations(batch_size, target):
    """With 300 of 1,000 an epoch is 3 1/3 batches in 4 steps: half is not 2 of them."""
    result = make_curves(batch_size, [0.1, 0.4, 0.6, 0.7, 0.8, 0.85, 0.93])

    (found,) = steps_to_target(result, 0, target)

    assert found == pytest.approx(steps_by_loop(result, batch_size, target), rel=1e-12)


@pytest.mark.parametrize("batch_size", [7, 300, 1000])
def test_evaluations_lie_where_the_engine_makes_them(batch_size):
    result = make_curves(batch_size, [0.1] * 17)

    assert evaluation_steps(result, 0).tolist() == [
        step_at(epoch, N_TRAIN, batch_size) for epoch in result.epochs.tolist()
    ]
