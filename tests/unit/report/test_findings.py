"""What a report is made of."""

from dataclasses import replace

import numpy as np
from builders import make_finished

from paribus.report.findings import gather_findings
from paribus.status import RunStatus


def test_configs_tied_with_the_best_say_how_many_of_their_runs_ended_badly():
    """The mean of a config may be high though runs of it are of no use."""
    even = (0.96, 0.97, 0.96, 0.97, 0.96, 0.97)
    findings = gather_findings(make_finished(even, even[::-1], (0.5,) * 6))
    first, second, third = findings.summaries

    worse = replace(findings, summaries=(first, replace(second, n_bad=2), third))

    assert worse.tied_with_best() == [
        "learning rate 0.001 (mean 96.50%)",
        "learning rate 0.01 (mean 96.50%; 2 of 6 ended badly)",
    ]


def test_a_mixture_is_named_with_the_mean_that_ranks_it():
    """Its learners' mean may be the highest that is printed, and it is not ahead."""
    even = (0.96, 0.97, 0.96, 0.97, 0.96, 0.97)
    mixed = (0.1, 0.975, 0.973, 0.974, 0.975, 0.973)
    status = {(1, 0): RunStatus.COLLAPSED}

    findings = gather_findings(make_finished(even, mixed, status=status))

    assert findings.ties.best == 0
    assert findings.tied_with_best()[1] == (
        "learning rate 0.01 (mean 97.40% among 5 learners, "
        f"{100 * np.mean(mixed):.2f}% over all runs; 1 of 6 ended badly)"
    )


def test_tied_configs_are_listed_by_mean_and_a_mixture_of_few_learners_as_such():
    even = (0.96, 0.97, 0.96, 0.97, 0.96, 0.97)
    mixed = (0.1, 0.1, 0.95, 0.96, 0.95, 0.96)
    status = {(0, seed): RunStatus.LATE_COLLAPSE for seed in (0, 1)}

    findings = gather_findings(make_finished(mixed, even, status=status))

    first, second = findings.tied_with_best()
    assert first == "learning rate 0.01 (mean 96.50%)"
    assert second.endswith(
        "2 of 6 ended badly; mixed, with too few learners to be ranked)"
    )
