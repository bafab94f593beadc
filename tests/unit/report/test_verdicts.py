import re
from dataclasses import replace

import pytest
from claim_builders import make_atom, make_speed_atom

from paribus.claims import Verdict
from paribus.report.verdicts import (
    as_command,
    say_change,
    say_finding,
    say_tests,
    say_text,
)


MEASURED = (
    "Difference of final validation accuracy, learning rate 0.01 minus learning rate "
    "0.001 (10 seeds, equal epochs): "
)
TIMED = (
    "Ratio of steps to the target, learning rate 0.001 to 0.01 "
    "(10 seeds, tuned, to the target, in steps): "
)


@pytest.mark.parametrize(
    ("verdict", "finding", "change"),
    [
        (
            Verdict.SUPPORTED,
            MEASURED + "+1.47 [+1.20, +1.74] points: the whole interval lies above the "
            "smallest effect of 0.20 points.",
            "A smallest effect of 1.20 points or more would leave it undecided.",
        ),
        (
            Verdict.REFUTED,
            MEASURED + "−1.47 [−1.74, −1.20] points: the opposite holds by more than "
            "0.20 points.",
            "A smallest effect of 1.20 points or more would leave it undecided.",
        ),
        (
            Verdict.NEGLIGIBLE,
            MEASURED + "+0.02 [−0.11, +0.15] points: practically absent: the whole "
            "interval lies within ±0.20 points.",
            "A smallest effect of 0.15 points or less would leave it undecided.",
        ),
        (
            Verdict.UNDECIDED,
            MEASURED + "+0.30 [−0.10, +0.70] points: not decided with 10 seeds; about "
            "24 would decide. The interval reaches across 0.20 points.",
            "About 24 seeds, if the true effect is near the present estimate.",
        ),
        (
            Verdict.UNTESTED,
            "Not tested because the best learning rate lies on the lower edge of the "
            "grid.",
            "To test it: `paribus run learning-rate --size standard`.",
        ),
        (
            Verdict.DEPENDS,
            "It depends: supported per epoch, refuted per second.",
            "",
        ),
    ],
)
def test_each_verdict_has_its_sentences(verdict, finding, change):
    atom = make_atom(verdict)

    assert say_finding(atom) == finding
    assert say_change(atom) == change


@pytest.mark.parametrize(
    ("verdict", "finding", "change"),
    [
        (
            Verdict.SUPPORTED,
            TIMED + "1.62 [1.40, 1.88]: the whole interval lies above the smallest "
            "effect of a factor of 1.25.",
            "A smallest effect of a factor of 1.40 or more would leave it undecided.",
        ),
        (
            Verdict.REFUTED,
            TIMED + "0.62 [0.53, 0.71]: the opposite holds by more than a factor of "
            "1.25.",
            "A smallest effect of a factor of 1.41 or more would leave it undecided.",
        ),
        (
            Verdict.NEGLIGIBLE,
            TIMED + "1.02 [0.95, 1.10]: practically absent: the whole interval lies "
            "within a factor of 1.25 either way.",
            "A smallest effect of a factor of 1.10 or less would leave it undecided.",
        ),
    ],
)
def test_ratios_are_said_as_factors(verdict, finding, change):
    atom = make_speed_atom(verdict)

    assert say_finding(atom) == finding
    assert say_change(atom) == change


def test_an_effect_that_is_seen_but_may_be_too_small_is_said_to_be():
    finding = say_finding(make_speed_atom(Verdict.UNDECIDED))

    assert finding == (
        TIMED + "1.30 [1.10, 1.54]: not decided with 10 seeds; about 24 would decide. "
        "An effect in the claimed direction is seen; whether it reaches a factor of "
        "1.25 is open."
    )


def test_an_effect_against_the_claim_is_said_to_be_against_it():
    atom = make_atom(Verdict.UNDECIDED, estimate=-0.003, lower=-0.005, upper=-0.001)

    assert "An effect against the claimed direction is seen" in say_finding(atom)


def test_more_than_a_thousand_seeds_are_not_counted():
    atom = make_atom(Verdict.UNDECIDED, more_seeds=1001)

    assert "not decided with 10 seeds; more than 1,000 would decide." in say_finding(
        atom
    )
    assert say_change(atom) == (
        "More than 1,000 seeds; the estimate sits at the smallest effect."
    )


def test_one_seed_is_told_the_fewest_and_promised_nothing():
    atom = make_atom(Verdict.UNDECIDED, lower=None, upper=None, n_seeds=1, more_seeds=5)

    assert "not decided with 1 seed; at least 5 are needed." in say_finding(atom)
    assert say_change(atom) == (
        "At least 5 seeds; so few say nothing of how seeds vary."
    )


def test_undecided_without_a_number_of_seeds_says_what_is_open():
    atom = make_atom(
        Verdict.UNDECIDED,
        estimate=None,
        lower=None,
        upper=None,
        n_seeds=3,
        more_seeds=None,
        reason="fewer than 5 seeds have both sides",
    )

    assert say_finding(atom) == (
        "Not decided with 3 seeds. Fewer than 5 seeds have both sides."
    )
    assert say_change(atom) == ""


def test_what_is_only_described_has_its_number_and_interval():
    link = make_atom(
        Verdict.UNDECIDED,
        measure="partial rank correlation of sharpness and generalisation gap",
        estimate=0.163,
        lower=-0.072,
        upper=0.398,
        smallest_effect=None,
        unit="",
        sides=(),
        reason="it is described only",
    )

    assert say_finding(link) == (
        "Partial rank correlation of sharpness and generalisation gap (10 seeds, equal "
        "epochs): +0.163 [−0.072, +0.398]: not decided with 10 seeds; about 24 would "
        "decide. It is described only."
    )


def test_a_ratio_of_times_that_were_cut_on_both_sides_is_said_to_bound_nothing():
    both = make_speed_atom(Verdict.UNDECIDED, lower=None, upper=None, bound="none")

    assert (
        "1.30, of times cut at the end of the budget, which bounds nothing: not decided"
    ) in say_finding(both)


def test_as_good_as_is_supported_by_what_is_ruled_out():
    atom = make_atom(estimate=0.0005, lower=-0.0011, upper=0.0031)

    assert say_finding(atom).endswith(
        "+0.05 [−0.11, +0.31] points: a disadvantage of more than 0.20 points is ruled "
        "out."
    )
    assert say_change(atom) == (
        "A smallest effect of 0.11 points or less would leave it undecided."
    )


def test_as_good_as_needs_no_other_smallest_effect_if_it_is_better():
    assert say_change(make_atom(estimate=0.0015, lower=0.0003, upper=0.003)) == ""


def test_equal_is_supported_within_and_refuted_beyond_the_smallest_effect():
    within = make_atom(estimate=0.0005, lower=-0.0011, upper=0.0012)
    beyond = make_atom(Verdict.REFUTED, estimate=0.01, lower=0.008, upper=0.012)

    assert say_finding(within).endswith("lies within ±0.20 points.")
    assert say_finding(beyond).endswith(
        ": the two sides differ by more than 0.20 points."
    )


def test_a_part_without_numbers_says_its_reason():
    atom = make_atom(
        Verdict.REFUTED, estimate=None, reason="a rival is better on every measure."
    )

    assert say_finding(atom) == "A rival is better on every measure."


def test_an_interval_without_width_at_zero_says_nothing_of_other_smallest_effects():
    equal = make_atom(Verdict.NEGLIGIBLE, estimate=0.0, lower=0.0, upper=0.0)

    assert say_change(equal) == ""


def test_a_bound_that_is_missing_is_left_open():
    atom = make_speed_atom(upper=None, bound="lower")

    assert "at least 1.62 [1.40, …]: the whole interval lies above" in say_finding(atom)
    # Runs of the side claimed faster never came: so slow at most.
    slow = make_speed_atom(Verdict.UNDECIDED, lower=None, bound="upper")
    assert "at most 1.30 […, 1.54]" in say_finding(slow)
    assert say_change(atom) == ""


@pytest.mark.parametrize(
    ("text", "clock", "said"),
    [
        ("0.1 is faster than 0.01", "steps", "0.1 is faster than 0.01, in steps."),
        ("0.1 is faster in epochs", "epochs", "0.1 is faster in epochs."),
        ("0.001 is more stable.", "", "0.001 is more stable, among learners."),
        ("0.001 trains stably", "", "0.001 trains stably, among learners."),
        ("Among learners 0.1 is as stable", "", "Among learners 0.1 is as stable."),
    ],
)
def test_speed_names_its_clock_and_stability_its_runs(text, clock, said):
    assert say_text(make_atom(text=text, clock=clock)) == said


def test_tests_and_sizes_are_said_together():
    atom = make_atom(
        p_value=0.00195, p_value_holm=0.0156, effect_size=-2.5, share_above=0.97
    )

    assert say_tests(atom) == (
        "The interval holds with 99.4%; p of the exact test 0.002; Holm-adjusted "
        "0.016; Hedges' g −2.50; a run of learning rate 0.01 lies above one of "
        "learning rate 0.001 in 97% of pairs."
    )
    assert say_tests(make_atom(is_primary=False)).startswith("Exploratory. ")
    assert say_tests(make_atom(confidence_level=None)) == ""


def test_the_p_of_a_conjunction_is_said_to_be_the_largest_of_its_parts():
    parts = (make_atom(p_value=0.002), make_atom(p_value=0.04))

    assert "; largest p of its 2 parts of the exact test 0.040" in say_tests(
        make_atom(p_value=0.04, parts=parts)
    )


def test_no_effect_is_seen_in_an_interval_that_the_exact_test_does_not_bear_out():
    """Newcombe's interval of a difference of shares may lie beside 0 at p above .05."""
    atom = make_atom(
        Verdict.UNDECIDED,
        measure="bad_share",
        lower=0.0002,
        upper=0.004,
        confidence_level=0.95,
        p_value=0.06,
    )

    assert "is seen" not in say_finding(atom)
    assert "reaches across" in say_finding(atom)
    assert "is seen" in say_finding(replace(atom, p_value=0.04))


@pytest.mark.parametrize(
    ("p", "said"), [(0.0321, "0.032, at most the 0.10"), (0.2, "0.200, above the 0.10")]
)
def test_an_exploratory_p_value_is_said_against_the_rate_of_false_discoveries(p, said):
    atom = make_atom(is_primary=False, p_value=0.004, p_value_bh=p)

    text = say_tests(atom)

    assert text.startswith("Exploratory. ")
    assert f"Benjamini-Hochberg-adjusted {said} at which it would count." in text


def test_seeds_added_after_looking_are_said_with_the_tests():
    said = say_tests(make_atom(n_late_seeds=4))

    assert said.endswith(
        "Seeds added after looking: 4 of 10 seeds, so the interval is narrower than "
        "such a plan allows."
    )


def test_no_two_verdicts_share_a_sign():
    assert len({verdict.icon for verdict in Verdict}) == len(Verdict)
    assert all(re.fullmatch(r"\S", verdict.icon) for verdict in Verdict)


def test_a_measure_taken_before_the_end_is_not_called_final():
    early = make_atom(Verdict.SUPPORTED, epochs=1.0)
    late = make_atom(Verdict.SUPPORTED, epochs=2.5)

    assert say_finding(early).startswith(
        "Difference of validation accuracy after 1 epoch, learning rate 0.01 minus"
    )
    assert "validation accuracy after 2.5 epochs, " in say_finding(late)


@pytest.mark.parametrize(
    ("verdict", "numbers", "finding"),
    [
        (
            Verdict.SUPPORTED,
            (1.0, 0.54, 1.0),
            "100% [54, 100]: the whole interval lies above the smallest share, 20%.",
        ),
        (
            Verdict.NEGLIGIBLE,
            (0.0, 0.0, 0.17),
            "0.0% [0.0, 17.0]: the whole interval lies below the smallest share, 20%.",
        ),
        (
            Verdict.UNDECIDED,
            (0.2, 0.02, 0.61),
            "20% [2, 61]: not decided with 10 seeds; about 24 would decide. The "
            "interval reaches across the smallest share, 20%.",
        ),
    ],
)
def test_a_share_of_one_side_is_no_difference(verdict, numbers, finding):
    estimate, lower, upper = numbers
    atom = make_atom(
        verdict,
        measure="damaged_share",
        is_share=True,
        sides=("learning rate 0.1",),
        smallest_effect=0.2,
        estimate=estimate,
        lower=lower,
        upper=upper,
    )

    assert say_finding(atom) == (
        "Share of bad runs that the best learning rate does not rescue, learning rate "
        f"0.1 (10 seeds, equal epochs): {finding}"
    )


def test_only_the_command_of_more_seeds_stands_as_code():
    remedy = "--set study.seeds=9, or a new study with planned looks"

    assert as_command(remedy) == (
        "`--set study.seeds=9`, or a new study with planned looks"
    )
    assert as_command("--set study.seeds=9") == "`--set study.seeds=9`"
