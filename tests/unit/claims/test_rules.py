import itertools

import pytest

from paribus.claims.records import Verdict
from paribus.claims.rules import (
    Bounds,
    across,
    all_of,
    any_of,
    boundaries,
    judge_interval,
    with_others,
)


SUPPORTED, REFUTED, NEGLIGIBLE, UNDECIDED, UNTESTED, DEPENDS = Verdict
INF = float("inf")


@pytest.mark.parametrize(
    ("lower", "upper", "greater", "at_least", "equivalent"),
    [
        (1.1, 3.0, SUPPORTED, SUPPORTED, REFUTED),  # beyond, as claimed
        (-3.0, -1.1, REFUTED, REFUTED, REFUTED),  # beyond, on the other side
        (-0.9, 0.9, NEGLIGIBLE, SUPPORTED, SUPPORTED),  # within
        (0.0, 0.0, NEGLIGIBLE, SUPPORTED, SUPPORTED),  # an A/A of paired runs
        (0.5, 1.5, UNDECIDED, SUPPORTED, UNDECIDED),  # across the upper boundary
        (-1.5, -0.5, UNDECIDED, UNDECIDED, UNDECIDED),  # across the lower one
        (-2.0, 2.0, UNDECIDED, UNDECIDED, UNDECIDED),  # across both
        (1.0, 2.0, UNDECIDED, SUPPORTED, UNDECIDED),  # touching decides nothing
        (-2.0, -1.0, UNDECIDED, UNDECIDED, UNDECIDED),
        (-1.0, 1.0, UNDECIDED, UNDECIDED, UNDECIDED),
        (-INF, INF, UNDECIDED, UNDECIDED, UNDECIDED),  # too few seeds
        (1.1, INF, SUPPORTED, SUPPORTED, REFUTED),  # a bound from censored times
        (-0.9, INF, UNDECIDED, SUPPORTED, UNDECIDED),
        (-INF, -1.1, REFUTED, REFUTED, REFUTED),
    ],
)
def test_each_relation_reads_the_interval_by_its_rule(
    lower, upper, greater, at_least, equivalent
):
    interval = Bounds(lower=lower, upper=upper)

    assert judge_interval(interval, 1.0) is greater
    assert judge_interval(interval, 1.0, relation="at_least") is at_least
    assert judge_interval(interval, 1.0, relation="equivalent") is equivalent


def test_a_direction_is_refuted_where_its_reverse_is_supported():
    grid = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]
    reverse = {SUPPORTED: REFUTED, REFUTED: SUPPORTED}
    for lower, upper in itertools.combinations_with_replacement(grid, 2):
        verdict = judge_interval(Bounds(lower=lower, upper=upper), 0.7)
        mirrored = judge_interval(Bounds(lower=-upper, upper=-lower), 0.7)
        assert mirrored is reverse.get(verdict, verdict)


def test_as_good_as_has_one_boundary():
    assert boundaries(0.2, "at_least") == (-0.2,)
    assert boundaries(0.2, "greater") == boundaries(0.2, "equivalent") == (-0.2, 0.2)


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([SUPPORTED, SUPPORTED], SUPPORTED),
        ([SUPPORTED, REFUTED, UNTESTED, UNDECIDED], REFUTED),
        ([SUPPORTED, DEPENDS, UNTESTED], UNTESTED),
        ([DEPENDS, UNDECIDED], UNDECIDED),
        ([SUPPORTED, DEPENDS, NEGLIGIBLE], DEPENDS),
        ([SUPPORTED, UNTESTED, NEGLIGIBLE, UNDECIDED], UNTESTED),
        ([SUPPORTED, NEGLIGIBLE, UNDECIDED], UNDECIDED),
        ([SUPPORTED, NEGLIGIBLE], DEPENDS),
        ([REFUTED, NEGLIGIBLE, SUPPORTED], REFUTED),
        ([NEGLIGIBLE, NEGLIGIBLE], NEGLIGIBLE),
        ([NEGLIGIBLE, UNDECIDED], UNDECIDED),
        ([SUPPORTED, UNDECIDED], UNDECIDED),
    ],
)
def test_all_parts_must_hold(parts, whole):
    for order in itertools.permutations(parts):
        assert all_of(order) is whole


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([REFUTED, SUPPORTED], SUPPORTED),
        ([UNTESTED, SUPPORTED, DEPENDS], SUPPORTED),
        ([REFUTED, REFUTED], REFUTED),
        ([REFUTED, NEGLIGIBLE], NEGLIGIBLE),
        ([NEGLIGIBLE, NEGLIGIBLE], NEGLIGIBLE),
        ([REFUTED, UNDECIDED], UNDECIDED),
        ([REFUTED, UNTESTED], UNDECIDED),
        ([UNTESTED, UNTESTED], UNTESTED),
        ([DEPENDS, REFUTED], DEPENDS),
        ([DEPENDS, NEGLIGIBLE], DEPENDS),
        ([DEPENDS, UNDECIDED], UNDECIDED),
        ([DEPENDS, UNTESTED], UNDECIDED),
    ],
)
def test_one_part_suffices(parts, whole):
    for order in itertools.permutations(parts):
        assert any_of(order) is whole


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([SUPPORTED, SUPPORTED, SUPPORTED], SUPPORTED),
        ([SUPPORTED, REFUTED, UNTESTED], DEPENDS),
        ([SUPPORTED, NEGLIGIBLE, SUPPORTED], DEPENDS),
        ([DEPENDS, UNDECIDED, UNTESTED], DEPENDS),
        ([REFUTED, UNDECIDED, UNTESTED], UNTESTED),
        ([REFUTED, UNDECIDED, REFUTED], UNDECIDED),
        ([SUPPORTED, UNDECIDED, SUPPORTED], UNDECIDED),
        ([NEGLIGIBLE, NEGLIGIBLE, NEGLIGIBLE], NEGLIGIBLE),
    ],
)
def test_clocks_that_disagree_make_it_depend_on_the_clock(parts, whole):
    for order in itertools.permutations(parts):
        assert across(order) is whole


def endings(parts):
    """All that parts may come to say: a closed one what it says, an open one any."""
    may_end = [SUPPORTED, REFUTED, NEGLIGIBLE, DEPENDS]
    return itertools.product(
        *(may_end if part in (UNDECIDED, UNTESTED) else [part] for part in parts)
    )


@pytest.mark.parametrize("combine", [all_of, any_of, across])
@pytest.mark.parametrize("n_parts", [1, 2, 3])
def test_a_whole_is_open_exactly_where_its_open_parts_may_change_it(combine, n_parts):
    for parts in itertools.product(Verdict, repeat=n_parts):
        may_be = {combine(ending) for ending in endings(parts)}
        if len(may_be) == 1:
            assert combine(parts) is may_be.pop()
        else:
            assert combine(parts) in (UNDECIDED, UNTESTED)


@pytest.mark.parametrize(
    ("primary", "others", "left"),
    [
        (SUPPORTED, [SUPPORTED, UNDECIDED, UNTESTED], SUPPORTED),
        (SUPPORTED, [REFUTED], DEPENDS),
        (SUPPORTED, [UNDECIDED, NEGLIGIBLE], DEPENDS),
        (NEGLIGIBLE, [SUPPORTED], DEPENDS),
        (UNDECIDED, [SUPPORTED, REFUTED], UNDECIDED),
        (UNTESTED, [SUPPORTED], UNTESTED),
        (REFUTED, [], REFUTED),
    ],
)
def test_only_decided_entries_flip_a_decided_verdict(primary, others, left):
    assert with_others(primary, others) is left
