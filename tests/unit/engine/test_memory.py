from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset, train_blobs
from probe_builders import sgd_recipe

from paribus.engine import memory
from paribus.engine.baseline import Baseline, train_baseline
from paribus.engine.block import CompiledEpochs
from paribus.engine.memory import (
    bytes_per_run,
    exhaustion_told,
    free_host_bytes,
    is_out_of_memory,
    runs_that_fit,
    state_of,
)
from paribus.engine.run import RunState, start_run
from paribus.errors import ResourceError, TooManyFailuresError
from paribus.models.build import build_model
from paribus.results import StudyResult
from paribus.status import RunStatus
from paribus.store import check_study, read_study


EXHAUSTED = "RESOURCE_EXHAUSTED: Out of memory allocating 1099511627776 bytes."


class Exhausting:
    """Lets a method of every driver exhaust the memory of blocks that are too wide."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        method: str,
        *,
        most: int,
        after: int = 0,
        spares_baseline: bool = True,
    ) -> None:
        self.widths: list[int] = []
        original = getattr(CompiledEpochs, method)

        def called(driver: CompiledEpochs, *args: object, **options: object) -> object:
            width = driver.shape.runs_per_device
            self.widths.append(width)
            if width > most and self.widths.count(width) > after:
                raise jax.errors.JaxRuntimeError(EXHAUSTED)
            return original(driver, *args, **options)

        monkeypatch.setattr(CompiledEpochs, method, called)
        if spares_baseline:  # its block is one of its own
            monkeypatch.setattr("paribus.engine.train.train_baseline", lambda *_: None)


def many_runs():
    return make_blobs_study(seeds=tuple(range(10)), optimizer="sgd")


@pytest.fixture(scope="module")
def unhindered(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return train_blobs(many_runs(), tmp_path_factory.mktemp("unhindered"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "after"),
    [("start", 0), ("train", 0), ("train", 1), ("evaluate", 0), ("end", 0)],
    ids=["at its start", "at the first call", "later", "evaluated", "gathered"],
)
def test_a_block_that_exhausts_the_memory_is_halved_until_it_fits(
    method: str,
    after: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    unhindered: StudyResult,
):
    exhausting = Exhausting(monkeypatch, method, most=3, after=after)

    result = train_blobs(many_runs(), tmp_path)

    n_devices = len(jax.devices("cpu"))
    whole = -(-20 // n_devices)
    tried = list(dict.fromkeys(exhausting.widths))
    assert tried == [whole, whole // 2, whole // 4]
    assert (result.status >= RunStatus.DIVERGED).all()
    assert check_study(tmp_path / "blobs").problems == ()
    # One run after the other on each core: the width of a block changes no bit.
    for name, curve in unhindered.curves.items():
        np.testing.assert_array_equal(result.curves[name], curve)


@pytest.mark.slow
def test_a_program_that_exhausts_the_memory_of_the_compiler_is_halved_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unhindered: StudyResult
):
    widths: list[int] = []
    request = CompiledEpochs._request

    def requested(
        driver: CompiledEpochs, name: Any, program: Any, by_run: Any, shared: Any
    ) -> Any:
        width = driver.shape.runs_per_device
        widths.append(width)
        if width > 3 and name != "start":
            program = SimpleNamespace(lower=exhaust)
        return request(driver, name, program, by_run, shared)

    def exhaust(*_: object) -> None:
        raise jax.errors.JaxRuntimeError(EXHAUSTED)

    monkeypatch.setattr(CompiledEpochs, "_request", requested)
    monkeypatch.setattr("paribus.engine.train.train_baseline", lambda *_: None)

    result = train_blobs(many_runs(), tmp_path)

    assert max(widths) > 3 >= min(widths)
    for name, curve in unhindered.curves.items():
        np.testing.assert_array_equal(result.curves[name], curve)


@pytest.mark.slow
def test_the_width_that_worked_is_remembered_by_the_next_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    exhausting = Exhausting(monkeypatch, "start", most=3)
    train_blobs(many_runs(), tmp_path)
    exhausting.widths.clear()

    train_blobs(make_blobs_study(seeds=tuple(range(30)), optimizer="sgd"), tmp_path)

    assert max(exhausting.widths) <= 3
    assert (read_study(tmp_path / "blobs").status >= RunStatus.DIVERGED).all()


def test_runs_that_do_not_fit_alone_fail_and_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    Exhausting(monkeypatch, "start", most=0)

    with pytest.raises(TooManyFailuresError, match="4 of 4 runs failed") as caught:
        train_blobs(make_blobs_study(optimizer="sgd"), tmp_path)

    assert "out of memory, with one run a device" in str(caught.value)
    assert (read_study(tmp_path / "blobs").status == RunStatus.FAILED).all()


def test_an_exact_study_is_not_narrowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    Exhausting(monkeypatch, "start", most=1)
    study = replace(make_blobs_study(optimizer="sgd"), exact=True)

    with pytest.raises(ResourceError, match="an exact study needs memory for 32 runs"):
        train_blobs(study, tmp_path)

    assert (read_study(tmp_path / "blobs").status == RunStatus.INTERRUPTED).all()


def test_another_error_of_xla_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(driver: CompiledEpochs, *args: object) -> object:
        raise jax.errors.JaxRuntimeError("INTERNAL: a bug")

    monkeypatch.setattr(CompiledEpochs, "start", fail)

    with pytest.raises(TooManyFailuresError, match="INTERNAL: a bug"):
        train_blobs(make_blobs_study(optimizer="sgd"), tmp_path)


def baseline_of_blobs() -> Baseline | None:
    devices = tuple(jax.devices("cpu")[:1])
    return train_baseline(make_blobs_study(), make_dataset(), devices)


@pytest.mark.slow
def test_the_baseline_is_trained_in_narrower_blocks_and_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
):
    whole = baseline_of_blobs()
    exhausting = Exhausting(monkeypatch, "train", most=4, spares_baseline=False)

    narrower = baseline_of_blobs()

    assert set(exhausting.widths) == {15, 7, 3}
    assert narrower == whole is not None


@pytest.mark.slow
def test_where_not_even_the_baseline_fits_it_is_said_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def exhaust(*_: object) -> None:
        raise jax.errors.JaxRuntimeError(EXHAUSTED)

    monkeypatch.setattr("paribus.engine.train.train_baseline", exhaust)
    study = make_blobs_study(learning_rate=(0.01,), seeds=tuple(range(6)))

    with pytest.raises(ResourceError, match="not enough memory for the data") as caught:
        train_blobs(study, tmp_path)

    assert caught.value.exit_code == 6
    assert read_study(tmp_path / "blobs").has_outcome().all()  # what was done is there


def test_another_error_of_the_device_is_not_called_exhaustion():
    with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL"), exhaustion_told():
        raise jax.errors.JaxRuntimeError("INTERNAL: it broke")


@pytest.mark.parametrize(
    ("message", "is_exhausted"),
    [
        (EXHAUSTED, True),
        ("RESOURCE_EXHAUSTED: Failed to allocate 16 bytes.", True),  # as GPUs say it
        ("INTERNAL: Error: Out of memory allocating 16 bytes.", True),  # as CPUs do
        ("INTERNAL: RESOURCE_EXHAUSTED is only mentioned", False),
    ],
)
def test_only_an_exhausted_memory_is_out_of_memory(message: str, is_exhausted: bool):
    assert is_out_of_memory(message) is is_exhausted


def test_cores_share_half_of_the_memory_that_is_free(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "free_host_bytes", lambda: 8_000)
    core = SimpleNamespace(platform="cpu")

    assert runs_that_fit(100, (core, core)) == 20
    assert runs_that_fit(3_000, (core, core)) == 1  # one at least
    assert runs_that_fit(4_000, (core, core)) == 1  # with all that is free


def test_a_device_plans_with_seven_tenths_of_what_is_free():
    stats = {"bytes_limit": 12_000, "bytes_in_use": 2_000}
    device = SimpleNamespace(platform="gpu", memory_stats=lambda: stats)

    assert runs_that_fit(100, (device, device)) == 70


def test_a_run_that_cannot_fit_is_refused_with_both_numbers(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(memory, "free_host_bytes", lambda: 2_000_000_000)
    core = SimpleNamespace(platform="cpu")

    with pytest.raises(ResourceError) as caught:
        runs_that_fit(1_500_000_000, (core, core))

    assert str(caught.value) == (
        "training needs about 3.0 GB of memory for one run on each device, "
        "2.0 GB are available"
    )
    assert caught.value.hint == (
        "make the model smaller, or train where there is more memory"
    )


def test_runs_that_must_fit_together_are_refused_together(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(memory, "free_host_bytes", lambda: 2_000_000_000)
    core = SimpleNamespace(platform="cpu")

    assert runs_that_fit(31_000_000, (core, core), at_least=32) == 32
    with pytest.raises(ResourceError, match=r"2\.2 GB .* for 32 runs on each device"):
        runs_that_fit(35_000_000, (core, core), at_least=32)


def test_nothing_is_limited_where_nothing_tells(tmp_path: Path):
    silent = SimpleNamespace(platform="gpu", memory_stats=lambda: None)

    assert free_host_bytes(tmp_path / "none", tmp_path) is None
    assert runs_that_fit(10**15, (silent,)) is None


@pytest.mark.parametrize(
    "meminfo",
    ["MemTotal: 9000 kB\n", "MemAvailable:\n", "MemAvailable: much kB\n"],
    ids=["not said", "no number", "another word"],
)
def test_a_host_that_does_not_say_what_is_free_limits_nothing(
    meminfo: str, tmp_path: Path
):
    (tmp_path / "meminfo").write_text(meminfo)

    assert free_host_bytes(tmp_path / "meminfo", tmp_path) is None


def test_a_device_that_does_not_say_what_is_in_use_has_all_of_it():
    device = SimpleNamespace(platform="gpu", memory_stats=lambda: {"bytes_limit": 1000})

    assert runs_that_fit(1, (device,)) == 700


def test_a_run_has_the_shapes_that_its_numbers_and_its_seed_give_it():
    model = build_model(
        "mlp",
        {"hidden": (16,), "activation": "relu"},
        example_shape=(6,),
        n_classes=3,
        has_dropout=True,  # so that the state has the words of the seed
    )
    recipe = sgd_recipe(model, n_examples=96)
    names = ("learning_rate", "momentum", "dropout")
    numbers = {name: jnp.float32(0.1) for name in names}

    seed = jnp.array([0, 1], jnp.uint32)
    started = jax.eval_shape(partial(start_run, recipe), seed, numbers)
    expected = state_of(recipe, names)

    assert jax.tree.structure(expected) == jax.tree.structure(started)
    assert [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(expected)] == [
        (leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(started)
    ]


def test_a_run_takes_its_state_three_times_and_its_order_of_examples():
    weights = jax.ShapeDtypeStruct((3, 5), np.float32)
    flags = jax.ShapeDtypeStruct((7,), np.int8)
    others = [None] * (len(RunState._fields) - 2)
    state = RunState._make([weights, {"flags": flags}, *others])

    assert bytes_per_run(state, 1000) == 3 * (60 + 7) + 4 * 1000


@pytest.mark.parametrize(
    ("limit", "free"), [("max", 4096_000), ("3000000", 1_000_000), ("1000000", 0)]
)
def test_a_limit_of_the_container_counts(limit: str, free: int, tmp_path: Path):
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    4000 kB\n")
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text("2000000\n")

    assert free_host_bytes(tmp_path / "meminfo", tmp_path) == free
