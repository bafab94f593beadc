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


def test_where_it_is_nowhere_seen_to_be_better_no_number_of_seeds_is_named():
    found = balance_of(make_rates())

    assert {part.verdict for part in found.parts} == {Verdict.NEGLIGIBLE}
    assert (found.verdict, found.more_seeds) == (Verdict.UNDECIDED, None)
    assert found.reason.endswith("so no number of seeds can be named")


def test_where_only_runs_without_the_target_leave_it_open_a_longer_budget_would_tell():
    found = balance_of(make_rates(medium=Runs(accuracy=0.95, n_bad=1)))

    assert (found.verdict, found.more_seeds) == (Verdict.UNDECIDED, None)
    assert found.reason.endswith("; a longer budget would tell")


def test_a_measure_that_could_tell_and_was_not_compared_leaves_it_untested():
    """As good in bumps and time; what is left is quality, of runs that still rise."""
    still = Runs(accuracy=0.95, status=RunStatus.UNCONVERGED)
    found = balance_of(make_rates(medium=still))

    compared = {p.verdict for p in found.parts if p.measure != "validation_accuracy"}
    assert compared == {Verdict.NEGLIGIBLE}
    assert (found.verdict, found.more_seeds) == (Verdict.UNTESTED, None)
    assert "were still improving at the end" in found.reason
    assert found.remedy == "--set study.epochs=15 with another --out"
    assert any(note.startswith("Against learning rate 0.1: ") for note in found.notes)


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
