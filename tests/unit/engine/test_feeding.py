"""An epoch in shards: the same examples in the same steps, and the same bits."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.data import npy
from paribus.data.batches import epoch_order, segments, steps_per_epoch
from paribus.data.dataset import Split
from paribus.engine import trainer
from paribus.engine.block import BlockShape
from paribus.engine.feeding import EpochShards
from paribus.engine.train import train_study
from paribus.study import DataChoice


OF_EXAMPLE = 3 + 4  # bytes: three inputs, a label


def make_shards(n: int, *, batch_size: int, limit_bytes: int) -> EpochShards:
    """Of a split whose labels say which example it is, on one device."""
    inputs = np.arange(3 * n, dtype=np.uint8).reshape(n, 3)
    split = Split(inputs=inputs, labels=np.arange(n, dtype=np.int32))
    shape = BlockShape(
        devices=tuple(jax.devices("cpu")[:1]), runs_per_device=3, map_width=1
    )
    return EpochShards(
        split, shape, batch_size=batch_size, n_seeds=2, limit_bytes=limit_bytes
    )


@given(
    n=st.integers(1, 60),
    batch_size=st.integers(1, 60),
    limit_bytes=st.integers(0, 5000),
    at_most=st.integers(1, 20),
    cut=st.floats(0, 1),
)
@settings(max_examples=50)
def test_each_step_finds_the_examples_of_its_seed(
    n: int, batch_size: int, limit_bytes: int, at_most: int, cut: float
):
    batch_size = min(batch_size, n)
    shards = make_shards(n, batch_size=batch_size, limit_bytes=limit_bytes)
    orders = {seed: epoch_order(seed, 0, n) for seed in (4, 7)}
    by_run = [orders[seed] for seed in (4, 7, 4)]
    placed = shards.orders(by_run)
    n_steps = steps_per_epoch(n, batch_size)

    seen: list[list[int]] = [[], [], []]
    first = int(cut * (n_steps - 1))
    for segment in segments(
        n, batch_size, after_step=first, to_step=n_steps, at_most=at_most
    ):
        for part in shards.parts(placed, segment):
            assert part.data.inputs.shape == shards.data.inputs.shape
            labels = np.asarray(part.data.labels)
            np.testing.assert_array_equal(
                np.asarray(part.data.inputs)[:, 0], (3 * labels).astype(np.uint8)
            )
            for run, order in enumerate(np.asarray(part.orders)):
                start = part.first_step * batch_size
                places = order[start : start + part.n_steps * batch_size].tolist()
                if part.has_partial:
                    places += order[-(n % batch_size) :].tolist()
                seen[run] += labels[places].tolist()

    # As a plain loop would cut the order of each run's seed.
    assert seen == [order[first * batch_size :].tolist() for order in by_run]


@pytest.mark.parametrize("limit_bytes", [1000, 2000, 4000])
def test_three_shards_keep_to_the_limit_and_use_most_of_it(limit_bytes: int):
    shards = make_shards(500, batch_size=8, limit_bytes=limit_bytes)

    n_bytes = 3 * OF_EXAMPLE * shards.data.labels.shape[0]
    assert limit_bytes / 2 < n_bytes <= limit_bytes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("is_mapped", "batch_sizes"),
    [
        pytest.param(False, (16,), id="in memory"),
        pytest.param(True, (7,), id="mapped"),
    ],
)
def test_data_beyond_a_device_s_memory_train_to_the_same_bits(
    tmp_path, monkeypatch, is_mapped, batch_sizes
):
    split = make_dataset(n_train=230).train
    np.save(tmp_path / "x.npy", split.inputs.astype(np.float32) / 255)
    np.save(tmp_path / "y.npy", split.labels)
    study = replace(
        # One of the rates blows up: such runs are trained again from a shard's start.
        make_blobs_study(
            learning_rate=(0.01, 1e38), batch_size=batch_sizes, evaluate_every=0.3
        ),
        data=DataChoice(path=".", validation=20, train=150),
    )
    if is_mapped:
        monkeypatch.setattr(npy, "MAP_BYTES", 1000)
    gathered: list[int] = []
    gather = EpochShards._gather

    def count(self, orders, shard):
        gathered.append(shard)
        return gather(self, orders, shard)

    monkeypatch.setattr(EpochShards, "_gather", count)

    def train(folder):
        return train_study(study, folder, data_folder=tmp_path, device="cpu")

    whole = train(tmp_path / "whole")
    assert gathered == []
    of_example = 12 * 4 + 4
    monkeypatch.setattr(trainer, "data_bytes_limit", lambda _: 100 * of_example)
    streamed = train(tmp_path / "streamed")

    # Three shards of two seeds have room for 100 examples: 16 of each in a shard.
    assert max(gathered) >= 150 // 16 - 1
    assert (whole.diverged_at > 0).any()
    np.testing.assert_array_equal(whole.diverged_at, streamed.diverged_at)
    for kind in ("curves", "measures", "correct"):
        theirs = getattr(streamed, kind)
        for name, numbers in getattr(whole, kind).items():
            assert numbers.tobytes() == theirs[name].tobytes(), name
    # By guessing 0.38: the numbers that agree are those of runs that learn.
    assert np.nanmax(whole.final("validation_accuracy")) > 0.6
