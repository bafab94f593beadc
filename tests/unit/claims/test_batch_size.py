"""For each atom a study that supports it, one that refutes it, one that cannot tell."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from claims_builders import (
    HELD_RATE,
    Runs,
    make_batches,
    make_rates,
    make_runs,
    make_tuned_study,
    with_answers,
)
from scipy import stats

from paribus.analysis.tuned import choose_tuned
from paribus.claims import Verdict, judge
from paribus.claims.arms import learning_rate_arms
from paribus.claims.batch_arms import batch_size_arms
from paribus.claims.catalogue.batch_size import ATOMS
from paribus.claims.evidence import Evidence
from paribus.results import StudyResult
from paribus.status import RunStatus


# Seconds each: whole judgements with every annotated shape checked.
pytestmark = pytest.mark.slow


def atom_of(result: StudyResult, name: str) -> Any:
    atoms = [atom for claim in judge(result) for atom in claim.atoms]
    return next(atom for atom in atoms if atom.id == name)


def first_of(result: StudyResult, size: int) -> int:
    return [config["batch_size"] for config in result.configs].index(size)


def annealed(loss: float) -> Runs:
    return Runs(accuracy=0.98, measures={"annealed_train_loss": loss})


def sharp(value: float) -> Runs:
    return Runs(accuracy=0.98, measures={"asam_sharpness_at_0.1": value})


FAST, SLOW = Runs(accuracy=0.98, speed=5), Runs(accuracy=0.98, speed=2)
UNSURE = Runs(accuracy=0.98, speed=2.5, speed_spread=0.8)
# So noisy at the held rate that no other entry can flip a verdict; and slow there.
NOISY: Any = dict.fromkeys(
    (32, 64, 128, 6000), Runs(accuracy=0.96, spread=0.02, speed=0.3, speed_spread=1)
)

CASES = [
    ("B1a", "supported", {"small": FAST, "large": SLOW}),
    ("B1a", "refuted", {"small": SLOW, "large": FAST}),
    ("B1a", "undecided", {"small": UNSURE, "large": SLOW}),
    # Four times as many steps an epoch: 2.5 times faster is not enough.
    ("B1b", "refuted", {"small": FAST, "large": SLOW}),
    ("B1b", "supported", {"small": Runs(accuracy=0.98, speed=15), "large": SLOW}),
    ("B1b", "undecided", {"small": UNSURE, "large": Runs(accuracy=0.98, speed=1.5)}),
    ("B1c", "refuted", {"seconds": {32: 4.0, 128: 1.0}}),
    ("B1c", "supported", {"small": FAST, "large": SLOW}),
    ("B1c", "untested", {"variation": 0.2}),
    ("B1d", "supported", {"small": annealed(0.04), "large": annealed(0.02)}),
    ("B1d", "refuted", {"small": annealed(0.02), "large": annealed(0.04)}),
    ("B1d", "negligible", {"small": annealed(0.02), "large": annealed(0.02)}),
    ("B1d", "untested", {}),
    (
        "B2a",
        "supported",
        {
            "small": Runs(accuracy=0.97, speed=6),
            "medium": Runs(accuracy=0.98, speed=4),
            "large": Runs(accuracy=0.985, speed=1),
        },
    ),
    ("B2a", "refuted", {"small": Runs(accuracy=0.985), "medium": Runs(accuracy=0.97)}),
    # Equally fast in epochs, 128 takes half the steps: the same for less.
    ("B2a", "refuted", {}),
    ("B2a", "undecided", {"medium": Runs(accuracy=0.98, spread=0.02, speed_spread=1)}),
    ("B2b", "supported", {"medium": Runs(accuracy=0.989)}),
    ("B2b", "refuted", {"medium": Runs(accuracy=0.97)}),
    ("B2b", "negligible", {"medium": Runs(accuracy=0.98)}),
    ("B2b", "undecided", {"medium": Runs(accuracy=0.98, spread=0.004)}),
    ("B2c", "refuted", {"medium": Runs(accuracy=0.98, bumps=0.4)}),
    ("B3a", "supported", {"seconds": {32: 4.0, 128: 1.0}}),
    ("B3a", "refuted", {"seconds": {32: 1.0, 128: 4.0}}),
    ("B3a", "negligible", {}),
    ("B3a", "untested", {"variation": 0.2}),
    ("B3b", "supported", {"seconds": {32: 4.0, 128: 1.0}}),
    ("B3b", "refuted", {"small": FAST, "large": SLOW}),
    ("B3c", "supported", {"small": FAST, "large": SLOW}),
    ("B3c", "refuted", {"small": Runs(accuracy=0.98, speed=15), "large": SLOW}),
    ("B3d", "supported", {"largest": sharp(0.5), "medium": sharp(0.1)}),
    ("B3d", "refuted", {"largest": sharp(0.1), "medium": sharp(0.5)}),
    ("B3d", "negligible", {"largest": sharp(0.1), "medium": sharp(0.1)}),
    ("B3d", "untested", {}),
    (
        "B3e",
        "supported",
        {"largest": Runs(accuracy=0.97), "medium": Runs(accuracy=0.98)},
    ),
    (
        "B3e",
        "refuted",
        {"largest": Runs(accuracy=0.989), "medium": Runs(accuracy=0.98)},
    ),
    ("B3e", "undecided", {"largest": Runs(accuracy=0.98, spread=0.004)}),
]


@pytest.mark.parametrize(("name", "verdict", "arms"), CASES)
def test_each_atom_says_what_its_study_shows(name, verdict, arms):
    evidence = Evidence.of(make_batches(**arms)).at_level(1 - 0.05 / 10)
    tuned, _ = batch_size_arms(evidence, "adam")
    atom = next(atom for atom in ATOMS if atom.id == name)
    assert atom.verdict(evidence, tuned).verdict == verdict


def test_an_untuned_study_judges_no_batch_size_but_shows_the_entries():
    study = make_tuned_study(
        learning_rate=(0.01,), batch_size=(32, 64, 128), is_tuned=False
    )
    result = make_runs(study, [Runs(), Runs(accuracy=0.98), Runs()])

    found = atom_of(result, "B2b")
    entry = atom_of(result, "B2b/untuned-E")

    assert found.verdict is Verdict.UNTESTED
    assert found.reason == "the learning rate is not tuned for each batch size"
    assert found.remedy == "paribus run batch-size"
    assert (entry.verdict, entry.is_primary) == (Verdict.SUPPORTED, False)


def test_128_is_not_what_is_called_a_large_batch():
    found = atom_of(make_batches(batch_size=(32, 64, 128)), "B3e")
    assert found.reason == (
        "the largest batch, 128, is below a tenth of the 55,000 training examples"
    )


def test_a_best_rate_on_the_edge_leaves_the_atom_untested_with_the_rate_to_add():
    study = make_tuned_study(
        learning_rate=(0.001, 0.003, 0.01), batch_size=(32, 64, 128), held=(0.003,)
    )
    plans = [Runs(accuracy=0.95), Runs(accuracy=0.96), Runs(accuracy=0.97)]
    plans = [plan for plan in plans for _ in range(3)]
    found = atom_of(make_runs(study, plans), "B2b")

    assert found.verdict is Verdict.UNTESTED
    assert "lies on the upper edge of the grid" in found.reason
    assert "learning_rate=[0.001, 0.003, 0.01, 0.0333]" in found.remedy


def test_clocks_that_disagree_make_the_claim_depend_on_the_clock():
    claims = {c.id: c for c in judge(make_batches(small=FAST, large=SLOW, held=NOISY))}
    speed = claims["B3-speed"]
    assert {a.id: a.verdict.value for a in speed.atoms[:3]} == {
        "B3a": "negligible",
        "B3b": "refuted",
        "B3c": "supported",
    }
    assert speed.verdict is Verdict.DEPENDS


def test_another_mode_that_decides_otherwise_makes_the_atom_depend():
    held = {6000: Runs(accuracy=0.90), 64: Runs(accuracy=0.96)}
    result = make_batches(largest=Runs(accuracy=0.9895), held=held)

    found = atom_of(result, "B3e")

    assert found.verdict is Verdict.DEPENDS
    assert "refuted for tuned-E" in found.reason
    assert "supported for untuned-E" in found.reason
    assert found.estimate is not None


def test_equal_steps_are_read_between_evaluations_and_refused_beyond_the_end():
    result = make_batches()
    steps = atom_of(result, "B2b/tuned-S")
    # Five epochs of batch size 128 are 2.5 of 64 and 1.25 of 32: all were evaluated.
    assert steps.n_seeds == 10
    beyond = atom_of(result, "B3e/tuned-S")
    assert beyond.reason == (
        "some runs end before the equal steps that it is compared at"
    )


def _better_early() -> StudyResult:
    """At 32 the held rate is ahead after 1.25 epochs, the chosen one after 5."""
    return make_batches(
        small=Runs(accuracy=0.98, speed=0.8, speed_spread=0.01),
        held={32: Runs(accuracy=0.96, speed=10)},
    )


def test_equal_steps_have_the_learning_rates_that_are_best_then():
    found = atom_of(_better_early(), "B2b/tuned-S")

    assert found.sides[0] == "batch size 64 (learning rate 0.01)"
    assert found.sides[1] == (
        "batch size 32 (learning rate 0.003) and batch size 128 (learning rate 0.01)"
    )
    # 32 ends at .96 and not at the .67 of the rate chosen for 5 epochs: by hand, with
    # 64 after half of its epochs and 128 after all of them at .98.
    assert found.estimate == pytest.approx(0.98 - (0.96 + 0.98) / 2, abs=0.003)


def test_where_no_judging_run_has_the_rate_of_a_budget_the_entry_says_so():
    result = _better_early()
    status = result.status.copy()
    is_held = [config["learning_rate"] == HELD_RATE for config in result.configs]
    status[np.array(is_held), :10] = RunStatus.ABSENT

    found = atom_of(replace(result, status=status), "B2b/tuned-S")

    assert "learning rate 0.01" in found.sides[1]
    assert any(
        "learning rate 0.003 would be chosen for batch size 32" in note
        for note in found.notes
    )


@pytest.mark.parametrize("result", [make_batches(), make_rates()])
def test_claims_and_training_choose_the_same_values(result):
    tuned = {choice.others: choice for choice in choose_tuned(result)}
    evidence = Evidence.of(result)
    arms = [a for a in (batch_size_arms(evidence, "adam")[0],) if a]
    arms += learning_rate_arms(evidence, "adam")
    choices = [choice for each in arms for choice in each.choices.values()]

    assert {choice.others for choice in choices} == set(tuned)
    for choice in choices:
        own = tuned[choice.others]
        assert (choice.config, choice.value) == (own.best_index, own.best_value)
        assert (choice.edge, choice.spacing_decades) == (own.edge, own.spacing_decades)
        assert choice.n_runs == (3,) * len(own.values)


def test_times_and_qualities_say_by_what_their_learning_rates_were_chosen():
    result = make_batches()
    assert (
        "tuned for each side by the time to the target" in atom_of(result, "B1a").scope
    )
    assert "tuned for each side by the final score" in atom_of(result, "B2b").scope


def test_equal_seconds_end_with_the_first_of_the_runs():
    entry = atom_of(make_batches(seconds={32: 4.0, 64: 2.0}), "B2b/tuned-W")
    assert (entry.budget, entry.n_seeds) == ("seconds", 10)


def test_a_sentence_about_generalising_counts_the_luck_of_the_examples():
    pair: dict[str, Any] = {
        "largest": Runs(accuracy=0.97),
        "medium": Runs(accuracy=0.98),
    }
    plain = make_batches(**pair)
    seeds_only = atom_of(plain, "B3e")
    both = atom_of(with_answers(plain), "B3e")

    assert both.upper - both.lower > 2 * (seeds_only.upper - seeds_only.lower)
    assert any("2,000 test examples together" in note for note in both.notes)


def matched(accuracy: float, level: float = 0.1) -> Runs:
    name = f"matched_test_accuracy_at_{level:g}"
    return Runs(accuracy=0.98, measures={name: accuracy})


def test_test_accuracy_is_compared_at_a_matched_training_loss_too():
    result = make_batches(medium=matched(0.98), largest=matched(0.6))
    notes = " ".join(atom_of(result, "B3e").notes)

    i, j = (
        k
        for size in (64, 6000)
        for k, config in enumerate(result.configs)
        if config == {"learning_rate": 0.01, "batch_size": size}
    )
    values = result.measures["matched_test_accuracy_at_0.1"][:, :10]
    difference = float((values[i] - values[j]).mean())
    assert f"first fell to a given level: difference {difference:.3g}" in notes
    assert "]. The level is 0.1, the interval over seeds only." in notes


def test_no_common_training_loss_is_said():
    result = make_batches(medium=matched(0.98, 0.1), largest=matched(0.97, 0.3))
    notes = atom_of(result, "B3e").notes
    assert any(n.startswith("No training loss was reached by 5 runs") for n in notes)


def test_throughput_has_the_interval_of_its_repeats():
    result = make_batches(seconds={32: 4.0, 128: 1.0})
    found = atom_of(result, "B3a")

    # By SciPy: the paired interval of log seconds over rounds, at the family's level.
    small, large = (
        np.log(list(timing.by_round.values()))
        for size in (32, 128)
        for timing in [result.timing(result.configs[first_of(result, size)])]
        if timing is not None
    )
    rounds = stats.ttest_rel(small, large).confidence_interval(found.confidence_level)
    assert found.estimate == pytest.approx(4.0, rel=0.01)
    assert (found.lower, found.upper) == pytest.approx(
        (np.exp(rounds.low), np.exp(rounds.high))
    )
    assert found.n_seeds == 0  # seeds play no part


def test_too_short_an_anneal_is_not_judged():
    plan = Runs(
        accuracy=0.98,
        measures={"annealed_train_loss": 0.04, "annealed_train_loss_long": 0.02},
    )
    found = atom_of(make_batches(small=plan, large=plan), "B1d")
    assert found.reason.startswith("annealing twice as long still changes the loss")


def test_no_common_loss_leaves_sharpness_untested():
    low, high = sharp(0.1), Runs(accuracy=0.98, measures={"asam_sharpness": 0.5})
    both = replace(low, measures={**low.measures, "asam_sharpness": 0.1})
    found = atom_of(make_batches(largest=high, medium=both), "B3d")
    assert found.verdict is Verdict.UNTESTED
    assert found.reason.startswith("no training loss at which sharpness is measured")


@pytest.mark.parametrize("sharper", [1, 5, 0.2])
def test_a_level_far_above_the_ends_says_nothing_of_where_runs_end(sharper):
    # Their losses end at .069, and .3 is more than a level above that.
    plans = [
        Runs(accuracy=0.98, measures={"asam_sharpness_at_0.3": value})
        for value in (0.1, 0.1 * sharper)
    ]
    found = atom_of(make_batches(medium=plans[0], largest=plans[1]), "B3d")

    assert found.verdict is Verdict.UNTESTED
    assert found.reason.startswith(
        "the lowest training loss of both sides, 0.3, is far above 0.069"
    )
    where, there = found.notes
    assert where.startswith("Both sides at a training loss of 0.3, first reached after")
    assert f"ASAM sharpness: ratio {sharper:.1g}"[:-1] in there


def test_sharpness_of_runs_that_still_improve_is_not_that_of_an_end():
    improving = replace(sharp(0.1), status=RunStatus.UNCONVERGED)
    found = atom_of(make_batches(medium=sharp(0.1), largest=improving), "B3d")

    assert found.verdict is Verdict.UNTESTED
    assert "10 of 10 runs" in found.reason
    assert "were still improving at the end" in found.reason


def test_the_whole_family_of_batch_sizes_has_ten_contrasts():
    levels = {
        a.confidence_level
        for c in judge(make_batches())
        for a in c.atoms
        if a.id == "B2b"
    }
    assert levels == {1 - 0.05 / 10}
