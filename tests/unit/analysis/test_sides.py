"""The word for the chosen value, in the sides of a comparison."""

import pytest
from tuning_builders import make_tuned_study

from paribus.analysis.sides import without_tuned
from paribus.errors import StudyError


TUNING = make_tuned_study().tuning
SIZES = {"batch_size": 32}, {"batch_size": 64}
CHOSEN = {"learning_rate": "tuned"}


def test_sides_without_the_word_stay_as_they_are():
    assert without_tuned(TUNING, *SIZES) == (*SIZES, False)
    assert without_tuned(None, *SIZES) == (*SIZES, False)


def test_the_word_is_taken_out_of_both_sides():
    a, b = SIZES

    assert without_tuned(TUNING, a | CHOSEN, b | CHOSEN) == (a, b, True)
    assert without_tuned(TUNING, a | CHOSEN, b) == (a, b, True)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (
            {"batch_size": "tuned"},
            {"batch_size": 32},
            '`batch_size` must be tuned to be "tuned", but the study tunes '
            "`learning_rate`",
        ),
        (
            CHOSEN,
            {"learning_rate": 0.01},
            '`learning_rate` must be "tuned" in both sides or in none, got 0.01 in one',
        ),
        (CHOSEN, CHOSEN, "`a` and `b` must differ, got `learning_rate=tuned` for both"),
    ],
    ids=["another", "one side", "the same"],
)
def test_the_word_in_the_wrong_place_is_refused(a, b, message):
    with pytest.raises(StudyError) as refused:
        without_tuned(TUNING, a, b)

    assert str(refused.value) == message


def test_the_word_is_refused_where_nothing_is_tuned():
    with pytest.raises(StudyError, match="but the study tunes nothing"):
        without_tuned(None, CHOSEN, {})
