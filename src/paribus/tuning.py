"""How a study finds the best value of a hyperparameter before it compares configs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from paribus.budget import Budget
from paribus.errors import StudyError, suggest
from paribus.halving import Halving
from paribus.hyperparameters import Value
from paribus.optimizer_catalogue import OPTIMIZERS
from paribus.problems import Problem
from paribus.space import show_value, values_of


# A count of tuning seeds begins here, above every seed that a count of seeds gives.
FIRST_TUNING_SEED = 1_000_000

REFINEMENT_FACTOR = 2.0
# Study files round the values of a grid: what is closer than this is one value.
_SAME = 1e-6


def count_tuning_seeds(n_seeds: int) -> tuple[int, ...]:
    """The tuning seeds that a count stands for: 1,000,000, 1,000,001, ..."""
    return tuple(range(FIRST_TUNING_SEED, FIRST_TUNING_SEED + n_seeds))


def refinement_values(values: Sequence[float], value: float) -> tuple[float, ...]:
    """Give what refinement tries around a value: its half and its double.

    Args:
        values: The grid.
        value: One of it.

    Returns:
        Those of the two that lie between the value and its neighbour in the grid: none
        at an end of the grid, where nothing is concluded, and none where the grid is as
        fine already.

    Example:
        >>> refinement_values([0.001, 0.01, 0.1], 0.01)
        (0.005, 0.02)
        >>> refinement_values([0.001, 0.01, 0.02, 0.1], 0.01)
        (0.005,)
    """
    lower = max((v for v in values if v < value), default=None)
    upper = min((v for v in values if v > value), default=None)
    if lower is None or upper is None:
        return ()
    half, double = value / REFINEMENT_FACTOR, value * REFINEMENT_FACTOR
    found = [half] if half > lower * (1 + _SAME) else []
    return (*found, double) if double < upper * (1 - _SAME) else tuple(found)


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How the best value of one hyperparameter is found, and what is then compared.

    Every config is trained with the first `n_choosing` of the tuning seeds. For each
    combination of the other hyperparameters the value with the best mean validation
    score is chosen. The config with the best score of all is trained with the rest of
    the tuning seeds too, to set the targets that time to target is measured by. Only
    then are configs compared, with the study's own seeds, which chose nothing. Where
    there are targets, the value whose choosing runs reach them soonest is compared too:
    how fast a batch size is, is a question to its fastest value.

    Attributes:
        hyperparameter: What is tuned, e.g. `learning_rate`.
        seeds: The tuning seeds, none of them a seed of the study.
        n_choosing: How many of them choose.
        held: Values that are compared beside the chosen one: the untuned mode.
        compare: `"tuned"` trains the study's seeds at the chosen and the held values
            only, `"all"` at every value.
        where: What a config must have to be tuned, e.g. `{"schedule": "constant"}`. All
            others are copies: trained with the study's own seeds, and never chosen.
            Empty where every config is tuned.
        refine: Whether half and twice the best value are tried too, unless it lies at
            an end of its grid.
        halving: How values that fall behind are stopped early, by successive halving
            among the values of each combination; None to train all to the end.

    Raises:
        StudyError: If a field is out of range.
    """

    hyperparameter: str = "learning_rate"
    seeds: tuple[int, ...]
    n_choosing: int
    held: tuple[float, ...] = ()
    compare: Literal["tuned", "all"] = "tuned"
    where: Mapping[str, Value] = field(default_factory=dict)
    refine: bool = False
    halving: Halving | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.n_choosing <= len(self.seeds):
            raise StudyError(
                f"`tuning.seeds` must be from 1 to the {len(self.seeds)} tuning seeds, "
                f"got {self.n_choosing}"
            )
        if self.compare not in ("tuned", "all"):
            raise StudyError(
                f'`tuning.compare` must be "tuned" or "all", got {self.compare!r}'
            )

    def tunes(self, config: Mapping[str, Value]) -> bool:
        """Whether a config is one that may be chosen, not a copy beside them."""
        return all(config.get(name) == value for name, value in self.where.items())

    def check_seeds_differ(self, seeds: Sequence[int]) -> None:
        """Refuse seeds that would both choose and judge.

        Raises:
            StudyError: If a tuning seed is one of `seeds`.
        """
        if shared := sorted(set(seeds) & set(self.seeds)):
            raise StudyError(
                "`tuning.seeds` must differ from `study.seeds`: what chose a value "
                f"cannot judge it, got {shared[0]} in both"
            )

    def check_fits(
        self,
        grids: Sequence[Mapping[str, tuple[Value, ...]]],
        n_validation: int,
        budget: Budget | None = None,
    ) -> None:
        """Refuse what cannot be tuned in a search space.

        Args:
            grids: Those of the space, with values in their canonical form.
            n_validation: Examples that tuning can choose by.
            budget: What each run may spend; None where that is not known.

        Raises:
            StudyError: If there are no such examples, if the hyperparameter is no
                number above 0, or a held value is not in the space.
            UnknownNameError: If the space does not vary the hyperparameter.
        """
        for problem in self.problems(grids, n_validation, budget):
            raise problem.error("tuning")

    def problems(
        self,
        grids: Sequence[Mapping[str, tuple[Value, ...]]],
        n_validation: int,
        budget: Budget | None = None,
    ) -> Iterator[Problem]:
        """What keeps the hyperparameter from being tuned, as `check_fits` takes it."""
        yield from self._problems_on_the_way(budget)
        if not n_validation:
            yield Problem(
                (),
                "tuning chooses by examples that are held out of training, got "
                "`data.validation` = 0",
                "add `validation = 5000` to [data]",
            )
        values = values_of(grids)
        if self.hyperparameter not in values:
            yield Problem(
                ("hyperparameter",),
                f"no hyperparameter of the space is called `{self.hyperparameter}`",
                suggest(self.hyperparameter, values),
            )
            return
        if not all(self.hyperparameter in grid for grid in grids):
            yield Problem(
                ("hyperparameter",),
                f"every [[space]] must name what is tuned, `{self.hyperparameter}`",
            )
            return
        for value in values[self.hyperparameter]:
            if not isinstance(value, int | float) or value is True or value <= 0:
                yield Problem(
                    ("hyperparameter",),
                    f"what is tuned must be numbers above 0, `{self.hyperparameter}` "
                    f"got {show_value(value)}",
                )
                return
        for value in self.held:
            if value not in values[self.hyperparameter]:
                shown = ", ".join(map(show_value, values[self.hyperparameter]))
                yield Problem(
                    ("held",),
                    f"`held` must be values of `{self.hyperparameter}` in the space, "
                    f"got {show_value(value)}",
                    f"there are: {shown}",
                )
        if self.refine and not _is_multiplicative(self.hyperparameter):
            yield Problem(
                ("refine",),
                "`refine` tries half and twice the best value: it needs an optimizer's "
                "number without an upper bound, such as `learning_rate`, got "
                f"`{self.hyperparameter}`",
            )
        yield from self._problems_where(values)
        if not any(
            all(value in grid.get(name, ()) for name, value in self.where.items())
            for grid in grids
        ):
            yield Problem(("where",), "no config has all values of `where`")

    def _problems_on_the_way(self, budget: Budget | None) -> Iterator[Problem]:
        if self.halving is not None and budget is not None:
            yield from self.halving.problems(budget)

    def _problems_where(
        self, values: Mapping[str, tuple[Value, ...]]
    ) -> Iterator[Problem]:
        for name in self.where:
            if name == self.hyperparameter or name not in values:
                what = "tuned itself" if name in values else "in no [[space]]"
                yield Problem(
                    ("where", name),
                    "`where` must name hyperparameters of the space that are not "
                    f"tuned: `{name}` is {what}",
                )

    def fixed_settings(self) -> dict[str, Any]:
        """What may not change while a study grows, as dotted keys of the study file."""
        written = self.to_dict()
        halving = written.pop("halving", {})
        fixed = {f"tuning.{name}": value for name, value in written.items()}
        return fixed | {f"tuning.halving.{n}": value for n, value in halving.items()}

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain JSON values; `from_dict` reads it back."""
        written = {
            **asdict(self),
            "seeds": list(self.seeds),
            "held": list(self.held),
            "where": dict(self.where),
        }
        if not self.refine:  # as studies were written before there was refinement
            del written["refine"]
        if self.halving is None:  # likewise
            del written["halving"]
        return written

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Tuning":
        """Read what `to_dict` wrote."""
        halving = written.get("halving")
        return cls(
            **{
                **written,
                "seeds": tuple(written["seeds"]),
                "held": tuple(written["held"]),
                "halving": Halving(**halving) if halving else None,
            }
        )


def _is_multiplicative(name: str) -> bool:
    """Whether half and twice a value of a hyperparameter are always values too."""
    known = [own[name] for own in OPTIMIZERS.values() if name in own]
    return bool(known) and all(
        one.kind == "number" and not one.is_static and math.isinf(one.below)
        for one in known
    )
