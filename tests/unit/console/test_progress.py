from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from builders import make_study
from scipy import stats

from paribus.console.layout import display_width
from paribus.console.progress import (
    MAX_ROWS,
    PlainLines,
    draw_progress,
    duration_text,
    narrowing_intervals,
    progress_line,
    progress_rows,
)
from paribus.results import Progress
from paribus.status import RunStatus


WAITING = RunStatus.PENDING


DONE = RunStatus.CONVERGED


def make_progress(scores: list[list[float]], **changes: object) -> Progress:
    """Progress of a study where a score is there for each finished run."""
    array = np.array(scores)
    rates = tuple(10.0**-k for k in range(len(array), 0, -1))
    study = make_study(learning_rate=rates, n_seeds=array.shape[1])
    is_done = np.isfinite(array)
    progress = Progress(
        activity="batch_size=32",
        n_runs=array.size,
        n_finished=int(is_done.sum()),
        n_trained=int(is_done.sum()),
        elapsed_s=2.0,
        remaining_s=65.0,
        metric="test_accuracy",
        scores=array,
        status=np.where(is_done, int(DONE), int(WAITING)),
        configs=study.configs(),
    )
    return replace(progress, **changes)


def test_intervals_narrow_to_students_as_seeds_arrive():
    scores = np.array([[0.9, np.nan, np.nan], [0.9, 0.8, np.nan], [0.9, 0.8, 0.85]])

    means, lower, upper = narrowing_intervals(scores)

    np.testing.assert_allclose(means, [0.9, 0.85, 0.85])
    assert np.isnan([lower[0], upper[0]]).all()
    low, high = stats.t.interval(0.95, 2, 0.85, stats.sem([0.9, 0.8, 0.85]))
    np.testing.assert_allclose([lower[2], upper[2]], [low, high])
    assert upper[1] - lower[1] > upper[2] - lower[2]


def test_a_config_without_a_score_has_no_mean():
    means, _, _ = narrowing_intervals(np.full((1, 2), np.nan))

    assert np.isnan(means).all()


def test_the_progress_line_has_speed_and_time_left():
    progress = make_progress([[0.9, np.nan]])

    assert progress_line(progress) == (
        "1 of 2 runs done, one every 2 s, about 1 min 05 s left; now batch_size=32"
    )


@pytest.mark.parametrize(
    ("epoch", "epochs", "said"),
    [
        (0.125, 5.0, "epoch 1 of 5"),
        (1.0, 5.0, "epoch 2 of 5"),
        (4.9, 5.0, "epoch 5 of 5"),
        (5.0, 5.0, "epoch 5 of 5"),
        (12.5, 12.8, "epoch 13 of 13"),
    ],
)
def test_epochs_are_counted_whole(epoch: float, epochs: float, said: str):
    training = {"n_training": 24, "epoch": epoch, "epochs": epochs}
    progress = make_progress([[np.nan, np.nan]], elapsed_s=0.5, **training)

    line = progress_line(progress)

    assert line.endswith(f"; now training 24 at once (batch_size=32), {said}")
    assert "a second" not in line


def test_the_speed_is_said_as_people_say_it():
    fast = make_progress([[0.9, 0.9]], elapsed_s=0.5)

    assert ", 4 a second" in progress_line(fast)
    assert ", one every 40 s" in progress_line(replace(fast, elapsed_s=80.0))


def test_the_bar_moves_while_runs_are_trained():
    from rich.console import Console

    def bar(**changes: object) -> str:
        file = StringIO()
        progress = make_progress([[np.nan, np.nan]], **changes)
        Console(file=file, width=40, legacy_windows=False).print(
            draw_progress(progress, width=40)
        )
        return file.getvalue().splitlines()[0]

    halfway = {"n_training": 2, "epoch": 2.0, "epochs": 4.0}
    assert bar(**halfway) != bar()


def test_runs_that_tuning_may_yet_leave_out_are_counted_as_at_most():
    progress = replace(make_progress([[0.9, np.nan]]), is_open=True)

    assert progress_line(progress).startswith("1 of up to 2 runs done, ")


def test_the_progress_line_counts_what_went_wrong():
    progress = make_progress([[0.9, 0.1]])
    status = np.array([[int(DONE), int(RunStatus.DIVERGED)]])

    assert "1 diverged or failed" in progress_line(replace(progress, status=status))


def test_many_configs_are_cut_to_the_best():
    scores = [[k / 100] for k in range(MAX_ROWS + 3)]
    progress = make_progress(scores)

    rows = progress_rows(progress)

    shown = [float(row["test_accuracy"]) for row in rows]
    assert shown == sorted((k[0] for k in scores), reverse=True)[:MAX_ROWS]


@pytest.mark.parametrize("width", [100, 20])
def test_progress_is_drawn_within_the_terminal(width: int):
    from rich.console import Console

    file = StringIO()
    console = Console(file=file, width=width)

    console.print(draw_progress(make_progress([[0.9, np.nan]] * 2), width=width))

    text = file.getvalue()
    assert all(display_width(line) <= width for line in text.splitlines())
    assert "2 of 4 runs" in " ".join(text.split())
    assert "1/2" in text


def test_lines_for_a_log_come_every_few_seconds_and_at_the_end():
    lines: list[str] = []
    now = 0.0
    write = PlainLines(lines.append, clock=lambda: now)

    for second in range(12):
        now = float(second)
        write(make_progress([[0.9, np.nan]], activity=f"epoch {second}"))
    write(make_progress([[0.9, 0.9]], activity=""))

    assert [line.rpartition("; now ")[2] for line in lines[:-1]] == [
        "epoch 0",
        "epoch 5",
        "epoch 10",
    ]
    assert lines[-1] == "2 of 2 runs done, 1 a second"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (4800, "1 h 20 min")],
)
def test_durations_are_written_as_people_say_them(seconds: float, text: str):
    assert duration_text(float(seconds)) == text
