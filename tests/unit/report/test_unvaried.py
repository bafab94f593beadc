"""Textbook claims that a study is not about, in the report."""

from dataclasses import replace

import pytest
from builders import make_result, make_study

from paribus.report import build_report
from paribus.report.document import Bullets
from paribus.report.findings import gather_findings
from paribus.report.summary import summary_lines
from paribus.report.unvaried import arrange_unvaried, say_unvaried


@pytest.fixture(scope="module")
def findings():
    return gather_findings(make_result(make_study(n_seeds=6)))


def test_a_group_is_one_line_that_names_what_to_run(findings):
    (block,) = arrange_unvaried(findings).blocks

    assert block == Bullets(
        items=(
            "About the batch size, of which this study compares no values. To "
            "test them: "
            "`paribus run batch-size`.",
        )
    )


def test_a_group_without_a_remedy_ends_with_the_reason():
    assert say_unvaried({"batch size": ""}) == (
        "About the batch size, of which this study compares no values.",
    )


def test_the_report_has_no_block_of_claims_that_are_not_its_subject(findings):
    report = build_report(findings.result)

    anchors = [section.anchor for section in report.sections]
    assert "claims-batch-size" not in anchors
    assert anchors.index("claims-learning-rate") < anchors.index("claims-untested")


def test_the_summary_says_in_one_line_what_is_not_tested(findings):
    line = "Not tested, as not compared here: the textbook claims about the batch size."

    assert line in summary_lines(findings)
    assert line not in summary_lines(replace(findings, unvaried={}))
