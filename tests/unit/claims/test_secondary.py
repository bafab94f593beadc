"""The atoms outside the family: supported, refuted and untested."""

from typing import Any

import pytest
from claims_builders import Runs, make_rates

from paribus.claims import judge


def atom_of(name: str, **arms: Any) -> Any:
    atoms = [a for claim in judge(make_rates(**arms)) for a in claim.atoms]
    return next(atom for atom in atoms if atom.id == name)


EVEN = Runs(accuracy=0.98, spread=0.0005, speed_spread=0.001)


@pytest.mark.parametrize(
    ("name", "verdict", "arms"),
    [
        # As good at the end, but far from there after one of five epochs.
        ("L1c", "supported", {"small": Runs(accuracy=0.98, speed=1)}),
        # Never worse: as good at the end, and early too.
        ("L1c", "depends", {"small": EVEN, "best": EVEN}),
        # Worse at the end too.
        ("L1c", "refuted", {"small": Runs(accuracy=0.95, speed=1)}),
        ("L2c", "untested", {}),
    ],
)
def test_each_secondary_atom_says_what_its_study_shows(name, verdict, arms):
    found = atom_of(name, **arms)
    assert found.verdict == verdict
    assert not found.is_primary
    assert found.p_value_holm is None


def test_the_best_after_a_fifth_of_the_budget_is_chosen_then():
    early = Runs(accuracy=0.95, speed=30, speed_spread=0.001)
    late = Runs(accuracy=0.98, speed=0.5, speed_spread=0.001)

    first, last = atom_of("L1c", medium=early, best=late).parts

    # After one epoch 0.01 is ahead; at the end 0.00316 is.
    assert first.sides[0] == "the best learning rate after 1 epoch (0.01)"
    assert last.sides[1] == "the best learning rate (0.00316)"
    # What is said of a part tells when its sides were compared, and of which budget.
    assert (first.epochs, last.epochs) == (1.0, None)
    assert "after 1 of 5 epochs" in first.scope
    assert "after" not in last.scope


def test_one_workload_is_not_often():
    assert atom_of("L2c").reason == 'the study has one workload, and "often" needs 5'
