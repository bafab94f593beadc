"""What is said of a balance that is not decided."""

from claims_builders import Runs, make_rates, make_runs, make_tuned_study

from paribus.claims import AtomVerdict, Verdict, judge
from paribus.results import StudyResult
from paribus.status import RunStatus


def balance_of(result: StudyResult) -> AtomVerdict:
    atoms = [atom for claim in judge(result) for atom in claim.atoms]
    return next(atom for atom in atoms if atom.id == "L2b")


def test_as_many_seeds_decide_as_the_slower_rival_needs():
    """Better than 0.1 for certain; than 0.001 in its time alone, and that varies."""
    found = balance_of(
        make_rates(
            small=Runs(speed=2, speed_spread=0.4, accuracy=0.96, bumps=0.05),
            medium=Runs(speed=3, speed_spread=0.4, accuracy=0.96, bumps=0.05),
            large=Runs(speed=1, accuracy=0.92, bumps=0.5),
        )
    )
    against_small = [part for part in found.parts if "0.001" in " ".join(part.sides)]
    counts = [part.more_seeds for part in against_small if part.estimate is not None]

    assert found.verdict is Verdict.UNDECIDED
    time = next(p for p in against_small if p.measure == "steps_to_target")
    assert (time.verdict, time.more_seeds) == (Verdict.UNDECIDED, found.more_seeds)
    assert found.more_seeds in counts


def test_where_it_is_nowhere_seen_to_be_better_no_seeds_would_tell():
    assert balance_of(make_rates()).more_seeds == 1001


def test_a_rival_that_nothing_can_be_compared_with_leaves_it_untested():
    """Neither a target, nor learners at 0.1: against it no measure says anything."""
    study = make_tuned_study(learning_rate=(0.001, 0.01, 0.1), is_tuned=False)
    result = make_runs(study, [Runs(accuracy=0.9), Runs(), Runs(n_bad=9)])
    found = balance_of(result)

    assert found.verdict is Verdict.UNTESTED
    assert found.reason == "only 1 seed learned at learning rate 0.1, fewer than 5"
    assert len(found.parts) == 6


def test_quality_is_not_compared_while_runs_still_improve():
    medium = Runs(accuracy=0.99, status=RunStatus.UNCONVERGED)
    found = balance_of(make_rates(medium=medium))
    quality = [p for p in found.parts if p.measure == "validation_accuracy"]

    assert {part.verdict for part in quality} == {Verdict.UNTESTED}
