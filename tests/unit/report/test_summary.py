from dataclasses import replace

import pytest
from claim_builders import make_atom, make_claim
from report_builders import make_notebook_result

from paribus.claims import Verdict
from paribus.report.findings import gather_findings
from paribus.report.summary import summary_lines
from paribus.report.verdicts import n_measured, quoted


@pytest.fixture(scope="module")
def findings():
    return gather_findings(make_notebook_result())


def test_within_a_verdict_claims_with_more_measured_parts_come_first(findings):
    untested = make_atom(Verdict.UNTESTED)
    undecided = make_atom(Verdict.UNDECIDED)
    bare = [make_claim(untested, id=f"L{i}", text=f"Bare {i}") for i in range(6)]
    measured = make_claim(
        undecided,
        untested,
        id="B1",
        text="Measured",
        group="batch size",
        verdict=Verdict.UNTESTED,
    )
    lines = summary_lines(replace(findings, verdicts=(*bare, measured)))

    assert "“Bare 5”" not in " ".join(lines)
    assert lines[-1].startswith("○ Untested: “Measured”.")


def test_parts_listed_apart_are_not_counted_as_measured():
    claim = make_claim(make_atom(), make_atom(Verdict.UNTESTED), make_atom(), apart=1)

    assert n_measured(claim) == 1


def test_claims_of_two_optimizers_are_told_apart():
    claim = make_claim(id="L1/keras_adam", text="It is steady.")

    assert quoted(claim) == "“It is steady”, with Keras's Adam"
    assert quoted(replace(claim, id="L1")) == "“It is steady”"
