"""L1b and L3a: what a ratio of times says of runs that never reach the target."""

from dataclasses import replace

from claims_builders import Runs, make_rates

from paribus.analysis.targets import find_target
from paribus.claims import AtomVerdict, Verdict, judge
from paribus.claims.evidence import Evidence
from paribus.results import StudyResult


def atom_of(result: StudyResult, name: str) -> AtomVerdict:
    atoms = [atom for claim in judge(result) for atom in claim.atoms]
    return next(atom for atom in atoms if atom.id == name)


def test_runs_that_never_reach_the_target_bound_the_ratio_and_are_counted():
    slow = Runs(speed=3, accuracy=0.8)
    found = atom_of(make_rates(small=slow, medium=Runs(speed=3)), "L1b")

    assert found.verdict is Verdict.SUPPORTED
    assert found.upper is None
    assert (found.bound, found.limit, found.caveat) == ("lower", "at least ", "")
    (note,) = (note for note in found.notes if "never reached it: " in note)
    assert "10 and 0 of 10" in note
    assert "so it is a lower bound." in note


def test_beside_a_speed_stand_the_early_scores_of_both_sides():
    result = make_rates(large=Runs(accuracy=0.98, speed=3), medium=Runs(speed=0.5))
    judged = Evidence.of(result)
    early = judged.measure("aulc_10")
    assert early is not None
    large, medium = (
        100 * early.values[result.config_index({"learning_rate": rate})].mean()
        for rate in (0.1, 0.01)
    )

    (note,) = (n for n in atom_of(result, "L3a").notes if "first tenth" in n)

    assert large > medium + 1
    assert note == (
        "Beside it, the mean score over the first tenth of the budget, without an "
        f"interval: {large:.1f}% at learning rate 0.1, {medium:.1f}% at learning rate "
        "0.01."
    )


def test_a_faster_side_that_never_gets_there_makes_the_ratio_an_upper_bound():
    result = make_rates(small=Runs(accuracy=0.98, speed=3), large=Runs(accuracy=0.8))
    found = atom_of(result, "L3a")

    assert (found.bound, found.limit) == ("upper", "at most ")
    assert found.lower is None


def test_a_ratio_of_runs_that_miss_on_both_sides_bounds_nothing_and_says_so():
    result = make_rates(small=Runs(speed=3, accuracy=0.8), medium=Runs(speed=3))
    target = find_target(result, "adam")
    assert target is not None
    curves = {name: curve.copy() for name, curve in result.curves.items()}
    medium = result.config_index({"learning_rate": 0.01})
    # One of ten, so that the rung stands.
    curves[result.score_metric][medium, 0] = 0.3
    found = atom_of(replace(result, curves=curves), "L1b")

    assert (found.lower, found.upper, found.verdict) == (None, None, Verdict.UNDECIDED)
    assert found.bound == "none"
    assert found.caveat.endswith("which bounds nothing")
    (note,) = (note for note in found.notes if "never reached it: " in note)
    assert "10 and 1 of 10" in note
    assert "cut on both sides, and bounds nothing" in note
