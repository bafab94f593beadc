"""Textbook claims about what a study does not vary."""

from dataclasses import replace

from claim_builders import make_atom, make_claim
from claims_builders import Runs, make_runs, make_tuned_study

from paribus.claims import Verdict, judge, unvaried_groups
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


def test_a_study_of_dropout_tests_no_textbook_claim():
    grid = {"dropout": (0.0, 0.5), "learning_rate": (0.01,), "batch_size": (64,)}
    study = replace(RATES, space=SearchSpace(grids=(grid,)))
    result = make_runs(study, [Runs(), Runs()])

    assert unvaried_groups(judge(result), study) == {
        "learning rate": "paribus run learning-rate",
        "batch size": "paribus run batch-size",
    }
