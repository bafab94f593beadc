"""Claims about values that were stopped early are not tested, and say what would."""

from dataclasses import replace

import numpy as np
import pytest
from tuning_builders import make_tuned_result, make_tuned_study, stopped, trained

from paribus.analysis import mark_absent
from paribus.claims import judge
from paribus.claims.arms import learning_rate_arms
from paribus.claims.evidence import Evidence, Question
from paribus.claims.pruning import held_option, say_stopped
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.scope import scope_sentence
from paribus.declared import DeclaredClaim
from paribus.halving import Halving
from paribus.results import StudyResult
from paribus.status import RunStatus


RATES = (0.001, 0.01, 0.03, 0.1)
FINAL = (0.80, 0.95, 0.97, 0.85)


def chosen_at_003(*, claims: tuple[DeclaredClaim, ...] = ()) -> StudyResult:
    """.001 and .1 were stopped after one epoch; .01 lost to .03 at the end."""
    study = make_tuned_study(
        learning_rate=RATES,
        batch_size=(32,),
        n_seeds=6,
        n_choosing=3,
        n_targets=3,
        halving=Halving(factor=2),
    )
    study = replace(study, claims=claims)
    scores = {(rate, 32): score for rate, score in zip(RATES, FINAL, strict=True)}
    result = stopped(make_tuned_result(study, scores), [0, 3], 2)
    judging = np.full(result.status.shape, False)
    judging[2, :6] = True
    return mark_absent(trained(result, judging, 0.97))


def atoms(result: StudyResult) -> dict[str, AtomVerdict]:
    return {atom.id: atom for claim in judge(result) for atom in claim.atoms}


def test_an_atom_about_a_stopped_value_names_where_it_ended_and_the_option():
    found = atoms(chosen_at_003())

    assert found["L3d"].verdict is Verdict.UNTESTED
    assert found["L3d"].reason == (
        "at learning rate 0.1 the study has only runs that chose a learning rate; "
        "learning_rate=0.1, batch_size=32 fell behind and was "
        "stopped after 1 of 4 epochs"
    )
    assert found["L3d"].remedy == "--set 'tuning.held=[0.1]' with another --out"
    # .01 was trained to the end and not chosen: it lacks as much, and was not stopped.
    assert "stopped" not in found["L2a"].reason
    assert "held=[0.01, 0.1]" in found["L3b"].remedy


def test_a_claim_of_ones_own_about_a_stopped_value_says_the_same():
    claim = DeclaredClaim(
        text="0.1 is worse",
        measure="validation_accuracy",
        a={"learning_rate": 0.03},
        b={"learning_rate": 0.1},
        relation="greater",
    )

    (own,) = [c for c in judge(chosen_at_003(claims=(claim,))) if c.group == "yours"]

    (atom,) = own.atoms
    assert atom.verdict is Verdict.UNTESTED
    assert "learning_rate=0.1, batch_size=32 fell behind and was stopped" in atom.reason
    assert atom.remedy == "--set 'tuning.held=[0.1]' with another --out"


def test_sides_with_stopped_values_are_tuned_with_as_many_values_as_others():
    result = chosen_at_003()

    (arms,) = learning_rate_arms(Evidence.of(result), "keras_adam")

    assert arms.choices["best"].value == 0.03
    assert arms.choices["best"].n_runs == (3, 3, 3, 3)
    assert arms.choices["best"].edge is None


def test_nothing_is_said_of_what_went_on():
    result = chosen_at_003()

    assert say_stopped(result, [1, 2]) == ""
    assert say_stopped(result, [0, 3]).count("fell behind") == 2


@pytest.mark.parametrize(
    ("held", "values", "option"),
    [((), [0.1], "[0.1]"), ((0.01,), [0.1, 0.001], "[0.001, 0.01, 0.1]")],
)
def test_values_that_are_held_already_stay(held, values, option):
    study = make_tuned_study(held=held)

    assert held_option(study, values) == (
        f"--set 'tuning.held={option}' with another --out"
    )


@pytest.mark.parametrize("is_halved", [True, False])
def test_the_scope_says_among_which_values_the_best_was_chosen(is_halved):
    result = chosen_at_003()
    if not is_halved:
        assert result.study.tuning is not None
        whole = replace(result.study.tuning, halving=None)
        result = replace(result, study=replace(result.study, tuning=whole))
    evidence = Evidence.of(result)
    (arms,) = learning_rate_arms(evidence, "keras_adam")
    sides = Question(
        measure="validation_accuracy",
        higher=(2,),
        lower=(1,),
        choices=(arms.choices["best"],),
    )

    said = [
        scope_sentence(evidence, replace(sides, mode=mode), n_seeds=6)
        for mode in ("", "tuned")
    ]

    among = "among the values that were not stopped after 1 or 2 epochs"
    assert [among in text for text in said] == [is_halved] * 2
    assert (f", the best learning rate chosen {among}, 6" in said[0]) == is_halved
    assert "by the final score of 3 seeds" in said[1]
    assert among not in scope_sentence(evidence, replace(sides, choices=()), n_seeds=6)


def test_nothing_that_learned_is_said_to_have_learned_where_the_rest_was_stopped():
    result = chosen_at_003()
    assert result.study.tuning is not None
    held = replace(result.study.tuning, held=(0.01,))
    result = replace(result, study=replace(result.study, tuning=held))
    judging = np.full(result.status.shape, False)
    judging[1, :6] = True
    result = trained(result, judging, 0.95)
    # What was not stopped breaks in the end.
    status = result.status.copy()
    status[1:3, 6:] = RunStatus.DIVERGED

    reason = atoms(replace(result, status=status))["L2a"].reason

    assert reason == (
        "no learning rate could be chosen: of those that were not stopped early none "
        "has learned yet in more than half of its runs"
    )
