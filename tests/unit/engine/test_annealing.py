"""Runs that are annealed: by which rates, and from wherever they were left."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from paribus.engine.annealing import Annealing
from paribus.engine.block import BlockShape
from paribus.engine.detours import Detour, take
from paribus.engine.run import RunState


class Driven:
    """A driver of two runs that notes with which rates it trains which steps."""

    def start(self, *_: object) -> Any:
        raise AssertionError("annealing asks for nothing else")

    orders = train = end = start

    def __init__(self) -> None:
        self.shape = BlockShape(
            devices=tuple(jax.devices("cpu")[:1]), runs_per_device=2, map_width=1
        )
        self.by_step: list[np.ndarray] = []

    def advance(self, state, traced, step, to_step, after_call):
        assert step == 300 + len(self.by_step)
        for done in range(step + 1, to_step + 1):
            self.by_step.append(np.asarray(traced["learning_rate"]))
            after_call(state, done)
        return state

    def evaluate(self, states):
        return states, {"train_loss": np.arange(2.0)}


RATES = np.array([0.1, 3.0], np.float32)
PART: Any = jnp.zeros(2)
STATES = RunState(*[PART] * len(RunState._fields))  # they are handed on as they are


def annealing(driver: Any, n_extra: int) -> Annealing:
    traced = {"learning_rate": jnp.asarray(RATES), "momentum": jnp.zeros(2)}
    return Annealing("loss", STATES, traced, driver=driver, step=300, n_extra=n_extra)


@pytest.mark.parametrize("n_extra", [1, 7, 50, 1000])
def test_annealing_lets_the_learning_rate_fall_linearly(n_extra):
    driver = Driven()
    course = annealing(driver, n_extra)

    told = take(course, driver.advance, begun=None, keep=lambda detour: None)

    line = 1 - (np.arange(n_extra) + 0.5) / n_extra
    # A stair is a fiftieth high: it differs from the line by at most half of that.
    found = np.stack(driver.by_step)
    np.testing.assert_allclose(found, line[:, None] * RATES, atol=0.0101 * 3)
    np.testing.assert_allclose(found.mean(axis=0), RATES / 2, rtol=1e-5)
    assert told.keys() == {"loss"}


@pytest.mark.parametrize("n_done", [1, 19, 20, 21, 119])
def test_annealing_goes_on_from_any_step_with_the_rates_that_it_would_have_had(n_done):
    whole, first, second = Driven(), Driven(), Driven()
    left: list[Detour] = []

    def stop(detour: Detour) -> None:
        left.append(detour)
        if len(left) == n_done:
            raise KeyboardInterrupt

    take(annealing(whole, 120), whole.advance, begun=None, keep=lambda detour: None)
    with pytest.raises(KeyboardInterrupt):
        take(annealing(first, 120), first.advance, begun=None, keep=stop)
    second.by_step += first.by_step
    course = annealing(second, 120)
    take(course, second.advance, begun=left[-1], keep=lambda detour: None)

    np.testing.assert_array_equal(second.by_step, whole.by_step)
