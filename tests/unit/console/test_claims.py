from dataclasses import replace

import pytest
from claim_builders import make_atom, make_claim

from paribus.claims import AtomVerdict, ClaimVerdict, Verdict
from paribus.console import claims_text
from paribus.console.claims import own_claims_text


ATOM = AtomVerdict(
    id="L2a",
    text="as good as the best",
    verdict=Verdict.SUPPORTED,
    measure="validation_accuracy",
    estimate=0.0123,
    lower=0.0051,
    upper=0.0195,
    smallest_effect=0.002,
    unit="pp",
    n_seeds=8,
    scope="Scope: MNIST.",
)


def text_of(**changes: object) -> str:
    atom = replace(ATOM, **changes)
    claim = ClaimVerdict(
        id="L2",
        group="learning rate",
        text="A balance",
        verdict=atom.verdict,
        atoms=(atom,),
    )
    return claims_text([claim])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "+1.23 [+0.51, +1.95] pp"),
        (
            {"is_ratio": True, "estimate": 2.0, "lower": 1.5, "upper": 3.0},
            "ratio 2 [1.5, 3]",
        ),
        ({"is_ratio": True, "estimate": 2.0, "lower": 1.5, "upper": None}, "[1.5, -]"),
        (
            {
                "is_ratio": True,
                "estimate": 0.06,
                "lower": None,
                "upper": 0.3,
                "bound": "upper",
            },
            "ratio at most 0.06 [-, 0.3]",
        ),
        (
            {
                "is_ratio": True,
                "estimate": 1.18,
                "lower": None,
                "upper": None,
                "bound": "none",
            },
            "ratio 1.18 of cut times, no bound",
        ),
        (
            {
                "is_share": True,
                "estimate": 1.0,
                "lower": 0.27,
                "upper": 1.0,
                "smallest_effect": 0.2,
            },
            "100.00 [27.00, 100.00] %  20.00 %",
        ),
        ({"unit": "nats"}, "+0.0123 [+0.0051, +0.0195] nats"),
        (
            {"verdict": Verdict.UNTESTED, "reason": "why", "remedy": "do it"},
            "L2a: not tested because why; to test it: do it",
        ),
        (
            {"verdict": Verdict.UNDECIDED, "more_seeds": 30},
            "L2a: not decided with 8 seeds; about 30 seeds would decide",
        ),
        # One seed says nothing of a spread: five is the fewest, not what decides.
        (
            {"verdict": Verdict.UNDECIDED, "more_seeds": 5, "n_seeds": 1},
            "L2a: not decided with 1 seed; at least 5 seeds are needed",
        ),
        (
            {"verdict": Verdict.UNDECIDED, "more_seeds": 1001, "n_seeds": 1},
            "L2a: not decided with 1 seed, and more than 1000 seeds would be needed",
        ),
        ({"verdict": Verdict.DEPENDS, "reason": "a, not b"}, "L2a: depends, a, not b"),
    ],
)
def test_each_verdict_is_said_with_what_would_change_it(changes, said):
    assert said in text_of(**changes)


def test_confirmatory_and_exploratory_atoms_have_their_own_adjusted_p():
    confirmatory = text_of(p_value=0.004, p_value_holm=0.0321)
    exploratory = text_of(is_primary=False, p_value=0.004, p_value_bh=0.0123)

    assert "0.032" in confirmatory
    assert "L2a *" not in confirmatory
    assert "0.012" in exploratory
    assert "L2a *" in exploratory


def test_seeds_that_were_added_after_looking_are_said_to_be():
    assert "L2a: seeds added after looking, 3 of 8 seeds" in text_of(n_late_seeds=3)
    assert ": seeds added after looking" not in text_of()


def test_the_digest_of_declared_claims_stands_once_at_the_end():
    claims = [
        ClaimVerdict(
            id=name,
            group="yours",
            text="A balance",
            verdict=ATOM.verdict,
            atoms=(ATOM,),
            digest="ab" * 32,
        )
        for name in ("U1", "U2")
    ]

    assert claims_text(claims).count("ab" * 32) == 1


def test_no_line_claims_more_than_the_numbers():
    texts = [text_of(verdict=verdict, reason="why") for verdict in Verdict]
    for text in texts:
        assert "significant" not in text
        assert "no difference" not in text
        assert "no effect" not in text


def test_claims_about_what_is_not_varied_are_one_line():
    claims = [
        make_claim(id="U1", group="yours"),
        make_claim(make_atom(Verdict.UNTESTED), id="B1", group="batch size"),
        make_claim(make_atom(Verdict.UNTESTED), id="B2", group="batch size"),
    ]

    text = claims_text(claims, unvaried={"batch size": "paribus run batch-size"})

    assert text.startswith("3 claims, 3 atoms\n\nU1: supported\n")
    assert (
        "\n\nB1, B2: not tested because the study compares no values of the batch "
        "size; to "
        "test them: paribus run batch-size\n\n"
    ) in text
    assert "B1:" not in text


def test_the_studys_own_claims_are_a_line_each_with_verdict_and_lateness():
    claims = [
        make_claim(id="U1", group="yours"),
        make_claim(
            make_atom(Verdict.UNTESTED, id="U2", reason="it was late", remedy="more"),
            id="U2",
            group="yours",
            is_late=True,
        ),
        make_claim(id="B1", group="batch size"),
    ]

    first, second = own_claims_text(claims).splitlines()

    assert first.startswith(f"U1 is supported: {claims[0].text[:-1]}: ")
    assert second == (
        f"U2 is untested (declared after the first run): {claims[1].text[:-1]}: "
        "not tested because it was late; to test it: more"
    )


def test_a_claim_that_depends_says_on_which_parts():
    parts = make_atom(Verdict.NEGLIGIBLE, id="L3b"), make_atom(id="L3c")
    claim = make_claim(*parts, id="L3", verdict=Verdict.DEPENDS)

    text = claims_text([claim])

    assert "\nL3: depends (L3b is negligible, L3c is supported)\n" in text


def test_that_the_interval_decides_stands_below_the_p_values():
    assert "The interval alone decides: a p-value asks whether" in text_of()


def test_seeds_that_would_decide_are_said_to_be_marked_unless_looks_are_planned():
    said = text_of()
    assert "Seeds added where no looks were planned are marked as added after" in said
    assert said.endswith("study may plan looks.")
