"""Parts of a study of the wrong kind: what was got, and what to write."""

from typing import Any

import numpy as np
import pytest

import paribus as pb
from paribus.errors import StudyError, UnknownNameError


def make_study(**changes: Any) -> pb.Study:
    parts: dict[str, Any] = {
        "name": "tiny",
        "data": pb.data.mnist(validation=5000),
        "model": pb.models.mlp(hidden=[8]),
        "optimizer": pb.optimizers.adam(),
        "space": pb.grid(learning_rate=[0.001, 0.01], batch_size=[32]),
        "epochs": 2,
    }
    return pb.Study(**{**parts, **changes})


CLAIM = (
    'claims=[pb.claim("a is better", measure="test_accuracy", a={...}, b={...}, '
    'relation="greater")]'
)
ARRAYS = "data=pb.data.arrays(x, y, validation=1000)"
SPACE = "space=pb.grid(learning_rate=[0.001, 0.01], batch_size=[32])"


class Table:
    columns = ("x", "label")


@pytest.mark.parametrize(
    ("part", "value", "got", "written"),
    [
        (
            "tuning",
            {"hyperparameter": "learning_rate", "seeds": 3},
            "a `dict` of 2",
            'tuning=pb.tune(hyperparameter="learning_rate", seeds=3)',
        ),
        (
            "tuning",
            "momentum",
            '"momentum"',
            'tuning=pb.tune("momentum", seeds=3)',
        ),
        ("tuning", True, "True", 'tuning=pb.tune("learning_rate", seeds=3)'),
        ("optimizer", "sgd", '"sgd"', "optimizer=pb.optimizers.sgd()"),
        (
            "optimizer",
            pb.optimizers.sgd,
            "`sgd` itself, which is not called",
            "optimizer=pb.optimizers.sgd()",
        ),
        ("optimizer", 3, "3", "optimizer=pb.optimizers.adam()"),
        ("claims", [{"measure": "test_accuracy"}], "a `dict` of 1", CLAIM),
        ("claims", None, "None", CLAIM),
        ("data", (np.zeros((9, 2)), np.zeros(9)), "a `tuple` of 2", ARRAYS),
        ("data", np.zeros((9, 2)), "a `ndarray`", ARRAYS),
        ("data", "mnist", '"mnist"', "data=pb.data.mnist(validation=5000)"),
        (
            "data",
            "a.csv",
            '"a.csv"',
            'data=pb.data.file("a.csv", validation=1000)',
        ),
        (
            "data",
            pb.data.mnist,
            "`mnist` itself, which is not called",
            "data=pb.data.mnist()",
        ),
        (
            "data",
            make_study,
            "`make_study` itself, which is not called",
            "data=pb.data.loader(load)",
        ),
        (
            "data",
            Table(),
            "a `Table`",
            'data=pb.data.frame(table, target="label", validation=1000)',
        ),
        ("model", "mlp", '"mlp"', "model=pb.models.mlp()"),
        (
            "model",
            pb.models.cnn,
            "`cnn` itself, which is not called",
            "model=pb.models.cnn()",
        ),
        ("space", None, "None", SPACE),
        ("space", [0.1], "0.1", SPACE),
        ("task", 3, "3", 'task="regression"'),
        (
            "diagnostics",
            "curvature",
            '"curvature"',
            'diagnostics=["curvature"]',
        ),
        ("name", 3, "3", ""),
        ("looks", 2.5, "2.5", ""),
        ("exact", "yes", '"yes"', ""),
        ("stop_when_decided", 1, "1", ""),
        ("evaluate_every", [1], "a `list` of 1", ""),
    ],
)
def test_a_part_of_the_wrong_kind_is_named_with_what_to_write(
    part: str, value: object, got: str, written: str
):
    with pytest.raises(StudyError) as refused:
        make_study(**{part: value})

    message = str(refused.value)
    assert message.startswith(f"`{part}` must be ")
    assert message.endswith(f", got {got}")
    assert refused.value.hint == (f"write `{written}`" if written else "")


def test_an_optimizer_that_there_is_not_gets_the_nearest():
    with pytest.raises(UnknownNameError) as refused:
        make_study(optimizer="adamm")

    assert refused.value.hint == "did you mean `adam`?"


@pytest.mark.parametrize(
    ("value", "got", "hint"),
    [
        (0.1, "0.1", "write `learning_rate=[0.1]`"),
        ("0.1", '"0.1"', 'write `learning_rate=["0.1"]`'),
        (np.float64(0.25), "0.25", "write `learning_rate=[0.25]`"),
        (np.array(0.1), "a `ndarray`", "write `learning_rate=[0.1]`"),
        (np.ones((2, 2)), "a `ndarray`", "write `learning_rate=[0.001, 0.01]`"),
        (None, "None", "write `learning_rate=[0.001, 0.01]`"),
    ],
)
def test_one_value_is_no_grid(value: Any, got: str, hint: str):
    with pytest.raises(StudyError, match="must be a list of values") as refused:
        pb.grid(learning_rate=value)

    assert str(refused.value).endswith(f"got {got}")
    assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": "3"}, '`seeds` must be an integer, got "3"'),
        ({"seeds": [1, 2]}, "`seeds` must be an integer, got a `list` of 2"),
        ({"seeds": 0}, "`seeds` must be at least 1, got 0"),
        ({"target_seeds": 5.0}, "`target_seeds` must be an integer, got 5.0"),
        ({"hyperparameter": 3}, "`hyperparameter` must be a text, got 3"),
        ({"held": 0.01}, "`held` must be a list of numbers, got 0.01"),
        ({"held": ["a"]}, "`held` must be a list of numbers, got a `list` of 1"),
        ({"where": "adam"}, '`where` must be a dict, got "adam"'),
        ({"refine": "yes"}, '`refine` must be True or False, got "yes"'),
        ({"halving": 3}, "`halving` must be a dict, got 3"),
    ],
)
def test_tuning_of_the_wrong_kind_is_refused(changes: dict[str, Any], message: str):
    with pytest.raises(StudyError) as refused:
        pb.tune(**{"seeds": 3, **changes})

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"a": 0.1}, "`a` must be a dict, got 0.1"),
        ({"text": 3}, "`text` must be a text, got 3"),
        ({"measure": None}, "`measure` must be a text, got None"),
        ({"relation": 1}, "`relation` must be a text, got 1"),
        ({"smallest_effect": "1"}, '`smallest_effect` must be a number, got "1"'),
    ],
)
def test_a_claim_of_the_wrong_kind_is_refused(changes: dict[str, Any], message: str):
    parts: dict[str, Any] = {
        "text": "a is better",
        "measure": "test_accuracy",
        "a": {"learning_rate": 0.1},
        "b": {"learning_rate": 0.2},
        "relation": "greater",
    }

    with pytest.raises(StudyError) as refused:
        pb.claim(**{**parts, **changes})

    assert str(refused.value) == message


def test_parts_of_the_right_kind_pass():
    two = (
        {"learning_rate": [0.1], "batch_size": [8]},
        pb.grid(learning_rate=np.array([0.2]), batch_size=range(8, 9)),
    )

    study = make_study(space=two, claims=(), tuning=pb.tune(seeds=3, held=(0.2,)))

    assert len(study.configs()) == 2
