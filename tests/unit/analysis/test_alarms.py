"""Measures above their levels, and their table in the report."""

from dataclasses import replace

import numpy as np
from builders import make_result

from paribus.analysis.alarms import Alarm, find_alarms
from paribus.report.alarms import tabulate_alarms
from paribus.report.findings import gather_findings
from paribus.results import StudyResult


def measured(**measures: object) -> StudyResult:
    """Two configs of four seeds, which train smoothly."""
    result = make_result()
    rows = {name: np.array(values, float) for name, values in measures.items()}
    dead = rows.pop("dead", None)
    curves = dict(result.curves)
    if dead is not None:
        at = curves["train_loss"].shape[-1]
        curves["train_dead_share"] = np.repeat(dead[..., None], at, axis=-1)
    return replace(result, measures=rows, curves=curves)


def found(result: StudyResult) -> list[tuple[int, str, str, float, int]]:
    return [
        (a.config, a.measure, a.colour, round(a.median, 6), a.n_runs)
        for a in find_alarms(result)
    ]


def test_medians_above_a_level_are_found_and_others_are_not():
    nan = np.nan
    result = measured(
        first_update=[[0.6, 0.7, 0.4, 0.7], [0.4, 0.9, 0.5, 0.5]],
        overshoot_share=[[0.5] * 4, [nan, 0.6, nan, 0.8]],
        update_ratio=[[-3.0, -3.0, 2.0, -3.0], [-1.5] * 4],
        dead=[[0.3] * 4, [0.0, 0.0, 1.0, 0.1]],
    )

    assert found(result) == [
        (0, "dead_share", "amber", 0.3, 4),
        (0, "first_update", "red", 0.65, 4),
        (1, "overshoot_share", "red", 0.7, 2),
        (1, "update_to_weight", "amber", round(10**-1.5, 6), 4),
    ]


def test_the_peak_is_over_the_loss_before_the_first_step():
    result = measured(max_early_loss=[[2.3 * 4] * 4, [2.3 * 11] * 4])

    assert [(a.measure, a.colour) for a in find_alarms(result)] == [
        ("early_peak", "amber"),
        ("early_peak", "red"),
    ]
    np.testing.assert_allclose([a.median for a in find_alarms(result)], [4.0, 11.0])


def test_a_loss_that_climbs_again_is_found():
    result = make_result()
    loss = np.broadcast_to([2.0, 1.0, 1.8], (2, 4, 3)).copy()  # .8 of its fall of 1
    loss[1] = [2.0, 1.5, 1.0]
    climbing = replace(
        result,
        epochs=np.array([0.0, 1.0, 2.0]),
        curves={**result.curves, "train_loss": loss},
    )

    assert find_alarms(climbing) == (
        Alarm(config=0, measure="tuv", median=0.8, n_runs=4, colour="red"),
    )


def test_nothing_measured_raises_nothing():
    assert find_alarms(measured()) == ()
    assert find_alarms(measured(first_update=np.full((2, 4), np.nan))) == ()


def test_the_table_names_level_and_source():
    result = measured(first_update=[[0.6] * 4, [0.1] * 4])

    (table,) = tabulate_alarms(gather_findings(result))

    assert table.caption == "What deserves a second look in how 1 config trained"
    (row,) = table.rows
    assert row[1:] == (
        "size of the first update, of a layer's weights",
        "probably harmful",
        "60.00%",
        "above 50.00%",
        "4",
    )
    assert "replaces half of a layer's weights" in table.note
    assert tabulate_alarms(gather_findings(measured())) == []
