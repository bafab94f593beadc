from dataclasses import replace

import numpy as np
import pytest
from report_builders import FULL_GRID, make_notebook_result, make_notebook_study

from paribus.report.notebook import TASKS, is_notebook, place_published


@pytest.mark.parametrize(
    "changes",
    [{}, {"name": "other"}, {"n_seeds": 3}, {"grids": FULL_GRID}],
    ids=["itself", "another name", "other seeds", "more configs"],
)
def test_the_notebook_is_known_whatever_it_is_called(changes):
    assert is_notebook(make_notebook_study(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"validation": 5000},
        {"hidden": (64,)},
        {"epochs": 6},
        {"grids": ({"learning_rate": (0.01,), "batch_size": (32, 64, 128)},)},
    ],
    ids=["validation", "model", "budget", "a task missing"],
)
def test_another_protocol_is_not_the_notebook(changes):
    assert not is_notebook(make_notebook_study(**changes))


def test_another_optimizer_is_not_the_notebook():
    study = make_notebook_study()
    adam = type(study.optimizer)(name="adam", settings={"eps": 1e-7})

    assert not is_notebook(replace(study, optimizer=adam))


def test_the_tasks_hold_the_six_published_numbers():
    numbers = [accuracy for task in TASKS for accuracy in task.accuracies.values()]

    assert numbers == [0.9766, 0.9619, 0.4235, 0.9663, 0.9699, 0.9709]


@pytest.mark.parametrize(
    ("accuracy", "is_inside", "quantile"),
    [(0.965, True, 0.5), (0.97, True, 0.875), (0.99, False, 1.0), (0.9, False, 0.0)],
)
def test_a_published_number_is_placed_among_our_runs(accuracy, is_inside, quantile):
    result = make_notebook_result(make_notebook_study(n_seeds=4))
    curve = result.curves["test_accuracy"]
    curve[1, :, -1] = [0.95, 0.96, 0.97, 0.966]

    placement = place_published(result, 1, accuracy)

    assert placement is not None
    assert placement.is_inside == is_inside
    assert placement.quantile == quantile
    assert (placement.lowest, placement.highest) == (0.95, 0.97)


def test_runs_without_a_value_leave_nothing_to_place_among():
    result = make_notebook_result()
    result.curves["test_accuracy"][1] = np.nan

    assert place_published(result, 1, 0.96) is None
