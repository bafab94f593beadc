import hashlib
import re

import pytest

from paribus.errors import SpaceError
from paribus.hyperparameters import Value
from paribus.space import (
    MAX_CONFIGS,
    Config,
    SearchSpace,
    place_words,
    show_value,
    value_words,
)


NOTEBOOK = SearchSpace(
    grids=(
        {"learning_rate": (0.001, 0.01, 0.1), "batch_size": (32,)},
        {"learning_rate": (0.01,), "batch_size": (32, 64, 128)},
    )
)


def test_a_config_in_two_grids_is_listed_once_where_it_is_named_first():
    pairs = [(c["learning_rate"], c["batch_size"]) for c in NOTEBOOK.configs()]

    assert pairs == [(0.001, 32), (0.01, 32), (0.1, 32), (0.01, 64), (0.01, 128)]


def test_a_union_of_grids_is_no_full_grid():
    assert not NOTEBOOK.is_full_grid()
    assert SearchSpace(grids=NOTEBOOK.grids[:1]).is_full_grid()


def test_the_id_of_a_config_depends_on_its_values_alone():
    a = Config({"learning_rate": 0.01, "batch_size": 32})
    b = Config({"batch_size": 32, "learning_rate": 0.01})

    assert a.id == b.id
    assert a == b
    assert hash(a) == hash(b)
    written = b'{"batch_size":32,"learning_rate":0.01}'
    assert a.id == hashlib.sha256(written).hexdigest()[:16]


def test_a_config_that_json_has_no_words_for_has_no_id():
    with pytest.raises(ValueError, match="not JSON compliant"):
        Config({"learning_rate": float("nan")}).to_json()


def test_configs_with_other_values_have_other_ids():
    configs = NOTEBOOK.configs()

    assert len({config.id for config in configs}) == len(configs)


def test_a_config_equals_a_mapping_with_the_same_items():
    assert Config({"hidden": (8, 8)}) == {"hidden": (8, 8)}


def test_a_label_can_leave_names_out():
    config = Config({"learning_rate": 1e-05, "batch_size": 32})

    assert config.label() == "learning_rate=1e-05, batch_size=32"
    assert config.label(without=["batch_size"]) == "learning_rate=1e-05"


def test_a_config_without_a_name_is_what_others_share_with_it():
    config = Config({"learning_rate": 0.01, "batch_size": 32, "width": 8})

    assert config.without("width") == {"learning_rate": 0.01, "batch_size": 32}
    assert config.without("width", "batch_size", "momentum") == {"learning_rate": 0.01}
    assert config.without() == config


def test_a_config_matches_a_part_of_itself():
    config = Config({"learning_rate": 0.01, "batch_size": 32})

    assert config.matches({"batch_size": 32})
    assert not config.matches({"batch_size": 64})
    assert not config.matches({"momentum": 0.9})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.001, "0.001"),
        (1.0, "1"),
        (1e-7, "1e-07"),
        (-1e15, "-1000000000000000"),
        (1e16, "1e+16"),
        (32, "32"),
        (True, "true"),
        ((128, 64), "[128, 64]"),
        ("relu", "relu"),
    ],
)
def test_values_are_written_shortly(value: object, text: str):
    assert show_value(value) == text  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("grids", "message"),
    [
        ((), "at least one grid"),
        (({},), "at least one hyperparameter"),
        (({"a": ()},), "`a` must have at least one value"),
        (({"a": (1, 2, 1)},), "got 1 as values 1 and 3"),
        (({"a": tuple(range(1000)), "b": tuple(range(101))},), "101,000 configs"),
    ],
)
def test_a_space_that_cannot_be_used_is_refused(
    grids: tuple[dict[str, tuple[int, ...]], ...], message: str
):
    with pytest.raises(SpaceError) as raised:
        SearchSpace(grids=grids)

    assert message in str(raised.value)


def test_optimizers_have_names_for_people():
    assert value_words("optimizer", "keras_adam") == "Keras's Adam"
    assert value_words("optimizer", "adagrad") == "Adagrad"
    assert value_words("optimizer", "the tool's own") == "the tool's own"
    assert value_words("activation", "relu") == "relu"
    assert value_words("learning_rate", 0.01) == "0.01"
    assert value_words("optimizer", None) == "–"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"batch_size": 32, "optimizer": "keras_adam"},
            "at batch size 32 with Keras's Adam",
        ),
        (
            {
                "schedule": "cosine",
                "optimizer": "sgd",
                "hidden": (8, 8),
                "momentum": 0.0,
            },
            "at hidden [8, 8], momentum 0 with SGD, cosine schedule",
        ),
        ({"weight_decay_of_all": 1e-5}, "at weight decay of all 1e-05"),
        ({"schedule": "constant"}, "with constant schedule"),
        ({}, ""),
    ],
    ids=["both", "several of both", "at", "with", "nowhere"],
)
def test_a_place_is_named_by_its_values_then_by_what_trained_there(
    values: dict[str, Value], words: str
):
    assert place_words(values) == words


@pytest.mark.parametrize(
    ("grids", "words"),
    [
        ((), "`space` must have at least one grid"),
        (({"a": (1,)}, {}), "[[space]] 2 must name at least one hyperparameter"),
        (({"a": ()},), "`a` must have at least one value: [[space]] 1"),
        (
            ({"a": (1, 2, 1)},),
            "`a` must have each value once, got 1 as values 1 and 3: [[space]] 1",
        ),
        (
            ({"a": tuple(range(MAX_CONFIGS + 1))},),
            "`space` has 100,001 configs, the limit is 100,000",
        ),
    ],
)
def test_what_is_wrong_with_a_space_is_said_with_its_place(grids, words: str):
    with pytest.raises(SpaceError, match=f"^{re.escape(words)}$"):
        SearchSpace(grids=grids)


def test_a_space_may_be_as_large_as_its_limit():
    SearchSpace(grids=({"a": tuple(range(MAX_CONFIGS))},))
