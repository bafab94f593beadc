"""What no sentence about a verdict may say, whatever the record."""

import re
from typing import Any

import pytest
from claim_builders import make_atom, make_claim
from hypothesis import given
from hypothesis import strategies as st

from paribus.claims import AtomVerdict, Verdict
from paribus.report.claim_verdicts import say_claim, say_parts
from paribus.report.verdicts import say_change, say_finding, say_tests, say_text


TEXTS = (
    "A learning rate of 0.1 is faster than 0.01",
    "A learning rate of 0.001 is slower",
    "A learning rate of 0.001 trains more stably than 0.1",
    "A batch size of 64 has stable convergence",
    "A batch size of 64 ends with a higher accuracy",
)
MEASURES = ("tuv", "jitter", "steps_to_target", "validation_accuracy", "bad_share", "")
NEVER = (
    r"\bsignifican",
    r"\bneural networks?\b",
    r"\bno (difference|effect)\b",
    r"\bthe same\b",
    r"±\s*sd",
    r"\bnan\b",
    r"\binf\b",
    r"\bNone\b",
    r"\.\.",
    r"  ",
)

numbers = st.floats(-1, 1, allow_nan=False)
ratios = st.floats(1e-3, 1e3, allow_nan=False)


@st.composite
def atoms(draw) -> dict[str, Any]:
    """Settings of an atom: the records themselves are made outside of hypothesis."""
    is_ratio = draw(st.booleans())
    ends = sorted(draw(st.tuples(*[ratios if is_ratio else numbers] * 3)))
    has_numbers = draw(st.booleans())
    lower, estimate, upper = ends if has_numbers else (None, None, None)
    bounds = draw(st.sampled_from(["both", "lower", "upper"]))
    return {
        "verdict": draw(st.sampled_from(list(Verdict))),
        "text": draw(st.sampled_from(TEXTS)),
        "measure": draw(st.sampled_from(MEASURES)),
        "estimate": estimate,
        "lower": None if bounds == "upper" else lower,
        "upper": None if bounds == "lower" else upper,
        "smallest_effect": draw(
            st.sampled_from([1.25, 2.0] if is_ratio else [0.002, 0.2])
        ),
        "is_ratio": is_ratio,
        "unit": "" if is_ratio else draw(st.sampled_from(["pp", "nats", ""])),
        "n_seeds": draw(st.integers(0, 30)),
        "reason": draw(st.sampled_from(["", "a guard failed", "few learners."])),
        "remedy": draw(st.sampled_from(["", "paribus run batch-size"])),
        "more_seeds": draw(st.sampled_from([None, 7, 1001])),
        "clock": draw(st.sampled_from(["steps", "epochs", "seconds"])),
        "mode": draw(st.sampled_from(["tuned", "untuned", ""])),
        "budget": draw(st.sampled_from(["epochs", "steps", "seconds", "target"])),
        "is_primary": draw(st.booleans()),
        "p_value": draw(st.sampled_from([None, 0.002])),
        "effect_size": draw(st.sampled_from([None, -1.5])),
        "share_above": draw(st.sampled_from([None, 0.9])),
        "sides": draw(st.sampled_from([(), ("0.1", "0.01")])),
    }


def sentences(atom: AtomVerdict) -> list[str]:
    """Everything that is written of an atom but its notes and scope."""
    said = (say_text, say_finding, say_change, say_tests)
    return [text for say in said if (text := say(atom))]


@given(parts=st.lists(atoms(), min_size=1, max_size=3), is_late=st.booleans())
def test_no_sentence_says_more_than_its_record(parts, is_late):
    claim = make_claim(*[make_atom(**part) for part in parts], is_late=is_late)

    written = [text for atom in claim.atoms for text in sentences(atom)]
    for text in (*written, say_claim(claim), say_parts(claim)):
        for pattern in NEVER:
            assert not re.search(pattern, text), (pattern, text)
        assert text.endswith((".", "”"))
        assert text[0].isupper() or not text[0].isalpha()


@given(values=atoms())
def test_speed_has_a_clock_and_stability_says_which_runs_it_is_about(values):
    text = say_text(make_atom(**values))

    if re.search(r"\b(faster|slower)\b", text):
        assert re.search(r"\bin (steps|epochs|seconds)\b", text)
    if re.search(r"\bstab", text):
        counts_failures = values["measure"] == "bad_share"
        assert ("by failures of all runs" in text) == counts_failures
        assert ("among learners" in text) != counts_failures


@given(values=atoms())
def test_what_is_decided_shows_estimate_interval_and_smallest_effect(values):
    atom = make_atom(**values)
    finding = say_finding(atom)

    if atom.verdict is Verdict.UNDECIDED:
        assert "ot decided with" in finding
        says_how_many = re.search(r"would decide|are needed", finding) is not None
        assert says_how_many == (atom.more_seeds is not None)
    elif atom.verdict is Verdict.UNTESTED:
        assert finding.startswith("Not tested because ")
    elif atom.verdict is not Verdict.DEPENDS and atom.estimate is not None:
        assert re.search(r"\[.+, .+\]", finding)
        assert re.search(r"a factor of [\d.]+|\d points|(0\.002|0\.2)", finding)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_negative_and_open_verdicts_have_the_same_space(verdict):
    """Each has a sentence of its own, a finding, and what would change it.

    Of one that depends the finding says what flips it.
    """
    n = 2 if verdict is Verdict.DEPENDS else 3
    assert len(sentences(make_atom(verdict, confidence_level=None))) == n
