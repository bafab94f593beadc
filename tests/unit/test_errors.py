import pytest

from paribus import errors
from paribus.errors import ParibusError, StudyError, printable, suggest, unknown_name


EXIT_CODES = {
    "ParibusError": 1,
    "CommandError": 2,
    "StudyError": 3,
    "SpaceError": 3,
    "TooFewSeedsError": 3,
    "UnknownNameError": 3,
    "DataError": 4,
    "StoreError": 5,
    "ResourceError": 6,
    "TooManyFailuresError": 7,
    "UserCodeError": 8,
    "ExecutionError": 9,
    "MissingPackageError": 9,
}


def test_every_error_has_its_exit_code():
    found = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, ParibusError)
    }

    assert found == EXIT_CODES


def test_a_hint_is_a_field_and_a_note():
    error = StudyError("`x` is wrong", hint="make it right")

    assert error.hint == "make it right"
    assert error.__notes__ == ["hint: make it right"]
    assert str(error) == "`x` is wrong"


def test_no_hint_leaves_no_note():
    assert not hasattr(StudyError("`x` is wrong"), "__notes__")


def test_a_study_error_is_the_built_in_error_a_caller_expects():
    assert issubclass(StudyError, ValueError)
    assert issubclass(errors.MissingPackageError, ImportError)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("lerning_rate", "did you mean `learning_rate`?"),
        ("LEARNING_RATE", "did you mean `learning_rate`?"),
        ("zzz", "known: `batch_size`, `learning_rate`"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_or_all(name: str, advice: str):
    assert suggest(name, ["learning_rate", "batch_size"]) == advice


def test_of_many_names_a_handful_is_said_the_likely_first():
    known = [f"setting_{k}" for k in range(17)] + ["units", "depth", "lr_decay"]

    advice = suggest("zzz", known, likely=["units", "depth"])

    assert advice.startswith("there are 20, such as `units`, `depth`, ")
    assert advice.count("`") == 2 * 5


@pytest.mark.parametrize(
    ("theirs", "ours"), [("lr", "learning_rate"), ("BS", "batch_size")]
)
def test_what_other_tools_call_it_is_known(theirs: str, ours: str):
    assert suggest(theirs, ["learning_rate", "batch_size"]) == f"did you mean `{ours}`?"
    assert suggest(theirs, ["units"]) == "known: `units`"


def test_an_unknown_name_is_named_with_its_place():
    error = unknown_name("optimizer", "adamm", ["adam"], where="[optimizer] name")

    assert str(error) == "no optimizer is called `adamm`: [optimizer] name"
    assert error.exit_code == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain — text", "plain — text"),
        ("a\nb", r"a\nb"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202eabc", r"\u202eabc"),
    ],
)
def test_marks_that_change_a_terminal_are_shown_as_escapes(text: str, shown: str):
    assert printable(text) == shown
