"""At which looks does a study add seeds until its claims are decided?"""

from collections.abc import Iterator, Sequence
from typing import Any

from paribus.problems import Problem
from paribus.seeds import check_seeds


# No verdict rests on fewer.
MIN_SEEDS_OF_LOOK = 5
# More looks cost seeds at the end, and save few: ten are within 1 % of any number.
MAX_PLANNED_LOOKS = 10


def look_sizes(n_seeds: int, n_looks: int) -> tuple[int, ...]:
    """Give how many seeds each of some looks has: equal steps, rounded upwards.

    Args:
        n_seeds: At the last look.
        n_looks: How many there are.

    Example:
        >>> look_sizes(20, 3)
        (7, 14, 20)
    """
    return tuple(-(-n_seeds * look // n_looks) for look in range(1, n_looks + 1))


def stopping_problems(seeds: Sequence[int], looks: int) -> Iterator[Problem]:
    """What keeps a study from adding seeds until its claims are decided.

    Args:
        seeds: All that there may be.
        looks: How often it is asked whether they are decided.
    """
    if not 2 <= looks <= MAX_PLANNED_LOOKS:
        yield Problem(
            ("looks",),
            "`study.stop_when_decided` needs from 2 to "
            f"{MAX_PLANNED_LOOKS} `study.looks`, got {looks}",
            "`looks = 3` with `seeds = 30` looks at 10, 20 and 30 seeds",
        )
    elif (first := look_sizes(len(seeds), looks)[0]) < MIN_SEEDS_OF_LOOK:
        yield Problem(
            ("seeds",),
            f"`study.stop_when_decided` needs {MIN_SEEDS_OF_LOOK} seeds at the first "
            f"look, got {first} of {len(seeds)} in {looks} looks",
            f"`study.seeds` are the most that there may be: at least "
            f"{MIN_SEEDS_OF_LOOK * looks} for {looks} looks",
        )


def first_seeds(seeds: tuple[int, ...], looks: int) -> tuple[int, ...]:
    """Those of the first look, of all that there may be.

    Raises:
        StudyError: If these do not make a plan.
    """
    check_planned_seeds(seeds, looks)
    return seeds[: look_sizes(len(seeds), looks)[0]]


def check_planned_seeds(seeds: tuple[int, ...], looks: int) -> None:
    """Refuse seeds and looks that make no plan; no seeds are no plan and pass.

    Raises:
        StudyError: If there are too few seeds, or too few or too many looks.
    """
    if seeds:
        check_seeds(seeds)
        for problem in stopping_problems(seeds, looks):
            raise problem.error("study")


def fixed_looks(seeds: tuple[int, ...]) -> dict[str, Any]:
    """What of a plan may not change, as dotted keys of the study file."""
    if not seeds:
        return {}
    return {"study.stop_when_decided": True, "study.seeds": list(seeds)}
