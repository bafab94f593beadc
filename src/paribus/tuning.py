"""How a study finds the best value of a hyperparameter before it compares configs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from paribus.errors import StudyError


# A count of tuning seeds begins here, above every seed that a count of seeds gives.
FIRST_TUNING_SEED = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How the best value of one hyperparameter is found, and what is then compared.

    Every config is trained with the first `n_choosing` of the tuning seeds. For each
    combination of the other hyperparameters the value with the best mean validation
    score is chosen. The config with the best score of all is trained with the rest of
    the tuning seeds too, to set the targets that time to target is measured by. Only
    then are configs compared, with the study's own seeds, which chose nothing.

    Attributes:
        hyperparameter: What is tuned, e.g. `learning_rate`.
        seeds: The tuning seeds, none of them a seed of the study.
        n_choosing: How many of them choose.
        held: Values that are compared beside the chosen one: the untuned mode.
        compare: `"tuned"` trains the study's seeds at the chosen and the held values
            only, `"all"` at every value.

    Raises:
        StudyError: If a field is out of range.
    """

    hyperparameter: str = "learning_rate"
    seeds: tuple[int, ...]
    n_choosing: int
    held: tuple[float, ...] = ()
    compare: Literal["tuned", "all"] = "tuned"

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

    def fixed_settings(self) -> dict[str, Any]:
        """What may not change while a study grows, as dotted keys of the study file."""
        return {f"tuning.{name}": value for name, value in self.to_dict().items()}

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain JSON values; `from_dict` reads it back."""
        return {
            **asdict(self),
            "seeds": list(self.seeds),
            "held": list(self.held),
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Tuning":
        """Read what `to_dict` wrote."""
        return cls(
            **{
                **written,
                "seeds": tuple(written["seeds"]),
                "held": tuple(written["held"]),
            }
        )
