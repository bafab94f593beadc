from claim_builders import make_atom, make_claim, make_claims, make_speed_atom

from paribus.claims import Verdict
from paribus.report.claim_verdicts import (
    say_claim,
    say_parts,
    say_untested,
    say_verdicts,
)


TIMED = (
    "Ratio of steps to the target, learning rate 0.001 to 0.01 "
    "(10 seeds, tuned, to the target, in steps): "
)


def test_a_claim_counts_its_parts_and_says_what_is_apart():
    first, second, _, depends, late = make_claims()

    assert say_parts(first) == "Its 2 parts: 1 supported and 1 refuted."
    assert say_parts(second) == "Its 2 parts: 1 undecided and 1 untested."
    assert say_parts(depends) == (
        "Its one part is depends. Listed apart: 1 supported and 1 negligible."
    )
    assert "declared after the first run" in say_parts(late)


def test_a_claim_in_one_line_has_the_numbers_of_the_part_that_made_its_verdict():
    first, second, *_ = make_claims()

    assert say_claim(first) == (
        "✗ Refuted: “A small learning rate (0.001) is more stable but slow”. L1b: "
        + TIMED
        + "0.62 [0.53, 0.71]: the opposite holds by more than a factor of 1.25. "
        "But L1a is supported."
    )
    assert say_claim(second).endswith(
        "L2a: Not tested because the best learning rate lies on the lower edge of the "
        "grid."
    )


def test_what_is_listed_apart_makes_no_claim():
    """The part apart has the verdict of the claim, and is not what made it."""
    apart = make_atom(Verdict.DEPENDS, id="L3a", reason="another question")
    claim = make_claim(
        make_speed_atom(Verdict.SUPPORTED, id="B1a"),
        make_speed_atom(Verdict.REFUTED, id="B1b"),
        make_speed_atom(Verdict.UNDECIDED, id="B1c"),
        apart,
        verdict=Verdict.DEPENDS,
        apart=1,
        text="A small batch converges faster",
    )

    assert say_claim(claim) == (
        "⇄ Depends: “A small batch converges faster”. B1a is supported: "
        + TIMED
        + "1.62 [1.40, 1.88]: the whole interval lies above the smallest effect of a "
        "factor of 1.25. B1b is refuted."
    )


def test_verdicts_are_counted():
    assert say_verdicts(make_claims()) == (
        "Of 5 claims: 1 supported, 1 refuted, 1 negligible, 1 untested and 1 depends."
    )
    assert say_verdicts([make_claim()]) == "Of 1 claim: 1 supported."


def test_untested_claims_name_an_optimizer_only_where_another_one_tests_them():
    claims = [
        make_claim(make_atom(Verdict.UNTESTED), id=name, verdict=Verdict.UNTESTED)
        for name in ("L1/sgd", "L1/keras_adam", "L2/sgd", "B1/sgd", "B1/keras_adam")
    ]

    tested = make_claim(id="L2/keras_adam")

    assert say_untested(claims, among=[*claims, tested]) == (
        "○ Untested here: L1, L2 with SGD and B1."
    )
