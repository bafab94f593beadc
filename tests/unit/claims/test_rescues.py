"""L3e on made-up studies: runs that recover, runs that do not, and too few of them."""

from dataclasses import replace

import numpy as np
import pytest
from claims_builders import Runs, make_rates

from paribus.claims import AtomVerdict, judge
from paribus.claims.arms import learning_rate_arms
from paribus.claims.catalogue.secondary import ATOMS
from paribus.claims.evidence import Evidence
from paribus.results import StudyResult
from paribus.status import RunStatus


LARGE = 6  # 0.1 among the half decades


def make_rescues(
    *, n_bad: int, n_rescued: int, n_seeds: int = 30, rate: float = 3.16e-3
) -> StudyResult:
    """A study with bad runs at 0.1, of which the first ones recovered."""
    result = make_rates(large=Runs(n_bad=n_bad), n_seeds=n_seeds)
    study = replace(result.study, diagnostics=("rescue",))
    shape = result.status.shape
    is_bad = np.full(shape, False)
    is_bad[LARGE, :n_bad] = True
    is_rescued = np.arange(shape[1]) < n_rescued
    dead = np.where(is_rescued, 0.2, 0.9)[None, :, None]
    curve = np.broadcast_to(dead, (*shape, len(result.epochs)))
    measures = {
        "rescued": np.where(is_bad, is_rescued, np.nan),
        "rescued_accuracy": np.where(is_bad, 0.5 + 0.4 * is_rescued, np.nan),
        "rescue_learning_rate": np.where(is_bad, np.float32(rate), np.nan),
        "rescue_target": np.where(is_bad, 0.95, np.nan),
    }
    return replace(
        result,
        study=study,
        measures=measures,
        curves={**result.curves, "train_dead_share": curve},
    )


def atom_of(result: StudyResult) -> AtomVerdict:
    """L3e at the level of the eight contrasts of a learning-rate study."""
    evidence = Evidence.of(result).at_level(1 - 0.05 / 8)
    arms, *_ = learning_rate_arms(evidence, "adam")
    return next(a for a in ATOMS if a.id == "L3e").verdict(evidence, arms)


@pytest.mark.parametrize(
    ("n_bad", "n_rescued", "verdict"),
    [
        (20, 0, "supported"),  # none recovers: the lower bound is far above 0.2
        (30, 30, "negligible"),  # all recover: at most 0.12 do not
        (10, 8, "undecided"),
        (5, 0, "supported"),
        (5, 5, "undecided"),
        (4, 0, "untested"),
    ],
)
def test_the_share_that_stays_bad_is_judged(n_bad, n_rescued, verdict):
    found = atom_of(make_rescues(n_bad=n_bad, n_rescued=n_rescued))

    assert found.verdict == verdict
    if verdict != "untested":
        assert found.estimate == pytest.approx(1 - n_rescued / n_bad)
        assert found.n_seeds == n_bad


def test_bounds_are_those_of_clopper_and_pearson():
    found = atom_of(make_rescues(n_bad=10, n_rescued=8))

    from scipy.stats import binomtest

    assert found.confidence_level is not None
    exact = binomtest(2, 10).proportion_ci(found.confidence_level, method="exact")
    assert (found.lower, found.upper) == pytest.approx((exact.low, exact.high))
    assert found.more_seeds is not None
    assert found.more_seeds > 30


def test_it_is_a_share_of_one_side_with_an_exact_test_against_the_smallest():
    found = atom_of(make_rescues(n_bad=10, n_rescued=8))

    from scipy.stats import binom

    assert found.is_share
    assert found.sides == ("learning rate 0.1",)
    # 2 of 10 is what 20 % leads one to expect: both tails hold more than half.
    assert found.p_value == 1
    assert found.reason == ""
    all_stay = atom_of(make_rescues(n_bad=10, n_rescued=0))
    assert all_stay.p_value == pytest.approx(2 * binom.sf(9, 10, 0.2), rel=1e-9)


def test_its_p_value_counts_among_the_exploratory_ones():
    result = make_rescues(n_bad=10, n_rescued=0, n_seeds=10)
    atoms = [atom for claim in judge(result) for atom in claim.atoms]

    found = next(atom for atom in atoms if atom.id == "L3e")

    assert found.p_value_bh is not None
    assert found.p_value is not None
    assert found.p_value <= found.p_value_bh < 0.1


def test_what_was_done_and_what_it_means_is_said():
    notes = " ".join(atom_of(make_rescues(n_bad=10, n_rescued=8)).notes)

    assert "8 of 10 bad runs reached 0.9500" in notes
    assert "at learning rate 0.00316, the moments of their optimizer set back" in notes
    assert "was 10.0% before and 90.0% after" in notes
    assert "The exact test beside it asks whether this share is 20%." in notes
    assert "20% in runs that recovered, 90% in runs that did not" in notes


@pytest.mark.parametrize(
    ("n_diverged", "before"),
    [
        (10, "11.3% before"),  # no score at all: what guessing gets
        (6, "11.3% before"),  # the median lies among them
        (4, "10.0% before"),  # and here among those that collapsed to 10 %
    ],
)
def test_diverged_runs_count_as_guessing_before_as_they_do_after(n_diverged, before):
    """They have no score of their own; left out, they would raise the median."""
    result = make_rescues(n_bad=10, n_rescued=8)
    status = result.status.copy()
    status[LARGE, :n_diverged] = RunStatus.DIVERGED
    lost = result.curves["validation_accuracy"].copy()
    lost[LARGE, :n_diverged, 5:] = np.nan
    curves = {**result.curves, "validation_accuracy": lost}
    facts = replace(result.data, majority_share=0.113)

    notes = " ".join(
        atom_of(replace(result, status=status, curves=curves, data=facts)).notes
    )

    assert f"accuracy was {before} and 90.0% after" in notes
    assert "nan" not in notes


@pytest.mark.parametrize(
    ("lost", "without", "instead"),
    [
        ("rescued_accuracy", "before and", "8 of 10 bad runs reached 0.9500"),
        ("rescue_target", "0.95", "8 of 10 bad runs reached the target when"),
        ("rescue_learning_rate", "0.00316", "at the best learning rate, the moments"),
    ],
)
def test_what_was_not_recorded_is_not_said(lost, without, instead):
    result = make_rescues(n_bad=10, n_rescued=8)
    measures = {n: values for n, values in result.measures.items() if n != lost}

    found = atom_of(replace(result, measures=measures))

    assert found.verdict == "undecided"
    assert without not in " ".join(found.notes[:-1])
    assert instead in found.notes[0]


def test_a_study_that_did_not_ask_says_how_to():
    result = make_rescues(n_bad=10, n_rescued=8)
    study = replace(result.study, diagnostics=("curvature",))

    found = atom_of(replace(result, study=study))

    assert found.verdict == "untested"
    assert found.remedy.startswith(
        '--set \'diagnostics.measure=["curvature", "rescue"]\''
    )


def test_too_few_bad_runs_say_how_many_seeds_would_have_enough():
    found = atom_of(make_rescues(n_bad=3, n_rescued=0))

    assert "3 of 30 runs ended badly" in found.reason
    assert found.remedy == "--set study.seeds=50"


def test_runs_that_were_not_tried_are_not_judged():
    result = make_rescues(n_bad=10, n_rescued=8)
    measures = {
        name: np.full_like(values, np.nan) for name, values in result.measures.items()
    }

    found = atom_of(replace(result, measures=measures))

    assert found.verdict == "untested"
    assert "0 of the 10 bad runs went on" in found.reason
