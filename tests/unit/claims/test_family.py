from dataclasses import replace

import numpy as np
import pytest
from claims_builders import (
    Runs,
    make_batches,
    make_rates,
    make_runs,
    make_tuned_study,
)
from scipy import stats

from paribus.claims import judge
from paribus.claims.family import (
    family_level,
    with_adjusted_p_values,
    with_exploratory_p_values,
)
from paribus.claims.records import AtomVerdict, ClaimVerdict, Verdict
from paribus.stats.looks import Looks


def make_atom(name, p_value):
    return AtomVerdict(id=name, text="", verdict=Verdict.UNDECIDED, p_value=p_value)


def test_two_atoms_with_one_contrast_share_its_part_of_the_error_rate():
    assert family_level(["a", "b", "a", "c"]) == 1 - 0.05 / 3
    assert family_level([]) == 0.95


def test_p_values_are_adjusted_over_distinct_contrasts_only():
    atoms = [make_atom("x", 0.01), make_atom("y", 0.02), make_atom("z", 0.01)]
    atoms.append(make_atom("exploratory", 0.001))

    adjusted = with_adjusted_p_values(atoms, ["a", "b", "a", ""])

    # Holm over two contrasts: .01 * 2 and .02 * 1.
    assert [atom.p_value_holm for atom in adjusted] == [0.02, 0.02, 0.02, None]


def test_the_family_is_what_the_study_was_designed_for_whatever_it_found():
    levels = {
        atom.confidence_level
        for result in (make_rates(), make_rates(large=Runs(n_bad=20)))
        for claim in judge(result)
        for atom in claim.atoms
        if atom.confidence_level is not None and not atom.parts
    }
    # L1a, L1b, L2a, L2b, L3a, L3b, L3c, L3d: one optimizer.
    assert levels == {1 - 0.05 / 8}


def test_a_study_with_two_of_the_values_has_a_smaller_family():
    study = make_tuned_study(learning_rate=(0.01, 0.1), is_tuned=False)
    claims = judge(make_runs(study, [Runs(), Runs()]))
    levels = [a.confidence_level for c in claims for a in c.atoms if a.id == "L3c"]
    # L2a, L3a, L3b, L3c, L3d need no 0.001.
    assert levels == [pytest.approx(1 - 0.05 / 5)]


def make_claim(*atoms):
    return ClaimVerdict(
        id="L1", group="learning rate", text="", verdict=Verdict.UNDECIDED, atoms=atoms
    )


def test_exploratory_p_values_are_adjusted_over_what_is_exploratory_alone():
    # The third looks at the second's runs from the other end: it counts once.
    runs = [((0, 0), (1, 0)), ((0, 0), (2, 0)), ((2, 0), (0, 0)), ((3, 0),)]
    atoms = [
        replace(make_atom(str(k), p), is_primary=False, runs=own)
        for k, (p, own) in enumerate(zip((0.01, 0.04, 0.04, 0.03), runs, strict=True))
    ]
    atoms += [make_atom("primary", 0.001), replace(atoms[0], p_value=None)]

    found = with_exploratory_p_values([make_claim(*atoms[:2]), make_claim(*atoms[2:])])

    # By hand, over .01, .03, .04: p * 3 / rank, then the least from above.
    adjusted = [atom.p_value_bh for claim in found for atom in claim.atoms]
    assert adjusted == pytest.approx([0.03, 0.04, 0.04, 0.04, None, None])


def test_what_is_exploratory_is_adjusted_and_what_is_not_has_holms():
    batch = make_batches(seed=3)
    atoms = [atom for claim in judge(batch) for atom in claim.atoms]

    with_p = [atom for atom in atoms if atom.p_value is not None]
    assert {atom.is_primary for atom in with_p} == {True, False}
    for atom in with_p:
        assert (atom.p_value_bh is None) == atom.is_primary
        assert (atom.p_value_holm is None) != atom.is_primary
        adjusted = atom.p_value_holm if atom.is_primary else atom.p_value_bh
        assert adjusted is not None
        assert atom.p_value is not None
        assert adjusted >= atom.p_value


def test_verdicts_carry_the_seeds_that_were_added_after_looking():
    result = make_rates()
    grown = replace(result, study=replace(result.study, late_seeds=(8, 9)))

    for late, expected in ((result, 0), (grown, 2)):
        atoms = [atom for claim in judge(late) for atom in claim.atoms]
        assert {a.n_late_seeds for a in atoms if a.n_seeds == 10} == {expected}
        assert all(a.n_late_seeds == 0 for a in atoms if not a.runs)


def test_nine_equal_configs_give_no_decided_direction():
    """A/A: the same runs under other names differ by exactly nothing."""
    study = make_tuned_study(learning_rate=(0.001, 0.01, 0.1), is_tuned=False)
    result = make_runs(study, [Runs()] * 3)
    first = {name: np.repeat(c[:1], 3, axis=0) for name, c in result.curves.items()}
    atoms = [a for c in judge(replace(result, curves=first)) for a in c.atoms]

    l1a = next(atom for atom in atoms if atom.id == "L1a")
    assert (l1a.estimate, l1a.lower, l1a.upper) == (1.0, 1.0, 1.0)
    assert l1a.verdict is Verdict.NEGLIGIBLE
    assert not {a.verdict for a in atoms} & {Verdict.SUPPORTED, Verdict.REFUTED}


def test_contrasts_without_a_test_count_in_the_adjustment():
    atoms = [make_atom("x", 0.01), make_atom("y", None), make_atom("z", 0.02)]

    adjusted = with_adjusted_p_values(atoms, ["a", "b", "c"], {"a", "b", "c", "d"})

    # Holm over four: .01 * 4, then .02 * 3; the two without a test have p = 1.
    assert [a.p_value_holm for a in adjusted] == [0.04, None, pytest.approx(0.06)]


def test_the_adjustment_is_for_as_many_contrasts_as_the_intervals_are():
    result = make_rates(small=Runs(bumps=0.01), large=Runs(bumps=3), medium=Runs())
    atoms = [a for claim in judge(result) for a in claim.atoms]
    l1a = next(atom for atom in atoms if atom.id == "L1a")

    # 10 of 10 seeds on one side, one of 8 contrasts, of which some are untested.
    smallest = 2 / 2**10
    assert l1a.p_value == smallest
    assert (l1a.p_value_holm or 0) >= 6 * smallest


def test_planned_looks_share_the_error_rate():
    result = make_rates()
    planned = replace(result, study=replace(result.study, looks=4))
    once, four = (
        {a.id: a for claim in judge(r) for a in claim.atoms} for r in (result, planned)
    )

    m = round(0.05 / (1 - once["L3c"].confidence_level))  # pyright: ignore[reportOperatorIssue]
    assert four["L3c"].confidence_level == pytest.approx(1 - 0.05 / (4 * m))
    with_p = [name for name, atom in once.items() if atom.p_value_holm is not None]
    assert with_p
    for name in with_p:
        assert four[name].p_value == once[name].p_value
        p = once[name].p_value_holm
        assert p is not None
        assert four[name].p_value_holm == pytest.approx(min(4 * p, 1.0))


def test_looking_again_and_again_at_equal_sides_decides_falsely_in_5_percent():
    """Five looks at 10, 15, ... 30 seeds; stop at the first that decides something."""
    rng = np.random.default_rng(7)
    n_studies, sizes = 2000, (10, 15, 20, 25, 30)
    shares = {}
    for n_looks in (1, len(sizes)):
        level = family_level(["one"], looks=Looks(sizes=tuple(range(1, n_looks + 1))))
        differences = rng.normal(size=(n_studies, sizes[-1]))
        is_false = np.zeros(n_studies, dtype=bool)
        for n in sizes:
            seen = differences[:, :n]
            margin = stats.t.ppf((1 + level) / 2, n - 1) * seen.std(axis=1, ddof=1)
            is_false |= np.abs(seen.mean(axis=1)) > margin / np.sqrt(n)
        shares[n_looks] = is_false.mean()

    # 3.3 Monte Carlo standard deviations of a share of .05 in 2,000 studies.
    allowance = 3.3 * (0.05 * 0.95 / n_studies) ** 0.5
    assert shares[len(sizes)] <= 0.05 + allowance
    assert shares[1] > 0.05 + allowance  # so the plan is what holds the rate
