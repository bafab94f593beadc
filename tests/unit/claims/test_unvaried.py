"""Textbook claims about what a study does not compare."""

from dataclasses import replace
from typing import Any

import pytest
from claim_builders import make_atom, make_claim
from claims_builders import Runs, make_runs, make_tuned_study

from paribus.claims import Verdict, judge, unvaried_groups
from paribus.declared import DeclaredClaim
from paribus.space import SearchSpace


OPEN = make_claim(make_atom(Verdict.UNTESTED, remedy="paribus run batch-size"))
RATES = make_tuned_study(is_tuned=False)


def about(group: str, *claims):
    return [replace(claim, group=group) for claim in claims]


def test_a_group_about_what_is_not_varied_is_found_with_what_would_test_it():
    claims = about("batch size", OPEN, OPEN)

    assert unvaried_groups(claims, RATES) == {"batch size": "paribus run batch-size"}


def test_a_group_about_what_is_varied_is_discussed():
    assert unvaried_groups(about("learning rate", OPEN), RATES) == {}


def test_what_is_decided_is_never_folded():
    decided = make_claim(make_atom(Verdict.NEGLIGIBLE))

    assert unvaried_groups(about("batch size", OPEN, decided), RATES) == {}


def test_the_own_claims_of_a_study_are_never_folded():
    assert unvaried_groups(about("yours", OPEN), RATES) == {}


@pytest.mark.parametrize(
    ("changes", "is_folded"),
    [
        ({}, True),
        ({"held": (0.01,)}, False),
        ({"compare": "all"}, False),
        ({"where": {"batch_size": 32}}, False),
    ],
    ids=["tuned away", "held", "all", "copies"],
)
def test_what_is_only_tuned_is_no_subject_of_a_study_with_its_own_claims(
    changes: dict[str, Any], is_folded: bool
):
    study = make_tuned_study(batch_size=(32, 64), compare="tuned")
    assert study.tuning is not None
    study = replace(study, tuning=replace(study.tuning, **changes))
    claim = DeclaredClaim(
        text="32 ends better",
        measure="validation_accuracy",
        a={"batch_size": 32},
        b={"batch_size": 64},
        relation="greater",
    )
    claims = about("learning rate", OPEN)

    assert unvaried_groups(claims, study) == {}
    own = replace(study, claims=(claim,))
    assert bool(unvaried_groups(claims, own)) is is_folded


def test_a_study_of_dropout_tests_no_textbook_claim():
    grid = {"dropout": (0.0, 0.5), "learning_rate": (0.01,), "batch_size": (64,)}
    study = replace(RATES, space=SearchSpace(grids=(grid,)))
    result = make_runs(study, [Runs(), Runs()])

    assert unvaried_groups(judge(result), study) == {
        "learning rate": "paribus run learning-rate",
        "batch size": "paribus run batch-size",
    }
