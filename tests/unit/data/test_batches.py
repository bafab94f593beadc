from itertools import pairwise

import numpy as np
import pytest

from paribus.data.batches import (
    Segment,
    epoch_order,
    random_order,
    segments,
    step_at,
    steps_per_epoch,
)


def test_epoch_order_is_a_permutation():
    order = epoch_order(3, 1, 1000)

    np.testing.assert_array_equal(np.sort(order), np.arange(1000))


@pytest.mark.parametrize(
    ("seed", "epoch"), [(1, 0), (0, 1)], ids=["other-seed", "other-epoch"]
)
def test_epoch_order_depends_on_seed_and_epoch(seed, epoch):
    first = epoch_order(0, 0, 1000)

    assert (epoch_order(0, 0, 1000) == first).all()
    # Two random orders of 1,000 agree in about one place.
    assert (epoch_order(seed, epoch, 1000) == first).sum() < 20


def test_epoch_order_is_the_same_on_every_machine():
    last_seed = random_order(2**63 - 1, stream="x", position=0, n=5)

    # Written by NumPy 2.4.6 on Linux, 2026-11-23; Philox's raw stream never changes.
    assert epoch_order(7, 2, 8).tolist() == [1, 0, 6, 3, 2, 4, 7, 5]
    assert last_seed.tolist() == [0, 2, 1, 4, 3]


def test_every_example_comes_first_equally_often():
    firsts = [epoch_order(seed, 0, 10)[0] for seed in range(2000)]

    counts = np.bincount(firsts, minlength=10)
    # 200 expected, standard deviation 13.4: five of them.
    assert abs(counts - 200).max() < 67


def test_last_partial_batch_is_a_step_of_its_own():
    assert steps_per_epoch(100, 32) == 4
    assert segments(100, 32, after_step=0, to_step=4) == (
        Segment(epoch=0, first_step=0, n_steps=3, has_partial=True),
    )


def test_segments_divide_by_epoch():
    parts = segments(100, 32, after_step=2, to_step=9)

    assert parts == (
        Segment(epoch=0, first_step=2, n_steps=1, has_partial=True),
        Segment(epoch=1, first_step=0, n_steps=3, has_partial=True),
        Segment(epoch=2, first_step=0, n_steps=1, has_partial=False),
    )


@pytest.mark.parametrize("batch_size", [1, 7, 32, 100])
@pytest.mark.parametrize("cadence", [0.125, 0.3, 1.0, 2.5])
def test_segments_between_evaluations_cover_every_step_once(batch_size, cadence):
    n_steps = 5 * steps_per_epoch(100, batch_size)
    marks = [step_at(min(k * cadence, 5.0), 100, batch_size) for k in range(42)]

    seen = [
        (part.epoch, part.first_step + k)
        for first, last in pairwise(marks)
        for part in segments(100, batch_size, after_step=first, to_step=last)
        for k in range(part.n_steps + part.has_partial)
    ]

    assert len(seen) == len(set(seen)) == n_steps


def test_evaluations_are_equal_in_examples_to_half_a_batch():
    for batch_size in (32, 64, 100):
        examples = step_at(0.25, 60_000, batch_size) * batch_size
        assert abs(examples - 15_000) <= batch_size / 2


@pytest.mark.parametrize("at_most", [1, 2, 3, 100])
def test_parts_of_an_epoch_are_no_longer_than_asked(at_most):
    parts = segments(100, 32, after_step=1, to_step=8, at_most=at_most)

    lengths = [part.n_steps + part.has_partial for part in parts]
    assert sum(lengths) == 7
    assert max(lengths) <= at_most
    done = [
        4 * part.epoch + part.first_step + step
        for part, length in zip(parts, lengths, strict=True)
        for step in range(length)
    ]
    assert done == list(range(1, 8))
