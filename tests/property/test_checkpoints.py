"""Checkpoints whose arrays are not those of the study: refused in words, or used."""

from contextlib import suppress
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from probe_builders import make_network, sgd_recipe

from paribus.engine.block import BlockShape
from paribus.engine.checkpoints import BlockMoment, of_rows, pack, unpack
from paribus.engine.detours import Detour
from paribus.engine.evaluation import Ending
from paribus.engine.run import RunState, start_run
from paribus.errors import StoreError


N_RUNS = 2
SHAPE = BlockShape(
    devices=tuple(jax.devices("cpu")[:1]), runs_per_device=N_RUNS, map_width=1
)
SHARES = np.array([0.0, 0.5, 1.0])
VALUES = st.one_of(
    st.sampled_from(
        [
            np.zeros(0),
            np.zeros(N_RUNS),
            np.zeros((N_RUNS, 3), np.float32),
            np.array(1),
            np.full(N_RUNS, 2**62),
            np.full((N_RUNS, 2), np.nan),
            np.full(N_RUNS, True),
            np.zeros((N_RUNS + 5, 4), np.float32),
        ]
    ),
)


@pytest.fixture(scope="module")
def start() -> RunState:
    model, _ = make_network(hidden=(3,))
    recipe = sgd_recipe(model)
    traced = dict.fromkeys(("learning_rate", "momentum"), jnp.full(N_RUNS, 0.1))
    seeds = jnp.array([[0, 1], [0, 2]], jnp.uint32)
    return jax.jit(jax.vmap(partial(start_run, recipe)))(seeds, traced)


@pytest.fixture(scope="module")
def sound(start: RunState) -> dict[str, np.ndarray]:
    """At the end of the budget, in the midst of a detour."""
    rows = [{"train_loss": np.arange(2.0, dtype=np.float32)} for _ in SHARES]
    measures: Any = {"first_update": np.ones(N_RUNS, np.float32)}
    correct: Any = {"test": np.zeros((N_RUNS, 2), np.uint8)}
    moment = BlockMoment(
        start,
        rows,
        Ending(measures=measures, correct=correct),
        {"lambda_max": np.ones(N_RUNS)},
        detour=Detour(start, 3, 17, {"rate": np.array([0.1, np.nan])}),
    )
    return pack(moment, None, np.arange(N_RUNS))


def read(tensors: dict[str, np.ndarray], start: RunState) -> BlockMoment:
    return unpack(
        of_rows(tensors, np.arange(N_RUNS)),
        start,
        None,
        seats=np.arange(N_RUNS),
        shape=SHAPE,
        shares=SHARES,
    )


def test_a_moment_comes_back_with_its_detour(
    start: RunState, sound: dict[str, np.ndarray]
):
    found = read(sound, start)

    assert found.detour is not None
    assert (found.detour.n_legs, found.detour.step) == (3, 17)
    np.testing.assert_array_equal(found.detour.found["rate"], [0.1, np.nan])
    for ours, theirs in zip(
        jax.tree.leaves((found.states, found.detour.states)),
        jax.tree.leaves((start, start)),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_checkpoint_without_its_evaluations_is_refused_in_words(
    start: RunState, sound: dict[str, np.ndarray]
):
    lost = {name: array for name, array in sound.items() if "row." not in name}

    with pytest.raises(StoreError, match="a checkpoint does not hold") as refused:
        read(lost, start)
    assert refused.value.hint.startswith("remove `checkpoints/`")


def check(data: st.DataObject, start: RunState, sound: dict[str, np.ndarray]) -> None:
    """Some arrays are lost, renamed, or others than they were."""
    tensors = dict(sound)
    for _ in range(data.draw(st.integers(1, 3))):
        if not tensors:
            break
        name = data.draw(st.sampled_from(sorted(tensors)))
        what = data.draw(st.sampled_from(["lost", "renamed", "other"]))
        value = tensors.pop(name)
        if what == "renamed":
            tensors[data.draw(st.sampled_from(["x", f"{name}.x", "step"]))] = value
        if what == "other":
            tensors[name] = data.draw(VALUES)
    with suppress(StoreError):
        read(tensors, start)


FEW = settings(max_examples=40)


@FEW
@given(data=st.data())
def test_other_arrays_are_refused_or_used(
    start: RunState, sound: dict[str, np.ndarray], data: st.DataObject
):
    check(data, start, sound)


@pytest.mark.long
@settings(FEW, max_examples=1000)
@given(data=st.data())
def test_many_other_arrays_are_refused_or_used(
    start: RunState, sound: dict[str, np.ndarray], data: st.DataObject
):
    check(data, start, sound)
