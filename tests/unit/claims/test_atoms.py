"""What an atom takes from its parts, and at which level it asks them."""

from typing import Any

import pytest
from claims_builders import make_rates

from paribus.claims.atoms import judge_all, put_together
from paribus.claims.evidence import Evidence
from paribus.claims.records import AtomVerdict, Verdict


def make_part(verdict: Verdict, **numbers: Any) -> AtomVerdict:
    settings: dict[str, Any] = {
        "estimate": 0.2,
        "lower": 0.1,
        "smallest_effect": 0.05,
        **numbers,
    }
    return AtomVerdict(id="", text="", verdict=verdict, **settings)


def test_the_p_value_of_all_is_the_largest():
    parts = [
        make_part(Verdict.SUPPORTED, lower=0.06, p_value=0.002),
        make_part(Verdict.SUPPORTED, lower=0.10, p_value=0.031),
    ]
    found = put_together(parts)

    # The part with the least room is shown, but its p-value is not that of both.
    assert found.lower == 0.06
    assert found.p_value == 0.031


def test_without_the_p_value_of_a_part_there_is_none_of_all():
    parts = [make_part(Verdict.SUPPORTED, p_value=0.01), make_part(Verdict.SUPPORTED)]
    assert put_together(parts).p_value is None


@pytest.mark.parametrize(("counts", "most"), [((12, 80), 80), ((12, None), None)])
def test_all_open_parts_must_be_decided(counts, most):
    parts = [make_part(Verdict.SUPPORTED)]
    parts += [
        make_part(Verdict.UNDECIDED, lower=-0.1 * i, more_seeds=n)
        for i, n in enumerate(counts)
    ]
    found = put_together(parts)

    assert found.verdict is Verdict.UNDECIDED
    assert found.more_seeds == most


def test_a_mixed_whole_depends_and_names_what_each_part_says():
    parts = [
        make_part(Verdict.SUPPORTED, measure="tuv", sides=("0.1", "0.001")),
        make_part(Verdict.NEGLIGIBLE, measure="bad_share", sides=("0.01", "0.001")),
    ]
    found = put_together(parts)

    assert found.verdict is Verdict.DEPENDS
    assert found.reason == (
        "supported in total upward variation of the training loss + 0.01, among "
        "learners for 0.1 against 0.001, negligible in share of runs that ended badly "
        "for 0.01 against 0.001"
    )


@pytest.mark.parametrize(
    ("at_family", "levels"),
    [
        ([Verdict.SUPPORTED, Verdict.SUPPORTED], [0.95]),
        ([Verdict.SUPPORTED, Verdict.UNDECIDED], [0.95]),
        ([Verdict.SUPPORTED, Verdict.REFUTED], [0.95, 0.9875]),
        ([Verdict.UNDECIDED, Verdict.NEGLIGIBLE], [0.95, 0.9875]),
    ],
)
def test_parts_share_the_error_rate_where_one_of_them_decides_the_whole(
    at_family, levels
):
    asked = []

    def ask_parts(evidence: Evidence) -> list[AtomVerdict]:
        asked.append(round(evidence.confidence_level, 6))
        # At the stricter level nothing is decided any more.
        verdicts = at_family if len(asked) == 1 else [Verdict.UNDECIDED] * 2
        return [make_part(verdict) for verdict in verdicts]

    found = judge_all(Evidence.of(make_rates()), ask_parts, n_parts=4)

    assert asked == levels
    assert (found.verdict is Verdict.SUPPORTED) == (
        set(at_family) == {Verdict.SUPPORTED}
    )
    assert found.verdict in (Verdict.SUPPORTED, Verdict.UNDECIDED)


def test_each_part_beside_is_named_by_its_measure():
    """Two parts of one comparison differ in nothing else."""
    sides = ("batch size 32", "batch size 64")
    parts = [
        make_part(Verdict.SUPPORTED, measure=measure, sides=sides)
        for measure in ("jitter", "tuv")
    ]

    notes = put_together(parts).notes

    assert notes == (
        "total upward variation of the training loss + 0.01, among learners, batch "
        "size 32 against batch size 64: supported.",
    )
