"""Which values does tuning stop early, so that the better ones get the budget?

Successive halving (Jamieson and Talwalkar 2016): all values begin, and at each rung,
after few epochs, then more, the best share of them goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from paribus.budget import Budget
from paribus.errors import StudyError
from paribus.problems import Problem


MIN_FACTOR, MAX_FACTOR = 2, 100


@dataclass(frozen=True, kw_only=True)
class Halving:
    """When values are compared on the way, and how many go on.

    Attributes:
        factor: One in so many values goes on from a rung, rounded up; each rung has so
            many times the epochs of the one before. 2 to 100.
        min_epochs: Epochs of the first rung.

    Raises:
        StudyError: If a field is out of range.

    References:
        Jamieson and Talwalkar, *Non-stochastic Best Arm Identification and
        Hyperparameter Optimization*, AISTATS 2016, arXiv 1502.07943. Karnin, Koren and
        Somekh, *Almost Optimal Exploration in Multi-Armed Bandits*, ICML 2013, keep a
        share that is rounded up too.
    """

    factor: int = 3
    min_epochs: int = 1

    def __post_init__(self) -> None:
        for name, value in (("factor", self.factor), ("min_epochs", self.min_epochs)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise StudyError(
                    f"`tuning.halving.{name}` must be an integer, got {value!r}"
                )
        if not MIN_FACTOR <= self.factor <= MAX_FACTOR:
            raise StudyError(
                f"`tuning.halving.factor` must be from {MIN_FACTOR} to {MAX_FACTOR}, "
                f"got {self.factor}"
            )
        if self.min_epochs < 1:
            raise StudyError(
                f"`tuning.halving.min_epochs` must be at least 1, got {self.min_epochs}"
            )

    def rungs(self, epochs: int) -> tuple[int, ...]:
        """After how many epochs values are compared: all before the study's last.

        Example:
            >>> Halving(factor=3, min_epochs=1).rungs(20)
            (1, 3, 9)
        """
        found: list[int] = []
        rung = self.min_epochs
        while rung < epochs:
            found.append(rung)
            rung *= self.factor
        return tuple(found)

    def n_kept(self, n_values: int) -> int:
        """How many of some values go on from a rung.

        Example:
            >>> Halving(factor=3).n_kept(7)
            3
        """
        return -(-n_values // self.factor)

    def n_at_rungs(self, n_values: int, epochs: int) -> tuple[int, ...]:
        """How many values reach each rung, and then the end.

        Where no two tie and one is better than guessing at the first rung.

        Example:
            >>> Halving(factor=3).n_at_rungs(9, epochs=20)
            (9, 3, 1, 1)
        """
        found = [n_values]
        for _ in self.rungs(epochs):
            found.append(self.n_kept(found[-1]))
        return tuple(found)

    def n_epochs(self, n_values: int, epochs: int) -> int:
        """Epochs that one seed trains over all of some values, as `n_at_rungs` has it.

        Example:
            >>> Halving(factor=3).n_epochs(9, epochs=9), 9 * 9
            (21, 81)
        """
        ends = (0, *self.rungs(epochs), epochs)
        parts = [end - start for start, end in pairwise(ends)]
        counts = self.n_at_rungs(n_values, epochs)
        return sum(n * part for n, part in zip(counts, parts, strict=True))

    def problems(self, budget: Budget) -> Iterator[Problem]:
        """What keeps values from being compared on the way through a budget."""
        rungs = self.rungs(budget.epochs)
        if not rungs:
            yield Problem(
                ("halving", "min_epochs"),
                f"`tuning.halving.min_epochs` must be less than the {budget.epochs} "
                f"epochs of the study, got {self.min_epochs}",
            )
        if unknown := [r for r in rungs if not _is_evaluated(budget, r)]:
            yield Problem(
                ("halving",),
                "values are compared at evaluations, and there is none after "
                f"{unknown[0]} epochs, with `study.evaluate_every` = "
                f"{budget.evaluate_every}",
                "`evaluate_every = 1` evaluates after every epoch",
            )


def rung_evaluations(rungs: Sequence[int], epochs: Sequence[float]) -> tuple[int, ...]:
    """How many evaluations there have been at each rung, its own included.

    Args:
        rungs: As `Halving.rungs` gives them.
        epochs: When runs are evaluated, ascending.
    """
    return tuple(sum(epoch < rung + 1e-6 for epoch in epochs) for rung in rungs)


def _is_evaluated(budget: Budget, rung: int) -> bool:
    return any(abs(epoch - rung) < 1e-6 for epoch in budget.evaluation_epochs())
