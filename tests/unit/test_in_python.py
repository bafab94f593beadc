"""Hints of study files, said of studies that are made in Python."""

import pytest

import paribus as pb
from paribus.api.speaking import said_in_python
from paribus.errors import StudyError, UserCodeError
from paribus.in_python import as_python


@pytest.mark.parametrize(
    ("of_a_file", "in_python"),
    [
        ("--set study.seeds=30", "pb.Study(seeds=30)"),
        (
            "a; to test it: --set study.epochs=15; b",
            "a; to test it: pb.Study(epochs=15); b",
        ),
        ("--set 'study.evaluate_every=\"auto\"'", 'pb.Study(evaluate_every="auto")'),
        ('--set study.evaluate_every="auto"', 'pb.Study(evaluate_every="auto")'),
        (
            "--set 'space.1.learning_rate=[0.1, 1, 10]'",
            "pb.grid(learning_rate=[0.1, 1, 10])",
        ),
        ("--set 'space.learning_rate=[1, 10]'", "pb.grid(learning_rate=[1, 10])"),
        ("--set tuning.target_seeds=10", "pb.tune(target_seeds=10)"),
        ("--set tuning.refine=true", "pb.tune(refine=True)"),
        ("--set data.validation=5000", "validation=5000 of the data"),
        ('--set optimizer.schedule="constant"', 'schedule="constant" of the optimizer'),
        (
            "--set 'diagnostics.measure=[\"rescue\"]' with another --out",
            'pb.Study(diagnostics=["rescue"]) with another folder',
        ),
        (
            'add [tuning] with `hyperparameter = "learning_rate"`',
            'add `tuning=pb.tune("learning_rate", seeds=3)`',
        ),
        (
            'add [optimizer] with `name = "adam"`',
            "add `optimizer=pb.optimizers.adam()`",
        ),
        (
            "add `validation = 5000` to [data]",
            "pass `validation=5000` to what makes the data, e.g. "
            "`pb.data.mnist(validation=5000)`",
        ),
        (
            'to predict numbers: [task] with `kind = "regression"`',
            'to predict numbers: `task="regression"`',
        ),
        ("add `batch_size = [...]` to [[space]]", "add `batch_size=[...]` to `space`"),
        ("is missing (space, [[space]] 2)", "is missing (part 2 of `space`)"),
        (
            "must stand in one of [model] and [[space]]",
            "must stand in one of `model` and `space`",
        ),
        ("[[claims]] that compare it", "`claims` that compare it"),
        ("`study.seeds` must be from 1", "`seeds` must be from 1"),
        (
            "train the larger study in another folder: use `--out`",
            "train the larger study in another folder",
        ),
        ("--retry-failed trains them again", "`retry_failed=True` trains them again"),
        (
            "the same command with another --out, on an idle machine",
            "the same study with another folder, on an idle machine",
        ),
        ("`paribus run` once more, with all", "`run()` once more, with all"),
        ("paribus run batch-size --size standard",) * 2,
    ],
)
def test_each_form_of_a_hint_is_said_in_python(of_a_file: str, in_python: str):
    assert as_python(of_a_file) == in_python


def test_what_is_said_in_python_stays():
    said = as_python(
        "--set 'space.1.learning_rate=[0.1]'; add `b = [...]` to [[space]]"
    )

    assert as_python(said) == said


def make(**changes: object) -> pb.Study:
    parts = {
        "name": "mine",
        "data": pb.data.mnist(train=500, validation=100),
        "model": pb.models.mlp(hidden=[8]),
        "optimizer": pb.optimizers.adam(),
        "space": pb.grid(learning_rate=[0.001, 0.01], batch_size=[32]),
        "epochs": 1,
    }
    return pb.Study(**{**parts, **changes})


def test_a_study_made_in_python_is_told_what_to_do_in_python():
    compared = {"a": {"learning_rate": "tuned"}, "b": {"learning_rate": 0.01}}
    claim = pb.claim("x", measure="test_accuracy", relation="greater", **compared)

    with pytest.raises(StudyError) as caught:
        make(claims=[claim])

    hint = 'add `tuning=pb.tune("learning_rate", seeds=3)`'
    assert caught.value.hint == hint
    assert caught.value.__notes__ == [f"hint: {hint}"]


def test_a_message_names_arguments_not_tables():
    with pytest.raises(StudyError, match=r"^`epochs` must be from 1"):
        make(epochs=0)
    with pytest.raises(StudyError, match=r"`widht`: `space`\n"):
        make(space=pb.grid(learning_rate=[0.001], batch_size=[32], widht=[1]))


def test_what_jax_adds_to_our_errors_is_left_out():
    error = UserCodeError("`mymodels:build` cannot build a model", hint="mend it")
    error.add_note("---\nFor simplicity, JAX has removed its internal frames from")

    with pytest.raises(UserCodeError) as raised, said_in_python():
        raise error

    assert not any("JAX" in note for note in raised.value.__notes__)
    assert any("mend it" in note for note in raised.value.__notes__)
