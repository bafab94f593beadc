"""Many runs: the only vmap, map, shard_map and jit. Everything else knows one run."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Bool, Int, UInt32

from paribus.data.batches import MAX_STEPS, Segment, steps_per_epoch
from paribus.engine.convolutions import suited_to_cpus
from paribus.engine.evaluation import Ending, end_run, evaluate_run
from paribus.engine.feed import Feed, Part
from paribus.engine.measures import steps_in_span
from paribus.engine.recipe import Arrays, Recipe, Traced
from paribus.engine.run import (
    RunState,
    Steps,
    has_gone_bad,
    start_run,
    train_run,
    train_run_carefully,
)


BY_RUN = PartitionSpec("run")  # the first axis is divided over the devices
SHARED = PartitionSpec()  # each device has a copy

# Left to itself, LLVM uses half the width of 512-bit cores; narrower cores do as before
# (docs/decisions/0015-what-bounds-a-step.md).
_CPU_OPTIONS = {"xla_cpu_prefer_vector_width": 512}
_EXACT_GPU_OPTIONS = {"xla_gpu_deterministic_ops": True, "xla_gpu_autotune_level": 0}


@dataclass(frozen=True, kw_only=True)
class BlockShape:
    """How the runs of a block lie on the devices.

    The shape is part of the result: equal shapes give equal bits.

    Attributes:
        devices: The devices; each has the same number of runs.
        runs_per_device: How many.
        map_width: How many runs a device works on at once: 1 on CPU, where the state of
            one run stays in the cache, all of them on GPU.
        steps_per_call: Steps of a compiled call at most, so that an interrupt is seen
            soon; no part of the result.
        is_exact: Whether GPUs are kept from kernels whose sums have no fixed order, and
            from choosing kernels by their speed at each compilation.
    """

    devices: tuple[Any, ...]
    runs_per_device: int
    map_width: int
    steps_per_call: int = MAX_STEPS
    is_exact: bool = False

    @property
    def n_runs(self) -> int:
        """Places for runs."""
        return len(self.devices) * self.runs_per_device

    def sharding(self, spec: PartitionSpec) -> NamedSharding:
        """Where the arrays of a `BY_RUN` or `SHARED` argument lie."""
        return NamedSharding(Mesh(np.array(self.devices), ("run",)), spec)

    def spec(
        self, shape: tuple[int, ...], dtype: Any, by: PartitionSpec = BY_RUN
    ) -> Any:
        """What an array is like, for programs that are compiled before it is there."""
        return jax.ShapeDtypeStruct(shape, dtype, sharding=self.sharding(by))

    def put(self, arrays: Any, spec: PartitionSpec) -> Any:
        """Place arrays on the devices."""
        return jax.device_put(arrays, self.sharding(spec))

    def vectorised(self, one_run: Callable[..., Any]) -> Callable[..., Any]:
        """Turn a function of one run into one of a block.

        Args:
            one_run: Takes the arguments of one run, then those that all runs share.

        Returns:
            A function of (the arguments by run, the shared arguments), both tuples.
        """
        on_cpu = self.devices[0].platform == "cpu"
        if on_cpu:
            one_run = suited_to_cpus(one_run)

        def on_one_device(by_run: tuple[Any, ...], shared: tuple[Any, ...]) -> Any:
            width = None if self.map_width == 1 else self.map_width
            # GPUs would round the factors of a float32 product to TF32.
            with jax.default_matmul_precision("highest"):
                return jax.lax.map(
                    lambda arguments: one_run(*arguments, *shared),
                    by_run,
                    batch_size=width,
                )

        on_all_devices = jax.shard_map(
            on_one_device,
            mesh=self.sharding(BY_RUN).mesh,
            in_specs=(BY_RUN, SHARED),
            out_specs=BY_RUN,
            check_vma=False,  # runs never exchange anything
        )
        gpu_options = _EXACT_GPU_OPTIONS if self.is_exact else {}
        options = _CPU_OPTIONS if on_cpu else gpu_options
        return jax.jit(on_all_devices, compiler_options=options)


class Compiler:
    """Compiles programs in the background, each once.

    Use as a context manager.
    """

    def __init__(self, *, n_threads: int) -> None:
        self._pool = ThreadPoolExecutor(n_threads, thread_name_prefix="compile")
        self._programs: dict[Hashable, Future[Any]] = {}

    def __enter__(self) -> "Compiler":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def request(self, key: Hashable, compile_it: Callable[[], Any]) -> Future[Any]:
        """The program called `key`, being compiled if nobody asked for it before."""
        if key not in self._programs:
            self._programs[key] = self._pool.submit(compile_it)
        return self._programs[key]

    def wait(self) -> None:
        """Wait until nothing is being compiled, e.g. before a timing."""
        for program in tuple(self._programs.values()):
            program.exception()


@runtime_checkable
class Driver(Protocol):
    """What drives the runs of a block through their steps.

    Attributes:
        shape: How the runs lie on the devices.
    """

    shape: BlockShape

    def start(
        self, seeds: UInt32[np.ndarray, "run 2"], traced: Mapping[str, Any]
    ) -> RunState:
        """The states before the first step."""
        ...

    def orders(self, by_run: Sequence[Int[np.ndarray, " example"]]) -> Any:
        """The data order of an epoch, by run, as `train` takes it."""
        ...

    def train(
        self,
        states: RunState,
        traced: Mapping[str, Any],
        orders: Any,
        segment: Segment,
        *,
        active: Bool[np.ndarray, " run"],
    ) -> RunState:
        """The states after the segment; of runs that are not active, as they were."""
        ...

    def evaluate(self, states: RunState) -> tuple[RunState, dict[str, np.ndarray]]:
        """The states with their sums set back, and each metric by run."""
        ...

    def end(self, states: RunState) -> Ending:
        """What the runs leave at the end of their budget, by run."""
        ...


class CompiledEpochs:
    """Drives a block by compiled calls, each of a whole segment of steps.

    Everything is compiled in the background from the moment this is made. Starting and
    evaluating do not depend on the batch size, so groups that differ in nothing else
    share these programs.

    Attributes:
        shape: How the runs lie on the devices.
    """

    def __init__(
        self,
        recipe: Recipe,
        shape: BlockShape,
        compiler: Compiler,
        *,
        feed: Feed,
        splits: Mapping[str, Arrays],
        traced_names: Sequence[str],
        epochs: float,
        key: Hashable,
    ) -> None:
        """Request the programs.

        Args:
            recipe: What is trained.
            shape: How the runs lie on the devices.
            compiler: Who compiles.
            feed: Hands over the examples that steps train on.
            splits: The splits to evaluate, on the devices.
            traced_names: The traced hyperparameters.
            epochs: The budget; a moving average of the loss covers 1% of it.
            key: Equal for recipes that differ in the batch size only.
        """
        self.shape = shape
        self._feed = feed
        self._splits = splits
        self._compiler = compiler
        self._recipe = recipe
        self._key = key
        n = shape.n_runs
        seeds = shape.spec((n, 2), jnp.uint32)
        traced = {name: shape.spec((n,), jnp.float32) for name in traced_names}
        flags = shape.spec((n,), jnp.bool_)
        orders = shape.spec((n, feed.order_length), jnp.int32)
        start = shape.vectorised(partial(start_run, recipe))
        states = jax.tree.map(
            lambda leaf: shape.spec(leaf.shape, leaf.dtype),
            jax.eval_shape(start, (seeds, traced), ()),
        )
        self._steps_per_epoch = steps_per_epoch(recipe.n_examples, recipe.batch_size)
        self._span = steps_in_span(epochs * self._steps_per_epoch)
        steps = self._steps(Part(feed.data, None, 0, 0, False, 0), epoch=0)
        self._train_arguments = (states, flags, traced, orders), (feed.data, steps)
        self._start = self._request("start", start, (seeds, traced), ())
        self._train = self._request(
            ("train", recipe.batch_size),
            shape.vectorised(partial(_train_if_active, recipe)),
            *self._train_arguments,
        )
        self._evaluate = self._request(
            "evaluate",
            shape.vectorised(partial(evaluate_run, recipe)),
            (states,),
            (splits,),
        )
        self._end = self._request(
            "end", shape.vectorised(partial(end_run, recipe)), (states,), (splits,)
        )

    def start(
        self, seeds: UInt32[np.ndarray, "run 2"], traced: Mapping[str, Any]
    ) -> RunState:
        """The states before the first step."""
        return self._start.result()((self.shape.put(seeds, BY_RUN), traced), ())

    def orders(self, by_run: Sequence[Int[np.ndarray, " example"]]) -> Any:
        """The data order of an epoch, by run, as `train` takes it."""
        return self._feed.orders(by_run)

    def train(
        self,
        states: RunState,
        traced: Mapping[str, Any],
        orders: Any,
        segment: Segment,
        *,
        active: Bool[np.ndarray, " run"],
    ) -> RunState:
        """The states after the segment; of runs that are not active, as they were."""
        flags = self.shape.put(active, BY_RUN)
        for part in self._feed.parts(orders, segment):
            by_run = (states, flags, traced, part.orders)
            shared = (part.data, self._steps(part, epoch=segment.epoch))
            trained, gone_bad = self._train.result()(by_run, shared)
            if np.asarray(gone_bad).any():
                careful = self._careful_program().result()
                before = (trained, gone_bad, states, traced, part.orders)
                trained = careful(before, shared)
            states = trained
        return states

    def evaluate(self, states: RunState) -> tuple[RunState, dict[str, np.ndarray]]:
        """The states with their sums set back, and each metric by run."""
        states, metrics = self._evaluate.result()((states,), (self._splits,))
        return states, {name: np.asarray(values) for name, values in metrics.items()}

    def end(self, states: RunState) -> Ending:
        """What the runs leave at the end of their budget, by run."""
        return self._end.result()((states,), (self._splits,))

    def _steps(self, part: Part, *, epoch: int) -> Steps:
        return Steps(
            first_step=np.int32(part.first_step),
            n_steps=np.int32(part.n_steps),
            has_partial=np.bool_(part.has_partial),
            n_before=np.int32(epoch * self._steps_per_epoch + part.n_skipped),
            span=np.int32(self._span),
        )

    def _careful_program(self) -> Future[Any]:
        """Compiled only when the first run of a study goes bad."""
        by_run, shared = self._train_arguments
        states, flags, traced, orders = by_run
        return self._request(
            ("careful", self._recipe.batch_size),
            self.shape.vectorised(partial(_retrain_if_bad, self._recipe)),
            (states, flags, states, traced, orders),
            shared,
        )

    def _request(
        self, name: Hashable, program: Any, by_run: tuple[Any, ...], shared: Any
    ) -> Future[Any]:
        return self._compiler.request(
            (name, self._key), lambda: program.lower(by_run, shared).compile()
        )


def _train_if_active(
    recipe: Recipe,
    state: RunState,
    active: Bool[Array, ""],
    traced: Traced,
    order: Int[Array, " example"],
    data: Arrays,
    steps: Steps,
) -> tuple[RunState, Bool[Array, ""]]:
    is_trained = active & (state.diverged_at == 0)
    trained = jax.lax.cond(
        is_trained,
        lambda state: train_run(recipe, state, traced, order, data, steps),
        lambda state: state,
        state,
    )
    return trained, is_trained & has_gone_bad(trained)


def _retrain_if_bad(
    recipe: Recipe,
    trained: RunState,
    gone_bad: Bool[Array, ""],
    before: RunState,
    traced: Traced,
    order: Int[Array, " example"],
    data: Arrays,
    steps: Steps,
) -> RunState:
    return jax.lax.cond(
        gone_bad,
        lambda: train_run_carefully(recipe, before, traced, order, data, steps),
        lambda: trained,
    )
