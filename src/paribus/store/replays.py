"""Evaluations that are computed again, compared with those that were stored."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float32, Int

from paribus.store.rows import ReplayRow


class Earlier:
    """What was stored of a block after the point from which it goes on.

    Attributes:
        first: The first evaluation that is computed again.
    """

    def __init__(
        self,
        first: int,
        curves: Mapping[str, Float32[np.ndarray, "evaluation run"]],
        columns: Int[np.ndarray, " trained"],
    ) -> None:
        """Take the curves of all runs of a block.

        Args:
            first: Where they begin.
            curves: `<split>_<metric>` -> values from evaluation `first` on.
            columns: The runs that go on.
        """
        self.first = first
        self._curves = curves
        self._columns = columns

    def fill(
        self, whole: Mapping[str, Float32[np.ndarray, "evaluation run"]], *, first: int
    ) -> None:
        """Put back what was stored of runs that do not go on.

        Args:
            whole: Curves of all runs of the block; values of these runs are replaced.
            first: The evaluation of their first row.
        """
        for name, values in whole.items():
            stored = self._curves.get(name)
            if stored is None:
                continue
            stopped = np.delete(np.arange(values.shape[1]), self._columns)
            begin = max(first, self.first)
            end = min(first + len(values), self.first + len(stored))
            for evaluation in range(begin, end):
                was = stored[evaluation - self.first, stopped]
                values[evaluation - first, stopped] = was

    def compared(
        self,
        row: ReplayRow,
        curves: Mapping[str, Float32[np.ndarray, "evaluation run"]],
        *,
        first: int,
    ) -> ReplayRow:
        """Count the values that are there again, and those whose bits are others.

        Two values that are not numbers are equal.

        Args:
            row: What was counted before.
            curves: What was computed, `<split>_<metric>` -> values of the runs that
                go on.
            first: The evaluation of their first row.
        """
        for name, again in curves.items():
            if name not in self._curves:
                continue
            stored = self._curves[name][:, self._columns]
            begin = max(first, self.first)
            end = min(first + len(again), self.first + len(stored))
            if begin < end:
                was = stored[begin - self.first : end - self.first]
                row = _counted(row, was, again[begin - first : end - first])
        return row


def _counted(
    row: ReplayRow,
    was: Float32[np.ndarray, "evaluation run"],
    now: Float32[np.ndarray, "evaluation run"],
) -> ReplayRow:
    is_same = (was == now) & (np.signbit(was) == np.signbit(now))
    is_same |= np.isnan(was) & np.isnan(now)
    both = np.isfinite(was) & np.isfinite(now) & ~is_same
    old, new = was[both].astype(np.float64), now[both].astype(np.float64)
    apart = np.abs(new - old) / np.maximum(np.abs(old), np.finfo(np.float32).tiny)
    return row._replace(
        n_values=row.n_values + int(was.size),
        n_different=row.n_different + int((~is_same).sum()),
        largest=max(row.largest, float(apart.max(initial=0.0))),
    )
