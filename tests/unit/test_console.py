import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from builders import make_finished, make_result, make_study
from scipy import stats
from tuning_builders import make_tuned_result, make_tuned_study, trained

from paribus.analysis import compare, summarise_configs
from paribus.analysis.planned import mark_absent
from paribus.console import comparison_text, ending_text, lay_out, summary_text
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


ROWS = [{"config": "a=1", "mean": "0.97"}, {"config": "a=10", "mean": "0.9"}]
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


def test_rows_are_laid_out_in_columns():
    assert lay_out(ROWS).splitlines() == [
        "config  mean",
        "------  ----",
        "a=1     0.97",
        "a=10    0.9",
    ]


def test_rows_too_wide_for_the_terminal_become_blocks_with_whole_values():
    assert lay_out(ROWS, width=11).splitlines() == [
        "config: a=1",
        "mean: 0.97",
        "",
        "config: a=10",
        "mean: 0.9",
    ]


def test_a_heading_may_have_two_lines():
    rows = [{"learning\nrate": "0.1", "mean": "0.97"}]

    assert lay_out(rows, width=14).splitlines() == [
        "learning",
        "rate      mean",
        "--------  ----",
        "0.1       0.97",
    ]


def test_rows_that_just_fit_stay_a_table():
    assert lay_out(ROWS, width=12) == lay_out(ROWS)


def test_no_rows_are_no_text():
    assert lay_out([]) == ""


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("数", 2), ("e\u0301", 1)])
def test_the_width_of_a_text_is_its_columns(text: str, width: int):
    assert display_width(text) == width


def test_a_summary_has_a_row_for_each_config_with_its_interval():
    accuracy = np.array([[0.95, 0.96, 0.97, 0.96, 0.96], [0.5, 0.6, 0.7, 0.6, 0.6]])
    result = make_result(make_study(n_seeds=5), final_accuracy=accuracy)

    text = summary_text(result, summarise_configs(result))

    low, high = stats.t.interval(0.95, 4, accuracy[0].mean(), stats.sem(accuracy[0]))
    (row,) = [line for line in text.splitlines() if "learning_rate=0.001" in line]
    assert f"{accuracy[0].mean():.4f} [{low:.4f}, {high:.4f}]" in row
    assert "5 converged" in row
    assert "tied with the best" in row
    assert text.startswith("tiny: 10 of 10 runs finished, 2 configs, 5 seeds")


MIXED = {(1, 0): RunStatus.COLLAPSED, (1, 3): RunStatus.DIVERGED}
LEARNERS = (0.9, 0.91, 0.92)


def make_mixture(*, validation: int = 0):
    rows = (0.95, 0.96, 0.97, 0.96, 0.96), (0.1, *LEARNERS[:2], 0.1, LEARNERS[2])
    return make_finished(*rows, status=MIXED, validation=validation)


def test_a_mixture_shows_its_learners_mean_and_its_share_of_bad_runs():
    result = make_mixture()

    text = summary_text(result, summarise_configs(result))

    low, high = stats.t.interval(0.95, 2, np.mean(LEARNERS), stats.sem(LEARNERS))
    (row, share) = [line for line in text.splitlines() if "learning_rate=0.01" in line]
    assert f"{np.mean(LEARNERS):.4f} [{low:.4f}, {high:.4f}] *" in row
    exact = stats.binomtest(2, 5).proportion_ci(method="exact")
    assert share.endswith(f"2 of 5, 40% [{exact.low:.0%}, {exact.high:.0%}]")


@pytest.mark.parametrize("validation", [0, 5000])
@pytest.mark.parametrize("width", [120, 100, 80])
def test_a_summary_is_a_table_within_the_terminal(width: int, validation: int):
    result = make_mixture(validation=validation)
    summaries = summarise_configs(result)

    lines = summary_text(result, summaries, width=width).splitlines()

    assert all(display_width(line) <= width for line in lines)
    rule = next(i for i, line in enumerate(lines) if set(line) == {"-", " "})
    heading = " ".join(lines[2:rule])
    assert "accuracy" in heading
    assert lines[rule + 3] == ""  # two configs, a line each
    assert "0.9600 [" in lines[rule + 1]
    assert "tied" in lines[rule + 1]
    if width == 80:
        assert "3/5" in lines[rule + 2]
        assert "all runs: 8 converged, 1 collapsed, 1 diverged" in lines


def test_a_summary_that_fits_nowhere_becomes_blocks():
    result = make_mixture()

    text = summary_text(result, summarise_configs(result), width=30)

    assert "config: learning_rate=0.001, batch_size=32\nruns: 5 converged" in text


def test_a_comparison_says_which_seeds_ended_badly_and_were_left_out():
    found = compare(
        make_mixture(),
        {"learning_rate": 0.001},
        {"learning_rate": 0.01},
        metric="test_accuracy",
    )

    text = comparison_text(found)

    assert "ended badly: 0 of 5 seeds at learning_rate=0.001\n" in text
    assert "ended badly: 2 of 5 seeds at learning_rate=0.01\n" in text
    assert "pairs: 3 (the seeds on which both sides learned" in text


def test_a_side_of_several_configs_counts_seeds_with_a_bad_run():
    found = compare(
        make_mixture(),
        {"learning_rate": 0.001},
        {"learning_rate": 0.01},
        metric="test_accuracy",
    )

    twice = {"pairs": 2 * found.pairs, "pair_differences": (0.01, -0.02)}
    twice["rates_to_best"] = (10.0, None)
    text = comparison_text(replace(found, n_unconverged=(4, 1), **twice))

    assert "with a run that ended badly: 2 of 5 seeds at learning_rate=0.01\n" in text
    assert "difference of shares" not in text
    assert (
        "learning rate against the best one of each side: 10 times at "
        "learning_rate=0.001\n" in text
    )
    # An effect that changes its sign must not hide in a mean.
    assert "; the mean of 2 differences, listed below)" in text
    assert text.endswith("learning_rate=0.01, batch_size=32: -0.0200")
    assert (
        "still improving at the end: 4 of 10 runs at learning_rate=0.001, 1 at" in text
    )


def test_a_comparison_says_how_many_seeds_never_learned():
    """Still improving, at 14 % of ten classes: not among the bad, nor the learners."""
    slow = (0.14, 0.96, 0.97, 0.96, 0.96)
    status = {(0, 0): RunStatus.UNCONVERGED}
    found = compare(
        make_finished(slow, slow[::-1], status=status),
        {"learning_rate": 0.001},
        {"learning_rate": 0.01},
        metric="test_accuracy",
    )

    text = comparison_text(found)

    assert "left out: 2 of 5 seeds, on which a side did not learn\n" in text
    assert "pairs: 3 (the seeds on which both sides learned" in text
    assert "ended badly" not in text


def test_a_config_that_is_worse_is_not_called_tied():
    result = make_finished((0.95, 0.96, 0.97, 0.96, 0.96), (0.5, 0.6, 0.7, 0.6, 0.6))

    text = summary_text(result, summarise_configs(result))

    (row,) = [line for line in text.splitlines() if "learning_rate=0.01" in line]
    assert "tied" not in row


def test_few_seeds_are_said_to_be_too_few():
    result = make_finished((0.95, 0.96), (0.5, 0.6))

    assert "too few seeds" in summary_text(result, summarise_configs(result))


def test_a_validation_split_is_shown_before_the_test_split():
    result = make_finished((0.9, 0.8), (0.7, 0.6), validation=5000)

    heading = summary_text(result, summarise_configs(result)).splitlines()[2]

    assert heading.index("validation_accuracy") < heading.index("test_accuracy")


def test_a_comparison_names_its_sides_numbers_and_configs():
    result = make_finished((0.97, 0.96, 0.98), (0.95, 0.95, 0.95))
    found = compare(
        result,
        {"learning_rate": 0.001},
        {"learning_rate": 0.01},
        metric="test_accuracy",
    )

    text = comparison_text(found)

    low, high = stats.t.interval(0.95, 2, 0.02, stats.sem([0.02, 0.01, 0.03]))
    assert "test_accuracy: learning_rate=0.001 minus learning_rate=0.01" in text
    assert f"+0.0200 [{low:+.4f}, {high:+.4f}] (95% interval)" in text
    assert "pairs: 3" in text
    assert "noise floor:" in text
    assert "learning_rate=0.001, batch_size=32 with learning_rate=0.01" in text


def test_the_end_names_diverged_runs_and_what_to_do_next():
    result = make_finished((0.9, 0.9), (0.9, 0.9), status={(1, 0): RunStatus.DIVERGED})

    text = ending_text(result, asked=result.study, folder=Path("studies/tiny"))

    where = "learning_rate=0.01, batch_size=32 (seeds 0)"
    assert text.splitlines() == [
        f"1 of 4 runs diverged: {where}",
        "report: paribus report studies/tiny",
    ]


def test_the_end_says_what_is_kept_though_no_longer_asked_for():
    result = make_result(make_study(n_seeds=3))
    asked = make_study(learning_rate=(0.001,), n_seeds=2)

    text = ending_text(result, asked=asked, folder=Path("x"))

    assert "1 config that this study does not name is in the folder too" in text
    assert "1 seed that this study does not name is in the folder too" in text


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


def test_diverged_runs_are_named_with_their_first_step():
    study = make_study()
    status = np.full((2, 4), RunStatus.CONVERGED)
    status[1, 2:] = RunStatus.DIVERGED
    diverged_at = np.zeros((2, 4), dtype=np.int64)
    diverged_at[1, 2:] = 1200, 7
    result = replace(make_result(study, status=status), diverged_at=diverged_at)

    text = ending_text(result, asked=study, folder=Path("studies/tiny"))

    assert "(seeds 2, 3; the first at step 7)" in text


def test_a_config_that_tuning_did_not_choose_shows_the_runs_that_tuned_it():
    study = make_tuned_study(batch_size=(32,))
    found = make_tuned_result(
        study, {(0.001, 32): 0.9, (0.01, 32): 0.95, (0.1, 32): 0.9}
    )
    compared = np.zeros(found.status.shape, dtype=bool)
    compared[1, :3] = True
    result = mark_absent(trained(found, compared, accuracy=0.94))

    wide = summary_text(result, summarise_configs(result))
    narrow = summary_text(result, summarise_configs(result), width=80)

    rows = [line for line in wide.splitlines() if "learning_rate" in line]
    assert [re.split("  +", row)[1] for row in rows] == [
        "tuning only: 2 converged",
        "3 converged",
        "tuning only: 2 converged",
    ]
    assert "3 seeds to compare, 2 to tune" in wide
    assert [line.split()[1] for line in narrow.splitlines() if line[:2] == "0."] == [
        "(2/2)",
        "3/3",
        "(2/2)",
    ]
    assert "(k/n): runs of tuning, which did not choose it" in " ".join(narrow.split())
    assert "runs compared: 3 converged" in narrow
