"""What a report is made of."""

from dataclasses import replace

from builders import make_finished

from paribus.report.findings import gather_findings


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
