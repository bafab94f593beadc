"""How seeds began: stored with the numbers they led to, compared with what is known."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_facts, make_study
from store_builders import (
    make_curves,
    train,
    waiting,
)

from paribus.errors import ExecutionError, ParibusWarning
from paribus.store import StudyWriter, check_study, read_study
from paribus.store.schema import ATTEMPT
from paribus.store.starts import gathered, other_seeds, take_up, weights_name
from paribus.study import Study


WEIGHTS = weights_name([("hidden", (8,)), ("activation", "relu")])
STARTS = {"order": {0: "a0", 1: "a1"}, WEIGHTS: {0: "b0", 1: "b1"}}
OTHER = {"order": {0: "a0"}, WEIGHTS: {1: "c1"}}


def test_weights_are_named_by_the_hyperparameters_whatever_their_order():
    name = weights_name([("hidden", (8,)), ("activation", "relu")])

    assert name == 'weights {"activation":"relu","hidden":[8]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        weights_name([("scale", math.inf)])


def test_seeds_that_begin_otherwise_are_named_by_what_differs():
    found = {"order": {0: "x", 2: "x"}, WEIGHTS: {1: "x"}, "weights {}": {0: "x"}}

    assert other_seeds(STARTS, found) == {"order": (0,), "weights": (1,)}
    assert other_seeds(STARTS, STARTS) == other_seeds({}, STARTS) == {}


def test_what_is_known_grows_until_a_seed_begins_otherwise():
    more = {WEIGHTS: {2: "b2"}}

    known = gathered([STARTS])
    take_up(more, known)
    assert known[WEIGHTS] == {0: "b0", 1: "b1", 2: "b2"}
    assert STARTS[WEIGHTS] == {0: "b0", 1: "b1"}
    # Seed 0 as it was is compared no longer: it would begin otherwise too.
    assert gathered([STARTS, {WEIGHTS: {1: "c1"}}, more]) == {
        "order": STARTS["order"],
        WEIGHTS: {1: "c1", 2: "b2"},
    }


STUDY = make_study(n_seeds=2)  # four runs


def begun(folder: Path, study: Study = STUDY) -> StudyWriter:
    """A study of which an attempt has trained two of four runs."""
    writer = StudyWriter.create(folder, study, make_facts())
    writer.begin_attempt({"jax": "1"})
    writer.note_starts(STARTS)
    train(writer, waiting(writer)[:2])
    writer.close()
    writer = StudyWriter.open(folder)
    writer.check_environment({"jax": "1"})
    writer.begin_attempt({"jax": "1"})
    return writer


def test_starts_are_stored_beside_the_environment_with_the_next_numbers(tmp_path: Path):
    with StudyWriter.create(tmp_path / "s", STUDY, make_facts()) as writer:
        writer.begin_attempt({"jax": "1"})
        writer.note_starts(STARTS)
        (before,) = writer._ledger.read(ATTEMPT)
        train(writer, waiting(writer)[:1])
        writer.note_starts({WEIGHTS: {7: "b7"}})
        train(writer, waiting(writer)[:1])
        (row,) = writer._ledger.read(ATTEMPT)

    assert json.loads(before.environment) == {"jax": "1"}
    assert json.loads(row.environment) == {
        "jax": "1",
        "starts": {
            "order": {"0": "a0", "1": "a1"},
            WEIGHTS: {"0": "b0", "1": "b1", "7": "b7"},
        },
    }
    assert check_study(tmp_path / "s").problems == ()
    (attempt,) = read_study(tmp_path / "s").attempts
    assert attempt.environment == {"jax": "1"}
    assert (attempt.other_orders, attempt.other_weights) == ((), ())


def test_evaluations_of_an_unfinished_block_bring_their_starts(tmp_path: Path):
    curves = {n: c[:1] for n, c in make_curves(STUDY, 4).items()}
    with StudyWriter.create(tmp_path / "s", STUDY, make_facts()) as writer:
        writer.begin_attempt({})
        writer.note_starts(STARTS)
        block = writer.begin_block(waiting(writer), description="long")
        writer.commit_evaluations(block, curves)  # as a kill leaves it

    with StudyWriter.open(tmp_path / "s") as writer:
        writer.begin_attempt({})
        assert writer.known_starts == STARTS


def test_equal_starts_and_new_ones_are_taken_down_in_silence(tmp_path: Path):
    with begun(tmp_path / "s") as writer:
        writer.note_starts({**STARTS, "weights {}": {0: "x"}})
        train(writer, waiting(writer))

    assert read_study(tmp_path / "s").attempts[1].other_weights == ()


def test_a_seed_that_begins_otherwise_is_said_once_recorded_and_shown(tmp_path: Path):
    with begun(tmp_path / "s") as writer:
        with pytest.warns(ParibusWarning) as caught:
            writer.note_starts(OTHER)
        writer.note_starts({WEIGHTS: {0: "c0"}})  # known of before alone
        train(writer, waiting(writer))
    with StudyWriter.open(tmp_path / "s") as writer:
        writer.begin_attempt({"jax": "1"})
        writer.note_starts(OTHER)  # as the attempt before

    (warning,) = caught
    assert str(warning.message) == (
        f"`{tmp_path / 's'}` goes on with other first weights of seed 1 than before: "
        "runs that are trained already would have other numbers now"
    )
    first, second, _ = read_study(tmp_path / "s").attempts
    assert (first.other_weights, second.other_weights) == ((), (0, 1))


def test_an_exact_study_refuses_unless_it_may_change(tmp_path: Path):
    study = replace(STUDY, exact=True)
    found = {"order": {0: "x", 1: "y"}, WEIGHTS: {0: "z"}}
    with begun(tmp_path / "s", study) as writer:
        with pytest.raises(ExecutionError) as refused:
            writer.note_starts(found)
        assert writer.known_starts == STARTS
        writer.check_environment({"jax": "1"}, allow_change=True)
        with pytest.warns(ParibusWarning, match="other first data order of seeds 0, 1"):
            writer.note_starts(found)

    assert str(refused.value) == (
        f"`{tmp_path / 's'}` is exact, so its runs must begin as before, got other "
        "first data order of seeds 0, 1 and other first weights of seed 0"
    )
    assert refused.value.hint == (
        "go on with the model and the software of before; `--allow-env-change` lets "
        "its numbers differ"
    )
