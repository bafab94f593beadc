"""What is said of the configs beside the best."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import make_finished, make_result, make_study
from claims_builders import Runs, make_batches, make_runs, make_tuned_study

from paribus.analysis import summarise_configs
from paribus.analysis.ties import Ties
from paribus.declared import DeclaredClaim
from paribus.report.build import build_report
from paribus.report.findings import gather_findings
from paribus.report.text import render_markdown
from paribus.report.ties import (
    limit_note,
    say_best,
    say_practically_tied,
    say_tied,
    write_limit,
)
from paribus.status import RunStatus


LABELS = {i: f"config {name}" for i, name in enumerate("ABCDEFG")}
TIES = Ties(
    is_tied=(True, True, True, False, False),
    best=0,
    regret_upper=(0.0, 0.0012, 0.014, 0.0018, 0.3),
    smallest_effect=0.002,
    n_pairs=(6, 6, 6, 6, 6),
    seeds_to_tell=24,
)


def say(ties: Ties, metric: str = "validation_accuracy") -> str:
    labels = {i: LABELS[i] for i in range(len(ties.is_tied))}
    return say_practically_tied(ties, labels, metric)


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (["a 1", "a 2"], "a 1 and a 2."),
        (["a 1, b 2", "a 2, b 1"], "(1) a 1, b 2; (2) a 2, b 1."),
    ],
)
def test_tied_names_with_commas_are_told_apart(labels, text):
    assert say_tied(labels, 4).startswith(f"Tied with the best: {text} ")


def test_what_is_shown_and_what_is_only_not_ruled_out_are_told_apart():
    assert say(TIES) == (
        "Shown to be practically as good as config A (the highest mean over all runs): "
        "config B; "
        "with 95% confidence it loses less than 0.20 points, the smallest effect that "
        "matters. Worse than config A (the highest mean over all runs), but "
        "practically as good: "
        "config D; with 95% confidence it loses less than 0.20 points, the smallest "
        "effect that matters. The others are tied for want of seeds: with 6 seeds, "
        "config C may lose up to 1.4 points against config A (the highest mean over "
        "all runs); 0.20 "
        "points would matter. About 24 seeds would tell, if the true losses are near "
        "the observed ones."
    )


def test_a_tie_of_few_seeds_is_not_called_as_good():
    few = replace(TIES, regret_upper=(0.0, 0.02, 0.014, 0.1, 0.3), seeds_to_tell=None)

    assert say(few) == (
        "Being tied is no proof of being as good: with 6 seeds, config C may lose up "
        "to 1.4 points and config B up to 2.0 points against config A (the highest "
        "mean over all runs); 0.20 points would matter."
    )


def test_many_open_ties_are_counted():
    many = Ties(
        is_tied=(True,) * 7,
        best=0,
        regret_upper=(0.0, *(0.01 * k for k in range(1, 7))),
        smallest_effect=0.002,
        n_pairs=(5,) * 7,
    )

    assert "with 5 seeds, 6 of them may lose up to 1.0 points to 6.0 points" in say(
        many
    )


def test_errors_are_higher_by_a_share():
    ties = replace(
        TIES,
        is_tied=(True, True, True),
        regret_upper=(0.0, math.log(1.02), math.log(1.3)),
        smallest_effect=math.log(1.05),
    )

    text = say(ties, "test_rmse")

    assert (
        "as good as config A (the lowest mean over all runs): config B; with 95%"
        in text
    )
    assert "it is higher by less than 5%, the smallest" in text
    assert "config C may be higher by up to 30% against config A (the lowest" in text
    assert write_limit(ties, 1, "test_rmse") == "2%: practically as good"


def test_a_limit_beside_what_matters_is_written_with_digits_that_tell():
    ties = replace(TIES, regret_upper=(0.0, 0.00199, 0.00201, None, 0.3))

    cells = [write_limit(ties, i, "test_accuracy") for i in range(5)]

    assert cells == [
        "highest mean",
        "0.199 points: practically as good",
        "0.201 points",
        "–",
        "30 points",
    ]


def test_nothing_is_said_where_nothing_says_what_matters():
    ties = Ties(is_tied=(True, True))

    assert say(ties) == ""
    assert limit_note(ties, "test_f1") == ""


def test_a_report_says_it_first_and_in_its_tables():
    rng = np.random.default_rng(1)
    near = np.array([[0.9700], [0.9699], [0.9000]])
    accuracy = near + 0.0004 * rng.normal(size=(3, 8))
    study = make_study(learning_rate=(0.001, 0.01, 0.1), n_seeds=8)
    result = make_result(study, final_accuracy=accuracy)

    text = render_markdown(build_report(result))

    assert text.count("Shown to be practically as good as learning rate 0.001") == 2
    assert "| loses at most |" in text
    assert "points: practically as good |" in text


def test_a_few_seeds_say_nothing():
    assert say_best(gather_findings(make_finished((0.9,) * 4, (0.9,) * 4))) == ""


def waiting(*n_seeds: int, best: float = 0.98):
    """Three configs of six seeds, then some that are ahead and have fewer."""
    rows = [(0.95, 0.951, 0.949, 0.95, 0.952, 0.948), (0.5,) * 6, (0.4,) * 6]
    status = {
        (3 + k, seed): RunStatus.PENDING
        for k, n in enumerate(n_seeds)
        for seed in range(n, 6)
    }
    return make_finished(*rows, *[(best,) * 6 for _ in n_seeds], status=status)


def test_a_config_of_too_few_seeds_does_not_head_the_best():
    findings = gather_findings(waiting(1))

    assert say_best(findings).startswith(
        "The best of the 3 configs is learning rate 0.001 (mean 95.00%): "
    )
    assert say_best(findings).endswith(
        "1 more config has fewer than 5 seeds so far, and may yet be better: not "
        "compared. Learning rate 1 (1 seed) has a higher mean so far."
    )
    assert findings.by_mean()[-1] == 3


def test_one_that_is_not_ahead_is_only_counted():
    assert say_best(gather_findings(waiting(1, best=0.6))).endswith(
        "and may yet be better: not compared."
    )


def test_where_all_have_too_few_seeds_nothing_is_said_of_the_best():
    rows = [(0.9, 0.91, 0.92), (0.5, 0.52, 0.53)]

    assert say_best(gather_findings(make_finished(*rows))) == ""


def test_the_table_says_among_which_configs_the_ties_are():
    text = render_markdown(build_report(waiting(2)))

    assert "Tied with the best: among the 3 configs with 5 seeds or more." in text
    assert "one may decide what the other leaves open" in text
    # What one seed would have said is left until all have seeds enough.
    assert "as the usual study does" not in text
    assert "as the usual study does" in render_markdown(build_report(waiting(6)))


def test_a_claim_about_tuned_values_names_what_matters_too():
    """The seeds that judge make a study without claims, which is what is compared."""
    claim = DeclaredClaim(
        text="64 beats 32",
        measure="validation_accuracy",
        a={"batch_size": 64, "learning_rate": "tuned"},
        b={"batch_size": 32, "learning_rate": "tuned"},
        relation="greater",
        smallest_effect=0.0004,
    )
    result = make_batches(batch_size=(32, 64), n_seeds=6)
    result = replace(result, study=replace(result.study, claims=(claim,)))

    assert gather_findings(result).ties.smallest_effect == 0.0004
    shown = [s.is_practically_tied for s in summarise_configs(result)]
    plain = [s.is_practically_tied for s in summarise_configs(result, claims=())]
    assert shown.count(True) < plain.count(True)


def test_a_tuned_value_has_no_second_table_of_the_same_configs():
    study = make_tuned_study(
        learning_rate=(0.001, 0.01, 0.1), batch_size=(32, 64), compare="tuned"
    )
    best = [Runs(accuracy=a) for rate in (0.9, 0.97, 0.9) for a in (rate, rate)]
    result = make_runs(study, best)
    is_best = np.array([config["learning_rate"] == 0.01 for config in result.configs])
    result.status[~is_best, :10] = RunStatus.ABSENT

    anchors = [section.anchor for section in build_report(result).sections]

    assert "batch-size" in anchors
    assert "learning-rate" not in anchors
