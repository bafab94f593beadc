"""B3f: whether sharpness and the generalisation gap go together, over all runs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from claims_builders import Runs, make_batches

from paribus.claims import Verdict, judge
from paribus.results import StudyResult


# Seconds each: whole judgements with every annotated shape checked.
pytestmark = pytest.mark.slow


def linked(result: StudyResult) -> Any:
    """The one verdict on all runs: no other learning rates stand beside it."""
    atoms = [atom for claim in judge(result) for atom in claim.atoms]
    # Nor beside examples a second, since learning rates share a program.
    assert [atom.id for atom in atoms if atom.id.startswith("B3a")] == ["B3a"]
    (found,) = (atom for atom in atoms if atom.id.startswith("B3f"))
    return found


def with_link(sign: float, *, n_seeds: int = 10) -> Any:
    """Runs whose gap rises or falls with their sharpness, and nothing else varies."""
    result = make_batches(
        n_seeds=n_seeds, held=dict.fromkeys((32, 64, 128, 6000), Runs())
    )
    rng = np.random.default_rng(1)
    sharpness = np.exp(rng.normal(size=result.status.shape))
    train = np.full(result.curves["train_accuracy"].shape, 0.99)
    gap = 0.02 + sign * 0.001 * np.log(sharpness)
    if not sign:
        gap = gap + 0.001 * rng.normal(size=gap.shape)
    curves = {**result.curves, "train_accuracy": train}
    curves["test_accuracy"] = train - gap[..., None]
    return replace(result, curves=curves, measures={"asam_sharpness": sharpness})


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_link_is_described_and_never_decided(sign):
    found = linked(with_link(sign))
    assert found.verdict is Verdict.UNDECIDED
    assert not found.is_primary
    # The order of one is the order of the other; what is held still adds only noise.
    assert found.estimate * sign > 0.9
    assert "described only" in found.reason
    # The order of 40 runs is nearly perfect: its sign is beyond doubt.
    assert found.lower * found.upper > 0
    assert found.lower <= found.estimate <= found.upper
    assert "its sign is seen" in found.reason
    assert found.more_seeds is None
    assert any(note.startswith("Within batch size 64: ") for note in found.notes)
    # Four batch sizes, each at its best learning rate and at the held one.
    assert found.notes[0].startswith("Over all 80 runs of 8 configs together")
    assert (found.mode, found.sides) == ("", ())
    for part in ("one learning rate", "tuned for each side", "best of"):
        assert part not in found.scope
    assert found.scope.endswith(
        "10 seeds; varied by seed: initial weights and the order of examples."
    )


def test_a_link_whose_sign_is_open_says_how_many_seeds_would_tell_it():
    found = linked(with_link(0.0))
    assert found.lower < 0 < found.upper
    assert found.more_seeds > 10
    assert "so many seeds would tell" in found.reason


def test_a_link_needs_20_runs_with_both_measures():
    assert "only 16 runs" in linked(with_link(1.0, n_seeds=2)).reason
    assert "ASAM sharpness" in linked(make_batches()).reason
