"""Verdicts for a terminal, a line for each claim."""

from typing import Any

import pytest
from claim_builders import make_atom, make_claim

from paribus.claims import ClaimVerdict, Verdict
from paribus.console import verdicts_text


EDGE = "--set 'space.learning_rate=[0.001, 0.01, 0.1, 1]'"
NUMBERS: dict[str, Any] = {
    "measure": "test_accuracy",
    "unit": "pp",
    "estimate": 0.012,
    "lower": 0.004,
    "upper": 0.02,
    "smallest_effect": 0.002,
    "n_seeds": 6,
    "is_ratio": False,
}


def line_of(claim: ClaimVerdict) -> str:
    text = verdicts_text([claim])
    (line,) = [line for line in text.splitlines() if f" {claim.id}: " in line]
    return line


@pytest.mark.parametrize(
    ("verdict", "changes", "end"),
    [
        (Verdict.SUPPORTED, {}, ""),
        (
            Verdict.UNDECIDED,
            {"more_seeds": 14},
            "; about 14 seeds would decide",
        ),
        (
            Verdict.UNDECIDED,
            {"more_seeds": 1001},
            "; more than 1000 seeds would be needed",
        ),
    ],
)
def test_a_claim_is_a_line_with_its_numbers_and_what_would_decide(
    verdict: Verdict, changes: dict[str, object], end: str
):
    atom = make_atom(verdict, id="U1", **{**NUMBERS, **changes})
    claim = make_claim(atom, id="U1", group="yours", verdict=verdict)

    assert line_of(claim) == (
        f"{verdict.icon} {verdict.value:<10} U1: {claim.text.rstrip('.')}. test "
        f"accuracy +1.20 [+0.40, +2.00] pp, smallest effect 0.20 pp{end}."
    )


def test_other_parts_are_named_by_what_they_are():
    parts = [
        make_atom(Verdict.SUPPORTED, id="L1a/sgd", **NUMBERS),
        make_atom(Verdict.UNDECIDED, id="L1b/sgd", more_seeds=9, **NUMBERS),
        make_atom(Verdict.UNDECIDED, id="L1c/sgd", more_seeds=20, **NUMBERS),
        make_atom(Verdict.REFUTED, id="L1d/sgd", **NUMBERS),
    ]
    claim = make_claim(*parts, id="L1/sgd", verdict=Verdict.UNDECIDED, apart=1)

    line = line_of(claim)

    assert "L1b: test accuracy +1.20" in line
    assert line.endswith(
        "about 9 seeds would decide. 1 more undecided, L1a is supported."
    )
    assert "L1d" not in line


def test_a_claim_that_depends_shows_a_part_and_its_verdict():
    parts = [
        make_atom(Verdict.NEGLIGIBLE, id="L3b", **NUMBERS),
        make_atom(Verdict.SUPPORTED, id="L3c", **NUMBERS),
    ]
    claim = make_claim(*parts, id="L3", verdict=Verdict.DEPENDS)

    line = line_of(claim)

    assert "L3c: supported, test accuracy +1.20" in line
    assert line.endswith("L3b is negligible.")


def test_what_one_design_would_test_is_one_line_and_comes_last():
    def untested(name: str, reason: str, remedy: str) -> ClaimVerdict:
        atom = make_atom(
            Verdict.UNTESTED,
            id=f"{name}a",
            reason=reason,
            remedy=remedy,
            estimate=None,
        )
        return make_claim(atom, id=name, group="learning rate")

    claims = [
        untested("L1", "it lies on the edge", EDGE),
        untested("L2", "no target is set", EDGE),
        make_claim(make_atom(Verdict.SUPPORTED, **NUMBERS), id="U1", group="yours"),
        untested("L3", "there is one workload", "run others"),
        untested("B1", "not varied", "paribus run batch-size"),
    ]
    claims[-1] = make_claim(*claims[-1].atoms, id="B1", group="batch size")

    text = verdicts_text(claims, unvaried={"batch size": "paribus run batch-size"})

    head, said, open_, *_ = text.split("\n\n")
    assert head == "5 claims: 1 supported, 4 untested"
    assert said.startswith("✓ supported  U1: ")
    assert open_.splitlines() == [
        f"○ untested   L1, L2: it lies on the edge; to test it: {EDGE}.",
        "○ untested   L3: there is one workload; to test it: run others.",
        "○ untested   B1: the study compares no values of the batch size; to "
        "test them: "
        "paribus run batch-size",
    ]


def test_a_claim_of_ones_own_that_is_untested_is_not_folded_away():
    atom = make_atom(Verdict.UNTESTED, id="U1", reason="no config has it", remedy="")
    claim = make_claim(atom, id="U1", group="yours", is_late=True)

    line = line_of(claim)

    late = "(declared after the first run)"
    said = f"{claim.text.rstrip('.')} {late}. no config has it."
    assert line.endswith(f"U1: {said}")


@pytest.mark.parametrize("width", [20, 60, 100])
def test_lines_are_folded_within_the_terminal_and_commands_stay_whole(width: int):
    atom = make_atom(Verdict.UNTESTED, reason="it lies on the edge", remedy=EDGE)
    text = verdicts_text(
        [make_claim(atom, id="L1", group="learning rate")], width=width
    )

    lines = text.splitlines()
    quoted = EDGE.removeprefix("--set ")
    assert any(quoted in line for line in lines)
    whole = [quoted, "`paribus claims DIR --details`", "`print(result.verdicts()."]
    long = [line for line in lines if len(line) > max(width, 26)]
    assert all(any(piece in line for piece in whole) for line in long)


def test_only_what_all_scopes_share_is_said():
    scopes = ["Scope: MNIST, SGD, 5 epochs, 6 seeds.", "Scope: MNIST, Adam, 5 epochs."]
    claims = [
        make_claim(make_atom(Verdict.SUPPORTED, scope=scope, **NUMBERS), id=f"U{i}")
        for i, scope in enumerate(scopes)
    ]

    assert "\n\nScope: MNIST, 5 epochs.\n\n" in verdicts_text(claims)


def test_settings_in_parentheses_are_shared_one_by_one():
    start = "Scope: MNIST, 1,000 examples, mlp (hidden [128, 64], activation relu), "
    scopes = [
        f"{start}Adam ({settings}), x."
        for settings in (
            "b1 0.9, eps 1e-07",
            "b1 0.9, eps 1e-07, learning_rate 0.01",
            "b1 0.8, eps 1e-07",
        )
    ]

    def said(*chosen: str) -> str:
        claims = [
            make_claim(make_atom(Verdict.SUPPORTED, scope=scope, **NUMBERS), id=f"U{i}")
            for i, scope in enumerate(chosen)
        ]
        text = verdicts_text(claims)
        return next(line for line in text.splitlines() if line.startswith("Scope"))

    assert said(*scopes[:2]) == f"{start}Adam (b1 0.9, eps 1e-07), x."
    assert said(*scopes) == f"{start}Adam (eps 1e-07), x."
    other = scopes[0].replace("Adam (b1 0.9, eps 1e-07)", "SGD (momentum 0)")
    assert said(scopes[0], other) == f"{start}x."


def test_where_seeds_would_decide_it_is_said_what_that_supposes():
    def text(more_seeds: int | None) -> str:
        atom = make_atom(Verdict.UNDECIDED, more_seeds=more_seeds, **NUMBERS)
        return verdicts_text([make_claim(atom, id="U1")])

    assert "if the true effects are near the estimates;" in text(9)
    assert "if the true" not in text(None)
