"""What an atom of several parts takes from them."""

from typing import Any

import pytest

from paribus.claims.atoms import put_together
from paribus.claims.records import AtomVerdict, Verdict


def make_part(verdict: Verdict, **numbers: float | int | None) -> AtomVerdict:
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
