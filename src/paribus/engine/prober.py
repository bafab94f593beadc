"""The diagnostics of a block: when runs are looked at, and by which program."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, UInt32

from paribus.engine.annealing import EXTRA_BUDGETS, Annealing
from paribus.engine.block import BY_RUN, BlockShape, Compiler, Driver
from paribus.engine.probes import ProbeData, probe_end, probe_noise
from paribus.engine.recipe import Recipe
from paribus.engine.run import RunState, start_run
from paribus.engine.snapshots import (
    LEVELS,
    Snapshots,
    keep_snapshots,
    start_snapshots,
)


# When the noise of gradients is measured, in parts of the budget.
NOISE_SHARES = (0.0, 0.1, 0.5, 1.0)

# On GPU as many runs at once as have room: each holds several copies of its weights.
MAX_MAP_WIDTH = 32

_AT_END = {"curvature", "sharpness", "calibration", "weight_distance"}
_AT_MATCHED_LOSS = {"curvature", "sharpness"}


class Prober:
    """Measures the runs of a static group's blocks, by programs compiled once.

    Nothing is written to a run's state: a study trains the same, to the bit, with and
    without diagnostics.

    Attributes:
        shape: How the runs lie on the devices.
        measures_noise: Whether the noise scale is asked for.
        anneals: Whether runs are annealed: those whose learning rate stays constant.
        keeps_snapshots: Whether anything is compared at matched training loss.
    """

    def __init__(
        self,
        recipe: Recipe,
        shape: BlockShape,
        compiler: Compiler,
        *,
        asked: Sequence[str],
        data: ProbeData,
        traced_names: Sequence[str],
        key: Hashable,
    ) -> None:
        """Request the programs.

        Args:
            recipe: What is trained.
            shape: How the runs lie on the devices.
            compiler: Who compiles.
            asked: Which of `paribus.declared.DIAGNOSTICS` to measure.
            data: What runs are measured on, on the devices.
            traced_names: The traced hyperparameters.
            key: Equal for recipes that differ in the batch size only: no measure
                depends on it.
        """
        self.shape = shape
        self.measures_noise = "noise_scale" in asked
        schedule = recipe.static_settings.get("schedule", "constant")
        self.anneals = "anneal" in asked and schedule == "constant"
        self.keeps_snapshots = bool(_AT_MATCHED_LOSS.intersection(asked))
        self._compiler = compiler
        self._key = key
        self._data = data
        n = shape.n_runs
        seeds, flags = shape.spec((n, 2), jnp.uint32), shape.spec((n,), jnp.bool_)
        traced = {name: shape.spec((n,), jnp.float32) for name in traced_names}
        states = self._specs(partial(start_run, recipe), seeds, traced)
        snapshots = None
        if self.keeps_snapshots:
            start = partial(start_snapshots, recipe)
            snapshots = self._specs(start, states, traced)
            self._start = self._request(start, (states, traced))
            losses = shape.spec((n,), jnp.float32)
            keep = partial(keep_snapshots, recipe)
            self._keep = self._request(keep, (snapshots, states, traced, losses))
        if self.measures_noise:
            noise = partial(probe_noise, recipe)
            self._noise = self._request(noise, (states, flags), (data.examples,))
        at_end = tuple(name for name in asked if name in _AT_END)
        self._end = self._request(
            partial(probe_end, recipe, at_end),
            (states, traced, seeds, flags, snapshots),
            (data,),
        )

    def watch(
        self,
        seeds: UInt32[np.ndarray, "run 2"],
        traced: Mapping[str, Any],
        active: Bool[np.ndarray, " run"],
    ) -> "Watch":
        """Begin to watch a block.

        Args:
            seeds: The words of each run's seed.
            traced: The traced hyperparameters, on the devices.
            active: Which places of the block have a run.
        """
        return Watch(self, seeds, traced, active)

    def start_snapshots(self, states: RunState, traced: Mapping[str, Any]) -> Snapshots:
        """Room for the runs' weights at matched losses."""
        return self._start.result()((states, traced), ())

    def keep_snapshots(
        self,
        snapshots: Snapshots,
        states: RunState,
        traced: Mapping[str, Any],
        train_loss: Float[np.ndarray, " run"],
    ) -> Snapshots:
        """The snapshots with the runs that have reached a level."""
        losses = self.shape.put(train_loss, BY_RUN)
        return self._keep.result()((snapshots, states, traced, losses), ())

    def measure_noise(
        self, states: RunState, active: Bool[np.ndarray, " run"]
    ) -> dict[str, np.ndarray]:
        """Each run's gradient noise scale as it is now."""
        by_run = states, self.shape.put(active, BY_RUN)
        return _on_host(self._noise.result()(by_run, (self._data.examples,)))

    def measure_end(
        self,
        states: RunState,
        traced: Mapping[str, Any],
        seeds: UInt32[np.ndarray, "run 2"],
        active: Bool[np.ndarray, " run"],
        snapshots: Snapshots | None,
    ) -> dict[str, np.ndarray]:
        """Everything that is measured of the runs at their end."""
        seeds, flags = (self.shape.put(a, BY_RUN) for a in (seeds, active))
        by_run = states, traced, seeds, flags, snapshots
        return _on_host(self._end.result()(by_run, (self._data,)))

    def _request(
        self,
        one_run: partial[Any],
        by_run: tuple[Any, ...],
        shared: tuple[Any, ...] = (),
    ) -> Future[Any]:
        shape = replace(self.shape, map_width=min(self.shape.map_width, MAX_MAP_WIDTH))
        program: Any = shape.vectorised(one_run)
        return self._compiler.request(
            (one_run.func.__name__, self._key),
            lambda: program.lower(by_run, shared).compile(),
        )

    def _specs(self, one_run: Callable[..., Any], *by_run: Any) -> Any:
        shapes = jax.eval_shape(self.shape.vectorised(one_run), by_run, ())
        spec = self.shape.spec
        return jax.tree.map(lambda leaf: spec(leaf.shape, leaf.dtype), shapes)


class Watch:
    """Looks at one block while it trains and when it has ended."""

    def __init__(
        self,
        prober: Prober,
        seeds: UInt32[np.ndarray, "run 2"],
        traced: Mapping[str, Any],
        active: Bool[np.ndarray, " run"],
    ) -> None:
        """Begin to watch a block.

        Args:
            prober: Who measures.
            seeds: The words of each run's seed.
            traced: The traced hyperparameters, on the devices.
            active: Which places of the block have a run.
        """
        self._prober = prober
        self._seeds, self._traced, self._active = seeds, traced, active
        self._measured: dict[str, np.ndarray] = {}
        self._shares = list(NOISE_SHARES) if prober.measures_noise else []
        self._snapshots: Snapshots | None = None
        self._reached = np.full((len(active), len(LEVELS)), False)

    def see(
        self, states: RunState, *, train_loss: Float[np.ndarray, " run"], share: float
    ) -> None:
        """Look at the runs after an evaluation.

        Args:
            states: The runs as they are.
            train_loss: Each run's loss on training examples, NaN if it has diverged.
            share: How much of the budget is spent.
        """
        if self._prober.keeps_snapshots:
            self._keep(states, train_loss)
        if any(share >= due for due in self._shares):
            measured = self._prober.measure_noise(states, self._active)
            for due in [due for due in self._shares if share >= due]:
                suffix = f"_{100 * due:g}"
                self._measured |= {n + suffix: v for n, v in measured.items()}
                self._shares.remove(due)

    def saved(self) -> tuple[Snapshots | None, dict[str, np.ndarray], np.ndarray]:
        """All that it has seen: the snapshots, the measures, the levels reached."""
        return self._snapshots, dict(self._measured), self._reached

    def snapshots_like(self, states: RunState) -> Snapshots | None:
        """Snapshots of the right shapes; None where none are kept."""
        if not self._prober.keeps_snapshots:
            return None
        return self._prober.start_snapshots(states, self._traced)

    def restore(
        self,
        snapshots: Snapshots | None,
        measured: Mapping[str, np.ndarray],
        reached: np.ndarray,
        *,
        share: float,
    ) -> None:
        """Go on from what another watch had `saved` when `share` was spent."""
        self._snapshots = snapshots
        self._measured = dict(measured)
        self._reached = reached
        self._shares = [due for due in self._shares if due > share]

    def measure(self, states: RunState) -> dict[str, Float[np.ndarray, " run"]]:
        """What the weights tell at the end of the budget, and what was seen before."""
        measured = self._prober.measure_end(
            states, self._traced, self._seeds, self._active, self._snapshots
        )
        return self._measured | measured

    def annealings(
        self, states: RunState, *, step: int, driver: Driver
    ) -> list[Annealing]:
        """How runs go on beyond the end of their budget; none if that is not asked.

        Args:
            states: The runs as they are.
            step: Steps done.
            driver: Who has trained them.
        """
        if not self._prober.anneals:
            return []
        return [
            Annealing(
                name,
                states,
                self._traced,
                driver=driver,
                step=step,
                n_extra=max(round(part * step), 1),
            )
            for name, part in EXTRA_BUDGETS.items()
        ]

    def _keep(self, states: RunState, train_loss: np.ndarray) -> None:
        if self._snapshots is None:
            self._snapshots = self._prober.start_snapshots(states, self._traced)
        reached = self._reached | (train_loss[:, None] <= np.array(LEVELS, np.float32))
        # Weights are copied on the devices only when a run reaches a level.
        if (reached & self._active[:, None]).sum() > self._reached.sum():
            self._snapshots = self._prober.keep_snapshots(
                self._snapshots, states, self._traced, train_loss
            )
            self._reached = reached & self._active[:, None]


def _on_host(measured: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {name: np.asarray(values) for name, values in measured.items()}
