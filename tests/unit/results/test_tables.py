import numpy as np
import pandas as pd
import pytest
from builders import make_result, make_study
from report_builders import make_notebook_result

from paribus.data.batches import step_at
from paribus.results.tables import curves, runs


def test_runs_have_one_row_each_in_the_order_config_then_seed():
    result = make_result(make_study(batch_size=(32, 64), n_seeds=3))

    table = runs(result)

    assert len(table) == 4 * 3
    assert table.columns[:5].tolist() == [
        "learning_rate",
        "batch_size",
        "seed",
        "status",
        "diverged_at",
    ]
    row = table.iloc[2 * 3 + 1]
    assert row["learning_rate"] == result.configs[2]["learning_rate"]
    assert row["batch_size"] == result.configs[2]["batch_size"]
    assert row["seed"] == 1
    assert row["test_accuracy"] == result.curves["test_accuracy"][2, 1, -1]


def test_a_diverged_run_has_its_step_and_no_final_value():
    result = make_notebook_result(diverged={(2, 4): 312})

    table = runs(result).query("status == 'diverged'")

    assert table["seed"].tolist() == [4]
    assert table["diverged_at"].tolist() == [312]
    assert np.isnan(table["test_accuracy"].iloc[0])
    others = runs(result)["diverged_at"].tolist()
    assert [step for step in others if step is not pd.NA] == [312]


def test_curves_leave_out_what_did_not_take_place():
    result = make_notebook_result(diverged={(2, 4): 312})

    table = curves(result)

    n_evaluations = len(result.epochs)
    assert len(table) == 49 * n_evaluations + 2
    one = table.query("learning_rate == 0.1 and seed == 4")
    assert one["epoch"].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("batch_size", [7, 32, 100, 60_000])
def test_the_step_of_an_evaluation_is_the_one_the_engine_stops_at(batch_size):
    study = make_study(batch_size=(batch_size,), learning_rate=(0.1,), n_seeds=1)
    result = make_result(study)
    result = type(result)(
        **{**vars(result), "epochs": np.array([0.0, 0.3, 1.0])},
    )

    table = curves(result)

    wanted = [step_at(epoch, 60_000, batch_size) for epoch in (0.0, 0.3, 1.0)]
    assert table["step"].tolist() == wanted
    assert table["examples"].tolist() == [0, 18_000, 60_000]


def test_a_hyperparameter_of_several_numbers_stays_one_value():
    study = make_study(n_seeds=2)
    space = type(study.space)(
        grids=(
            {"learning_rate": (0.1,), "batch_size": (32,), "hidden": ((8, 4), (16,))},
        )
    )
    model = type(study.model)(name="mlp")
    study = type(study)(**{**_fields(study), "space": space, "model": model})

    table = runs(make_result(study))

    assert table["hidden"].tolist() == [(8, 4), (8, 4), (16,), (16,)]
    assert isinstance(table, pd.DataFrame)


def _fields(study):
    return {name: getattr(study, name) for name in study.__dataclass_fields__}
