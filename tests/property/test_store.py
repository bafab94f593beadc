"""What is stored is read back bitwise, and damage never becomes a value."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_facts, make_study
from hypothesis import given, settings
from hypothesis import strategies as st
from store_builders import make_store, waiting

from paribus.errors import StoreError
from paribus.results import StudyResult
from paribus.status import RunStatus
from paribus.store import StudyWriter, check_study, read_study
from paribus.store.chunks import read_chunk, write_chunks
from paribus.study import Study


FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)
RATES = st.lists(  # two that are trained as one number are refused
    st.floats(min_value=1e-30, max_value=1e30),
    min_size=1,
    max_size=4,
    unique_by=np.float32,
)
SEEDS = st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=4, unique=True)


GRIDS = st.tuples(RATES, SEEDS)


def make_drawn(grid: tuple[list[float], list[int]]) -> Study:
    rates, seeds = grid
    return replace(make_study(learning_rate=tuple(rates)), seeds=tuple(seeds))


def draw_curves(draw: Any, n_evaluations: int, n_runs: int) -> dict[str, np.ndarray]:
    n = n_evaluations * n_runs
    return {
        name: np.array(
            draw(st.lists(FLOATS, min_size=n, max_size=n)), dtype=np.float32
        ).reshape(n_evaluations, n_runs)
        for name in ("train_loss", "test_accuracy")
    }


@settings(max_examples=12)
@given(data=st.data(), grids=st.tuples(GRIDS, GRIDS))
def test_whatever_is_committed_is_read_back_bitwise(data, grids):
    first, more = map(make_drawn, grids)
    truth: dict[tuple[Any, str], np.ndarray] = {}
    diverged: dict[Any, int] = {}
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "tiny"
        for study in (first, more, first):
            with StudyWriter.create(folder, study, make_facts()) as writer:
                writer.begin_attempt({})
                runs = data.draw(st.permutations(waiting(writer)))
                n_used = data.draw(st.integers(0, len(runs)))
                for part in np.array_split(np.arange(n_used), 2):
                    block = [runs[index] for index in part]
                    if not block:
                        continue
                    steps = data.draw(
                        st.lists(
                            st.integers(0, 2**62),
                            min_size=len(block),
                            max_size=len(block),
                        )
                    )
                    curves = draw_curves(data.draw, 3, len(block))
                    writer.commit_block(
                        writer.begin_block(block, description="drawn"),
                        curves=curves,
                        diverged_at=np.array(steps, dtype=np.int64),
                    )
                    for position, run in enumerate(block):
                        diverged[run] = steps[position]
                        for name, values in curves.items():
                            truth[run, name] = values[:, position]
        result = read_study(folder)
        assert check_study(folder).problems == ()

    assert result.configs[: len(first.configs())] == first.configs()
    assert set(result.configs) == {*first.configs(), *more.configs()}
    assert result.seeds == tuple(dict.fromkeys(first.seeds + more.seeds))
    assert int(result.has_outcome().sum()) == len(diverged)
    places = {config: index for index, config in enumerate(result.configs)}
    for run, step in diverged.items():
        at = (places[run.config], result.seeds.index(run.seed))
        assert result.diverged_at[at] == step
        assert (result.status[at] == RunStatus.DIVERGED) == (step > 0)
        for name in ("train_loss", "test_accuracy"):
            stored = result.curves[name][at].astype(np.float32)
            np.testing.assert_array_equal(stored, truth[run, name])
            assert (np.signbit(stored) == np.signbit(truth[run, name])).all()


@given(bits=st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6))
def test_a_chunk_keeps_every_bit_even_of_a_nan(bits: list[int]):
    values = np.array(bits, dtype=np.uint32).view(np.float32).reshape(2, 3)

    (row,) = write_chunks({"test_loss": values}, block=1, attempt=1)

    np.testing.assert_array_equal(read_chunk(row).view(np.uint32).ravel(), bits)


def same(one: StudyResult, other: StudyResult) -> bool:
    """Whether two results are equal in every number and word."""
    return (
        (one.study, one.data, one.messages) == (other.study, other.data, other.messages)
        and (one.timings, one.attempts) == (other.timings, other.attempts)
        and np.array_equal(one.status, other.status)
        and np.array_equal(one.diverged_at, other.diverged_at)
        and np.array_equal(one.epochs, other.epochs)
        and list(one.curves) == list(other.curves)
        and all(
            np.array_equal(one.curves[name], other.curves[name], equal_nan=True)
            for name in one.curves
        )
    )


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("sound") / "tiny", n_blocks=3)


def outcome(sound: Path, content: bytes) -> str:
    """What a reader makes of damaged content: refused, harmless, or wrong."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(shutil.copytree(sound, Path(parent) / "tiny"))
        (folder / "study.db").write_bytes(content)
        try:
            result = read_study(folder)
        except StoreError:
            return "refused"
        assert (folder / "study.db").read_bytes() == content
    return "harmless" if same(result, read_study(sound)) else "wrong"


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_bit_is_refused_or_harmless(seed: int, sound: Path):
    content = (sound / "study.db").read_bytes()
    positions = np.random.default_rng(seed).integers(0, 8 * len(content), size=40)

    found = set()
    for position in positions.tolist():
        damaged = bytearray(content)
        damaged[position // 8] ^= 1 << position % 8
        found.add(outcome(sound, bytes(damaged)))

    assert found <= {"refused", "harmless"}
    assert "refused" in found


@pytest.mark.long
def test_many_flipped_bits_are_refused_or_harmless(sound: Path):
    content = (sound / "study.db").read_bytes()
    positions = np.random.default_rng(9).integers(0, 8 * len(content), size=800)

    for position in positions.tolist():
        damaged = bytearray(content)
        damaged[position // 8] ^= 1 << position % 8
        assert outcome(sound, bytes(damaged)) != "wrong", position


def test_a_truncated_study_is_refused(sound: Path):
    content = (sound / "study.db").read_bytes()
    lengths = [*range(0, len(content), 4096)]
    lengths += np.random.default_rng(1).integers(1, len(content), size=30).tolist()

    for length in lengths:
        assert outcome(sound, content[:length]) == "refused", length


def test_exchanged_pages_are_refused_or_harmless(sound: Path):
    content = (sound / "study.db").read_bytes()
    n_pages = len(content) // 4096
    rng = np.random.default_rng(2)

    for _ in range(25):
        one, other = (4096 * page for page in rng.choice(n_pages, 2, replace=False))
        damaged = bytearray(content)
        damaged[one : one + 4096] = content[other : other + 4096]
        damaged[other : other + 4096] = content[one : one + 4096]
        assert outcome(sound, bytes(damaged)) != "wrong", (one, other)
