"""What is computed again, compared value by value with what was stored."""

import numpy as np
import pytest

from paribus.store.replays import Earlier
from paribus.store.rows import ReplayRow


NONE = ReplayRow(block=1, attempt=2, n_values=0, n_different=0, largest=0.0)
BEFORE = ReplayRow(block=1, attempt=2, n_values=10, n_different=3, largest=0.25)


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def earlier(first: int = 0, **curves: np.ndarray) -> Earlier:
    return Earlier(first, curves, np.array([0]))


@pytest.mark.parametrize(
    ("was", "now", "n_different", "largest"),
    [
        ((1, 2), (1, 2), 0, 0.0),
        ((1, 2), (1, 3), 1, 0.5),
        ((-2, 1), (-3, 1), 1, 0.5),
        ((2, 4), (3, 3), 2, 0.5),
        ((0, 2), (-0.0, 3), 2, 0.5),
        ((np.nan, 2), (np.nan, 3), 1, 0.5),
        ((1, 2), (np.nan, 3), 2, 0.5),
        ((np.nan, 2), (1, 3), 2, 0.5),
        ((np.inf, 2), (np.inf, 3), 1, 0.5),
        ((np.inf, 2), (-np.inf, 3), 2, 0.5),
        ((1, 2), (np.inf, 3), 2, 0.5),
        ((np.inf, 2), (1, 3), 2, 0.5),
    ],
)
def test_bits_are_compared_and_differences_only_of_numbers(
    was: tuple[float, float],
    now: tuple[float, float],
    n_different: int,
    largest: float,
):
    again = {"test_loss": column(*now)}

    found = earlier(test_loss=column(*was)).compared(NONE, again, first=0)

    assert found == NONE._replace(n_values=2, n_different=n_different, largest=largest)


@pytest.mark.parametrize(
    ("now", "n_different", "largest"), [(1.125, 4, 0.25), (1.5, 4, 0.5), (1, 3, 0.25)]
)
def test_what_was_counted_before_counts_on(
    now: float, n_different: int, largest: float
):
    again = {"test_loss": column(now)}

    found = earlier(test_loss=column(1)).compared(BEFORE, again, first=0)

    assert found == ReplayRow(1, 2, 11, n_different, largest)


def test_a_curve_that_was_not_stored_hides_no_other():
    stored = Earlier(
        0, {"test_loss": np.array([[1, 2]], np.float32)}, columns=np.array([0])
    )
    new = np.array([[7, 8]], np.float32)
    whole = {"test_accuracy": new.copy(), "test_loss": new.copy()}

    stored.fill(whole, first=0)
    found = stored.compared(NONE, {n: v[:, :1] for n, v in whole.items()}, first=0)

    assert whole["test_accuracy"].tolist() == [[7, 8]]
    assert whole["test_loss"].tolist() == [[7, 2]]
    assert (found.n_values, found.n_different) == (1, 1)


@pytest.mark.parametrize(
    ("first", "n_values"),
    [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (5, 2), (6, 1), (7, 0), (9, 0)],
)
def test_only_evaluations_that_were_stored_are_compared(first: int, n_values: int):
    """Those from 4 to 6 were; what is new has three from `first` on."""
    stored = earlier(4, test_loss=column(4, 5, 6))
    again = {"test_loss": column(first, first + 1, first + 2)}

    found = stored.compared(NONE, again, first=first)

    assert found == NONE._replace(n_values=n_values)
