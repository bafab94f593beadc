from typing import Any

import numpy as np
import pytest
from claims_builders import BEST_RATE, HELD_RATE, Runs, make_batches
from scipy import stats

from paribus.analysis.run_measures import run_measure
from paribus.claims import Verdict, judge
from paribus.claims.evidence import Evidence, Question
from paribus.claims.findings import Found
from paribus.claims.times import find_time_ratio
from paribus.results import StudyResult


# Seconds each: whole judgements with every annotated shape checked.
pytestmark = pytest.mark.slow


MEASURES = ("asam_sharpness", "lambda_max", "keskar_phi")


def sharp(value: float, *names: str) -> Runs:
    own = {f"{name}_at_0.1": value for name in names or MEASURES}
    return Runs(accuracy=0.98, measures=own)


def make_sharp(*values: float, names: tuple[str, ...] = ()) -> StudyResult:
    roles = ("small", "medium", "large", "largest")
    plans = (sharp(value, *names) for value in values)
    return make_batches(**dict(zip(roles, plans, strict=True)))


def notes_of(result: StudyResult, name: str = "B3d") -> Any:
    atoms = [atom for claim in judge(result) for atom in claim.atoms]
    return next(atom for atom in atoms if atom.id == name).notes


def test_sharpness_has_curvature_and_keskars_measure_beside_it():
    notes = " ".join(notes_of(make_sharp(1.0, 1.0, 1.0, 4.0)))

    for words in ("largest Hessian eigenvalue", "Keskar's sharpness"):
        assert f"Beside it, exploratory, {words}: ratio" in notes
    # A verdict is what the study was made for: of these none is given.
    assert not any(verdict.value in notes for verdict in Verdict)


def test_what_was_not_measured_does_not_stand_beside_it():
    result = make_sharp(1.0, 1.0, 1.0, 4.0, names=("asam_sharpness", "lambda_max"))
    notes = " ".join(notes_of(result))

    assert "largest Hessian eigenvalue" in notes
    assert "Keskar" not in notes


@pytest.mark.parametrize("values", [(1.0, 1.02, 1.04, 1.06), (4.0, 3.0, 2.0, 1.0)])
def test_the_trend_over_batch_sizes_counts_pairs_of_runs(values):
    result = make_sharp(*values)
    sharpness = run_measure(result, "asam_sharpness_at_0.1").values
    groups = [
        sharpness[result.config_index({"batch_size": b, "learning_rate": BEST_RATE})]
        for b in (32, 64, 128, 6000)
    ]
    groups = [group[:10] for group in groups]
    pairs = [
        b > a
        for i, later in enumerate(groups)
        for earlier in groups[:i]
        for a in earlier
        for b in later
    ]
    # The normal approximation without ties, which is near the exact p for 40 runs.
    n, sizes = 40, np.full(4, 10)
    mean = (n**2 - (sizes**2).sum()) / 4
    spread = (n**2 * (2 * n + 3) - (sizes**2 * (2 * sizes + 3)).sum()) / 72
    p_value = stats.norm.sf((sum(pairs) - mean) / np.sqrt(spread))

    (note,) = [note for note in notes_of(result) if note.startswith("Over batch")]

    assert note.startswith("Over batch sizes 32, 64, 128, 6000, ASAM sharpness is")
    assert f"in {np.mean(pairs):.0%} of pairs" in note
    said = float(note.rpartition(" ")[2].rstrip("."))
    assert said == pytest.approx(p_value, rel=0.3, abs=1e-6)


def test_the_untuned_trend_is_at_the_rate_that_is_held():
    held = {b: sharp(v) for b, v in zip((32, 64, 128, 6000), (4, 3, 2, 1), strict=True)}
    notes = notes_of(make_batches(held=held), "B3d/untuned-E")

    assert HELD_RATE != BEST_RATE
    assert any("at the larger one in 0% of pairs" in note for note in notes)


def test_two_batch_sizes_have_no_trend():
    result = make_batches(
        medium=sharp(1.0), largest=sharp(4.0), batch_size=(64, 6000), seed=1
    )
    assert not any(note.startswith("Over batch") for note in notes_of(result))


def test_the_medium_batch_is_compared_on_the_three_clocks_too():
    quick = Runs(accuracy=0.98, speed=6, speed_spread=0.02)
    slow = Runs(accuracy=0.98, speed=2, speed_spread=0.02)
    seconds = {32: 4.0, 64: 2.0, 128: 1.0, 6000: 1.0}
    notes = notes_of(
        make_batches(small=slow, medium=quick, large=slow, seconds=seconds), "B2b"
    )

    # Three times as many epochs; the steps and the seconds of an epoch of 64 are the
    # geometric means of its neighbours', so the ratio is the same on every clock.
    for clock in ("epochs", "steps", "seconds"):
        (note,) = [
            n for n in notes if n.startswith(f"Beside it, exploratory, {clock} to the")
        ]
        ratio = float(note.split("ratio ")[1].split()[0])
        assert ratio == pytest.approx(3, rel=0.1)
        assert note.endswith("].")


def test_a_mean_of_times_needs_every_run_to_reach_the_target():
    result = make_batches(held={32: Runs(accuracy=0.5)})

    def asked(size: int) -> Any:
        values = {"learning_rate": HELD_RATE}
        small, medium, large = (
            result.config_index({**values, "batch_size": b}) for b in (size, 64, 128)
        )
        question = Question(
            measure="epochs_to_target",
            higher=(small, large),
            lower=(medium,),
            budget="target",
            clock="epochs",
        )
        return find_time_ratio(Evidence.of(result), question)

    assert asked(32).reason.startswith("a mean of several times needs all their runs")
    assert isinstance(asked(6000), Found)
