"""That a seed begins as it began before: its first data order, its first weights."""

import hashlib
import math
import shutil
import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset, run_blobs

import paribus as pb
from paribus.data import batches
from paribus.engine import keys, run, starts
from paribus.errors import ExecutionError, ParibusWarning
from paribus.report.build import build_report
from paribus.report.text import render_markdown
from paribus.results import Progress
from paribus.space import Config
from paribus.status import RunStatus
from paribus.store import StudyWriter, read_study
from paribus.store.documents import read_attempt_facts
from paribus.store.schema import ATTEMPT
from paribus.study import DataChoice, Study


STUDY = make_blobs_study(learning_rate=(0.01,), seeds=(0, 1))
NAME = 'weights {"activation":"relu","hidden":[8]}'


def stored(folder: Path) -> list[dict[str, dict[int, str]]]:
    """How the seeds of each attempt began."""
    with StudyWriter.open(folder) as writer:
        return [
            read_attempt_facts(row.environment).starts
            for row in writer._ledger.read(ATTEMPT)
        ]


def threefry(key: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Threefry-2x32 with 20 rounds, by its paper [word, count]."""
    ks = [*map(int, key), int(key[0]) ^ int(key[1]) ^ 0x1BD11BDA]
    x, y = (counts + np.array(ks[:2], np.uint32)[:, None]).astype(np.uint32)
    for group in range(5):
        for turn in ((13, 15, 26, 6), (17, 29, 16, 24))[group % 2]:
            x = x + y
            y = (y << np.uint32(turn)) | (y >> np.uint32(32 - turn))
            y = x ^ y
        x = x + np.uint32(ks[(group + 1) % 3])
        y = y + np.uint32((ks[(group + 2) % 3] + group + 1) & 0xFFFFFFFF)
    return np.stack([x, y])


def first_layers(seed: int, widths: tuple[int, ...]) -> list[dict[str, np.ndarray]]:
    """The first weights of an MLP, by NumPy alone: Glorot uniform in one draw."""
    purpose = np.array([[0], [zlib.crc32(b"initialisation")]], np.uint32)
    key = threefry(np.array([seed >> 32, seed & 0xFFFFFFFF]), purpose)[:, 0]
    shapes = list(pairwise(widths))
    n = sum(a * b for a, b in shapes)
    counts = np.stack([np.zeros(n, np.uint32), np.arange(n, dtype=np.uint32)])
    bits = np.bitwise_xor(*threefry(key, counts))
    units = ((bits >> 9) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)
    drawn = 2 * units - 1  # exact: 23 bits
    layers = []
    for a, b in shapes:
        part, drawn = drawn[: a * b], drawn[a * b :]
        kernel = np.float32(math.sqrt(6 / (a + b))) * part.reshape(a, b)
        layers.append({"bias": np.zeros(b, np.float32), "kernel": kernel})
    return layers


def digest(*parts: bytes) -> str:
    return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()


def weights_digest(seed: int, widths: tuple[int, ...]) -> str:
    """As documented: type, shape and bytes of each array, biases before kernels."""
    arrays = [a for layer in first_layers(seed, widths) for a in layer.values()]
    return digest(
        *(f"{a.dtype.name} {a.shape};".encode() + a.tobytes() for a in arrays)
    )


def order_digest(seed: int, n_examples: int) -> str:
    stream = np.uint64(zlib.crc32(b"data order")) << np.uint64(32)
    philox = np.random.Philox(key=np.array([seed, stream], np.uint64))
    return digest(philox.random_raw(n_examples).argsort().astype("<i4").tobytes())


def test_orders_and_weights_of_each_seed_are_stored_and_are_those_of_numpy(
    tmp_path: Path,
):
    seeds = (0, 5, 2**63 - 1)
    run_blobs(replace(STUDY, seeds=seeds), tmp_path)

    n_examples = len(make_dataset().train)
    assert stored(tmp_path / "blobs") == [
        {
            "order": {seed: order_digest(seed, n_examples) for seed in seeds},
            NAME: {seed: weights_digest(seed, (12, 8, 3)) for seed in seeds},
        }
    ]


def other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another derivation of keys, as another version of JAX might have."""
    monkeypatch.setattr(
        run, "purpose_key", lambda seed, purpose: keys.purpose_key(seed, f"{purpose}2")
    )


def other_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    original = batches.random_order

    def reversed_order(*args: Any, **kwargs: Any) -> np.ndarray:
        return original(*args, **kwargs)[::-1].copy()

    monkeypatch.setattr(batches, "random_order", reversed_order)


Change = Callable[[pytest.MonkeyPatch], None]
CHANGES = pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_keys, "other first weights of seeds 0, 1"),
        (other_orders, "other first data order of seeds 0, 1"),
    ],
    ids=["weights", "order"],
)
# Two runs more each: blocks of two share one program.
OTHER_SEEDS = replace(STUDY, seeds=(0, 1, 2, 3))
OTHER_VALUES = make_blobs_study(learning_rate=(0.01, 0.1), seeds=(0, 1))
TWO_GROUPS = make_blobs_study(learning_rate=(0.01,), batch_size=(16, 32), seeds=(0, 1))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `STUDY` is trained."""
    folder = tmp_path_factory.mktemp("whole")
    run_blobs(STUDY, folder)
    return folder


@pytest.fixture
def trained(whole: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(whole, tmp_path, dirs_exist_ok=True)


@CHANGES
@pytest.mark.parametrize("grown", [OTHER_SEEDS, OTHER_VALUES], ids=["seeds", "values"])
def test_what_begins_otherwise_is_said_when_a_study_grows(
    grown: Study,
    change: Change,
    words: str,
    trained: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    change(monkeypatch)

    with pytest.warns(ParibusWarning, match=f"{words} than before"):
        result = run_blobs(grown, trained)

    _, attempt = result.attempts
    assert sorted((attempt.other_weights, attempt.other_orders)) == [(), (0, 1)]
    report = render_markdown(build_report(result))
    assert "Call 2 of this study found the first" in report
    assert "seeds with another start" in report


def test_a_grown_study_that_begins_alike_is_silent(trained: Path):
    for grown in (OTHER_SEEDS, OTHER_VALUES, TWO_GROUPS):
        result = run_blobs(grown, trained)

    assert [a.other_weights for a in result.attempts] == [()] * 4
    assert "than in the calls before" not in render_markdown(build_report(result))


class StopAfter:
    """Interrupts once so many runs are trained."""

    def __init__(self, n_runs: int) -> None:
        self.n_runs = n_runs

    def __call__(self, progress: Progress) -> None:
        if progress.n_trained >= self.n_runs:
            raise KeyboardInterrupt


@CHANGES
def test_what_begins_otherwise_is_said_when_a_study_goes_on(
    change: Change, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(KeyboardInterrupt):
        run_blobs(TWO_GROUPS, tmp_path, on_progress=StopAfter(2))
    change(monkeypatch)

    with pytest.warns(ParibusWarning, match=words):
        run_blobs(TWO_GROUPS, tmp_path)


@pytest.mark.slow
@CHANGES
def test_an_exact_study_refuses_to_begin_otherwise_unless_it_may(
    change: Change, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    exact = replace(STUDY, exact=True)
    grown = replace(OTHER_VALUES, exact=True)
    run_blobs(exact, tmp_path)
    change(monkeypatch)

    with pytest.raises(ExecutionError, match=words):
        run_blobs(grown, tmp_path)
    refused = read_study(tmp_path / "blobs")
    assert (refused.status[1] == RunStatus.PENDING).all()  # nothing has begun
    with pytest.warns(ParibusWarning, match=words):
        result = run_blobs(grown, tmp_path, allow_env_change=True)

    assert (result.status >= RunStatus.DIVERGED).all()
    run_blobs(replace(grown, seeds=(0, 1, 2)), tmp_path)  # as it is now


SCALE = {"of weights": 1.0}


def init(key: jax.Array, hyperparameters: Any) -> Any:
    scale = SCALE["of weights"] * hyperparameters["gain"]
    return scale * jax.random.normal(key, (12, 3))


def apply(parameters, state, inputs, train, key):
    return inputs @ parameters


def own_model(*gains: float) -> Study:
    """A study of the functions above, whose first weights depend on a traced number."""
    builder = pb.models.functions(init, apply, gain=1.0)
    return pb.Study(
        name="blobs",
        seeds=2,
        epochs=1,
        data=DataChoice(path="blobs.npz"),
        model=builder,
        optimizer=pb.optimizers.sgd(),
        space={"learning_rate": [0.01], "batch_size": [16], "gain": list(gains)},
    )


def test_a_builder_that_changed_its_initialiser_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run_blobs(own_model(1.0), tmp_path)
    monkeypatch.setitem(SCALE, "of weights", 2.0)

    with pytest.warns(ParibusWarning, match="other first weights of seeds 0, 1"):
        run_blobs(own_model(1.0, 3.0), tmp_path)


def test_weights_that_depend_on_a_traced_number_are_compared_by_its_value(
    tmp_path: Path,
):
    for gains in ((1.0,), (1.0, 2.0), (1.0, 2.0, 3.0)):
        run_blobs(own_model(*gains), tmp_path)

    first, second, third = stored(tmp_path / "blobs")
    assert [*first] == ["order", 'weights {"gain":1.0}']
    assert 'weights {"gain":2.0}' in second
    assert 'weights {"gain":3.0}' in third
    begun = [
        by_seed[0] for attempt in (first, second, third) for by_seed in attempt.values()
    ]
    assert len({*begun}) == 4


def test_a_study_of_a_program_that_stored_no_starts_goes_on_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as before:
        before.setattr(starts.StartCheck, "check", lambda self, *_, **__: None)
        run_blobs(STUDY, tmp_path)
    other_keys(monkeypatch)

    run_blobs(OTHER_SEEDS, tmp_path)

    assert stored(tmp_path / "blobs")[0] == {}
    assert stored(tmp_path / "blobs")[1][NAME].keys() == {2, 3}


def test_each_seed_begins_once_more_than_it_trains_and_few_others(
    trained: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(starts, "N_WITNESSES", 3)
    run_blobs(OTHER_SEEDS, trained)
    begun: list[int] = []

    def counted(driver, runs, study, n_examples):
        begun.extend(run.seed for run in runs)
        return original(driver, runs, study, n_examples)

    original = starts.first_weights
    monkeypatch.setattr(starts, "first_weights", counted)
    run_blobs(replace(STUDY, seeds=tuple(range(6))), trained)

    assert begun == [4, 5, 0, 1, 2]


def test_each_model_of_a_group_has_a_seed_that_begins_again():
    known = {f"weights {k}": dict.fromkeys(range(12), "x") for k in range(3)}
    names = {Config({"learning_rate": 1.0 + k}): name for k, name in enumerate(known)}
    writer = object.__new__(StudyWriter)
    writer.known_starts = known
    check = starts.StartCheck(writer)

    own = {("weights 0", 0): None}

    assert list(check._witnesses(names, own)) == [
        *(("weights 0", seed) for seed in (1, 2)),
        *(("weights 1", seed) for seed in (0, 1)),
        *(("weights 2", seed) for seed in (0, 1)),
    ]
