from dataclasses import replace

import pytest
from claim_builders import make_atom, make_claim
from report_builders import make_notebook_result
from tuning_builders import make_crossed_result

from paribus.claims import Verdict
from paribus.report.claim_verdicts import quoted, say_left_out
from paribus.report.findings import gather_findings
from paribus.report.summary import summary_lines


@pytest.fixture(scope="module")
def findings():
    return gather_findings(make_notebook_result())


def test_claims_without_a_number_share_a_line_behind_those_with_one(findings):
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

    assert lines[-2].startswith("○ Untested: “Measured”.")
    assert lines[-1] == "○ Untested here: L0, L1, L2, L3, L4 and L5."


def test_what_would_test_the_claims_without_a_number_is_named_once(findings):
    lr, bs = (
        make_atom(Verdict.UNTESTED, remedy=f"paribus run {name}")
        for name in ("learning-rate", "batch-size")
    )
    other = make_atom(Verdict.UNTESTED, remedy="a wider grid")
    claims = [
        make_claim(lr, id="L1", verdict=Verdict.UNTESTED),
        make_claim(bs, bs, id="B1", verdict=Verdict.UNTESTED),
        make_claim(bs, other, bs, id="B2", verdict=Verdict.UNTESTED),
        make_claim(other, id="B3", verdict=Verdict.UNTESTED),
    ]

    assert summary_lines(replace(findings, verdicts=tuple(claims)))[-1] == (
        "○ Untested here: L1, B1, B2 and B3. To test L1: `paribus run learning-rate`; "
        "B1 and B2: `paribus run batch-size`."
    )


def test_a_claim_with_a_decided_part_that_has_no_number_has_a_line(findings):
    """As a balance has: decided by its parts, each of which has numbers of its own."""
    balance = make_atom(
        Verdict.SUPPORTED, id="L2b", estimate=None, lower=None, upper=None
    )
    half = make_claim(
        make_atom(Verdict.UNTESTED, id="L2a"),
        balance,
        id="L2",
        text="Half",
        verdict=Verdict.UNTESTED,
    )
    bare = [
        make_claim(make_atom(Verdict.UNTESTED), id=f"B{i}", verdict=Verdict.UNTESTED)
        for i in range(2)
    ]

    *_, said, untested = summary_lines(replace(findings, verdicts=(half, *bare)))

    assert said.startswith("○ Untested: “Half”. L2a: ")
    assert said.endswith(" But L2b is supported.")
    assert untested == "○ Untested here: B0 and B1."


def test_claims_that_find_no_room_are_named(findings):
    open_ = make_atom(Verdict.UNDECIDED)
    half = make_atom(Verdict.NEGLIGIBLE, id="L8b/sgd")
    claims = [
        make_claim(open_, id=f"L{i}/{optimizer}", verdict=Verdict.UNDECIDED)
        for i in range(8)
        for optimizer in ("sgd", "keras_adam")
    ]
    claims.append(make_claim(open_, half, id="L8/sgd", verdict=Verdict.UNDECIDED))

    lines = summary_lines(replace(findings, verdicts=tuple(claims)))

    assert len(lines) == 8
    (counted,) = (line for line in lines if line.startswith("Of 17 claims"))
    # The one with a decided part says most, and has a line; the first 4 others have.
    assert sum(line.startswith("? Undecided") for line in lines) == 5
    assert counted == (
        "Of 17 claims: 17 undecided. Further down, for want of room here: L2, L3, L4, "
        "L5, L6 and L7 (undecided)."
    )


def test_what_was_decided_of_claims_without_room_is_said():
    open_ = make_atom(Verdict.UNDECIDED)
    half = make_claim(
        open_,
        make_atom(Verdict.NEGLIGIBLE, id="L8b/sgd"),
        id="L8/sgd",
        verdict=Verdict.UNDECIDED,
    )
    other = make_claim(open_, id="L8/adam", verdict=Verdict.UNDECIDED)

    assert say_left_out([half], among=[half, other]) == (
        " Further down, for want of room here: L8 with SGD (undecided; L8b is "
        "negligible)."
    )
    assert not say_left_out([], among=[half, other])


def test_parts_listed_apart_are_not_counted_as_tested():
    claim = make_claim(make_atom(), make_atom(Verdict.UNTESTED), make_atom(), apart=1)

    assert claim.n_tested == 1


def test_claims_of_two_optimizers_are_told_apart():
    claim = make_claim(id="L1/keras_adam", text="It is steady.")

    assert quoted(claim) == "“It is steady”, with Keras's Adam"
    assert quoted(replace(claim, id="L1")) == "“It is steady”"


def test_what_scores_vary_with_is_said_where_no_claim_has_a_number():
    findings = gather_findings(make_crossed_result(interaction=0.0))
    claim = make_claim(make_atom(Verdict.SUPPORTED))
    start = (
        "Of the variance of validation accuracy over all configs, each at the learning "
        "rate that was chosen for it, "
    )

    unmeasured = summary_lines(replace(findings, verdicts=()))
    measured = summary_lines(replace(findings, verdicts=(claim,)))

    (line,) = (text for text in unmeasured if text.startswith(start))
    # Planted: two points between the optimizers, noise of a twentieth of one.
    share = int(line.removeprefix(start).partition("% goes with the optimizer")[0])
    assert share > 90
    assert not any(text.startswith(start) for text in measured)
