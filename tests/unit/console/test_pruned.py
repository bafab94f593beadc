"""How tables and progress speak of runs that were stopped early."""

import numpy as np
import pytest
from tuning_builders import make_tuned_result, make_tuned_study, stopped, trained

from paribus.analysis import mark_absent, summarise_configs
from paribus.console.progress import progress_line, progress_rows
from paribus.console.tables import summary_text
from paribus.halving import Halving
from paribus.results import Progress, StudyResult


SCORES = {(0.001, 32): 0.80, (0.01, 32): 0.95, (0.1, 32): 0.90}


@pytest.fixture(scope="module")
def result() -> StudyResult:
    """.001 was stopped; .01 is chosen and compared."""
    study = make_tuned_study(batch_size=(32,), halving=Halving(factor=2))
    found = stopped(make_tuned_result(study, SCORES), [0], 2)
    judging = np.full(found.status.shape, False)
    judging[1, :3] = True
    return mark_absent(trained(found, judging, 0.95))


def shown(result: StudyResult, width: int | None = None) -> str:
    judged = result.of_seeds(result.study.seeds)
    return summary_text(result, summarise_configs(judged), width=width)


def row_of(text: str, start: str) -> str:
    (row,) = [line for line in text.splitlines() if line.startswith(start)]
    return row


def test_a_wide_table_counts_them_and_says_what_they_are(result: StudyResult):
    text = shown(result)

    assert text.startswith("tuned: 9 of 9 runs finished")
    assert "tuning only: 2 pruned" in row_of(text, "learning_rate=0.001")
    assert "pruned: stopped early, since its value had fallen behind" in text


def test_a_narrow_table_does_not_count_them_as_runs_that_did_not_learn(
    result: StudyResult,
):
    text = shown(result, width=72)

    row = row_of(text, "0.001")
    assert "(pruned)" in row
    assert "/2" not in row
    assert "(2/2)" in row_of(text, "0.1 ")


def make_progress(result: StudyResult) -> Progress:
    return Progress(
        activity="",
        n_runs=9,
        n_finished=9,
        n_trained=9,
        elapsed_s=1.0,
        remaining_s=0.0,
        metric="validation_accuracy",
        scores=result.final("validation_accuracy"),
        status=result.status,
        configs=result.configs,
    )


def test_progress_takes_them_for_done(result: StudyResult):
    progress = make_progress(result)

    assert "diverged or failed" not in progress_line(progress)
    first, *_ = progress_rows(progress)
    assert first["seeds"] == "2/2"
