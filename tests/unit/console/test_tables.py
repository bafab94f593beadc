import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import CHANCE, make_finished, make_result, make_study
from claims_builders import make_timing
from scipy import stats
from tuning_builders import make_tuned_result, make_tuned_study, trained

from paribus.analysis import compare, summarise_configs
from paribus.analysis.planned import mark_absent
from paribus.console import comparison_text, ending_text, summary_text
from paribus.console.layout import display_width
from paribus.console.tables import status_text
from paribus.declared import DeclaredClaim
from paribus.results import Attempt
from paribus.status import RunStatus


def test_a_summary_has_a_row_for_each_config_with_its_interval():
    accuracy = np.array([[0.95, 0.96, 0.97, 0.96, 0.96], [0.5, 0.6, 0.7, 0.6, 0.6]])
    result = make_result(make_study(n_seeds=5), final_accuracy=accuracy)

    text = summary_text(result, summarise_configs(result))

    low, high = stats.t.interval(0.95, 4, accuracy[0].mean(), stats.sem(accuracy[0]))
    (row,) = [line for line in text.splitlines() if "learning_rate=0.001" in line]
    assert f"{accuracy[0].mean():.4f} [{low:.4f}, {high:.4f}]" in row
    assert "5 converged" in row
    assert row.rstrip().endswith("the best")
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
    assert share.endswith(f"2 of 5 bad, 40% [{exact.low:.0%}, {exact.high:.0%}]")
    # The one that diverged stands in the ranking with what guessing scores.
    assert f"mean of all runs {np.mean((*LEARNERS, 0.1, CHANCE)):.4f}; " in share
    assert f"{(0.1 + 0.9 + 0.91 + 0.92 + CHANCE) / 5:.4f}" in share


def test_a_config_without_a_learner_is_marked():
    status = {(1, seed): RunStatus.SUBLINEAR for seed in range(3)}
    result = make_finished((0.95, 0.96, 0.97), (0.9, 0.91, 0.92), status=status)

    lines = summary_text(result, summarise_configs(result)).splitlines()

    good, poor = (line for line in lines if line.startswith("learning_rate="))
    assert "] **" in poor
    assert "*" not in good
    assert (
        "** no run counts as a learner: the mean of all, whatever became of them"
    ) in lines


def test_the_worst_is_counted_first_and_what_waits_last():
    counts = {
        RunStatus.PENDING: 1,
        RunStatus.CONVERGED: 2,
        RunStatus.UNCONVERGED: 3,
        RunStatus.SUBLINEAR: 4,
        RunStatus.DIVERGED: 5,
    }

    assert status_text(counts) == (
        "5 diverged, 4 sublinear, 3 unconverged, 2 converged, 1 pending"
    )


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
        assert "all runs: 1 diverged, 1 collapsed, 8 converged" in lines


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
    assert "left out: 2 of 5 seeds, on which a run of a side did not learn\n" in text
    assert "to compare a pair alone, name in both sides what only that" in text
    assert "pairs: 3 (the seeds on which all runs of both sides learned" in text
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


def test_where_no_seed_learned_in_all_pairs_they_are_named():
    found = compare(
        make_mixture(),
        {"learning_rate": 0.001},
        {"learning_rate": 0.01},
        metric="test_accuracy",
    )
    nothing = {"difference": None, "n_pairs": 0, "pair_differences": ()}

    text = comparison_text(replace(found, pairs=2 * found.pairs, **nothing))

    assert "on no seed did all runs of both sides learn, so no learners are" in text
    assert text.count("compared: learning_rate=0.001, batch_size=32 with") == 2
    alone = comparison_text(replace(found, **nothing))
    assert "on no seed did both learn, so no learners are compared" in alone
    assert "compared: " not in alone


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
    assert "this pair alone: not adjusted for its having been chosen" in text
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


def test_diverged_runs_are_named_with_their_first_step():
    study = make_study()
    status = np.full((2, 4), RunStatus.CONVERGED)
    status[1, 2:] = RunStatus.DIVERGED
    diverged_at = np.zeros((2, 4), dtype=np.int64)
    diverged_at[1, 2:] = 1200, 7
    result = replace(make_result(study, status=status), diverged_at=diverged_at)

    text = ending_text(result, asked=study, folder=Path("studies/tiny"))

    assert "(seeds 2, 3; the first at step 7)" in text


@pytest.mark.parametrize(
    ("steps", "how_many"), [((1, 1), "all"), ((1, 2), "4 of them"), ((2, 2), None)]
)
def test_where_runs_diverge_at_once_the_usual_traps_are_named(
    steps: tuple[int, int], how_many: str | None
):
    study = make_study()
    result = make_result(study, status=np.full((2, 4), RunStatus.DIVERGED))
    diverged_at = np.repeat(np.array(steps)[:, None], 4, axis=1)

    text = ending_text(
        replace(result, diverged_at=diverged_at), asked=study, folder=Path("x")
    )

    assert ("the logarithm of 0, the norm of zeros" in text) == (how_many is not None)
    assert how_many is None or f"; {how_many} at the first step: the loss" in text


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


def test_one_is_written_in_the_singular():
    text = summary_text(
        result := make_finished((0.9,)), summarise_configs(result), width=None
    )
    assert text.startswith("tiny: 1 of 1 runs finished, 1 config, 1 seed\n")


def test_an_interval_of_no_width_says_why():
    even, varied = make_finished((0.9,) * 3), make_finished((0.9, 0.91, 0.92))
    said = "an interval of no width: all of these runs have one score"

    assert said in summary_text(even, summarise_configs(even)).splitlines()
    assert said not in summary_text(varied, summarise_configs(varied)).splitlines()


def test_claims_of_more_runs_than_the_table_shows_are_said_to_be():
    claim = DeclaredClaim(
        text="0.001 beats 0.01",
        measure="test_accuracy",
        a={"learning_rate": 0.001},
        b={"learning_rate": 0.01},
        relation="greater",
    )
    study = replace(make_study(n_seeds=4), claims=(claim,))
    result, folder = make_result(study), Path("studies/tiny")
    fewer = replace(study, seeds=study.seeds[:2])
    said = "claims are judged by all that the folder holds"

    assert said in ending_text(result, asked=fewer, folder=folder)
    assert said not in ending_text(result, asked=study, folder=folder)
    silent = replace(result, study=replace(study, claims=()))
    asked = replace(fewer, claims=())
    assert said not in ending_text(silent, asked=asked, folder=folder)


def test_seconds_that_no_claim_may_compare_are_marked_in_a_summary():
    result = make_result(make_study(n_seeds=5))
    timings = tuple(make_timing(config) for config in result.configs)
    attempt = Attempt(
        number=1, started="", environment={"cores": "2"}, n_runs=1, seconds=1.0
    )
    quiet = replace(result, timings=timings, attempts=(attempt,))
    loaded = replace(
        quiet, timings=(replace(timings[0], load_before=15.2), *timings[1:])
    )

    marked = "s/epoch: not to be compared, timed under a load of 15.2 on 2 cores"
    assert marked in summary_text(loaded, summarise_configs(loaded)).splitlines()
    assert "s/epoch:" not in summary_text(quiet, summarise_configs(quiet))
