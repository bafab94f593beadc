"""Seeds: the integers, each of which fixes all randomness of a run."""

from typing import Any

from paribus.errors import StudyError


MAX_RUNS = 1_000_000
MAX_SEED = 2**63 - 1


def count_seeds(n_seeds: int) -> tuple[int, ...]:
    """The seeds that a count stands for: 0, 1, ...

    Raises:
        StudyError: If there are none, or more than a study may have runs.
    """
    if not 1 <= n_seeds <= MAX_RUNS:
        raise StudyError(f"`study.seeds` must be from 1 to {MAX_RUNS:,}, got {n_seeds}")
    return tuple(range(n_seeds))


def check_seeds(seeds: tuple[Any, ...], *, setting: str = "study.seeds") -> None:
    """Refuse seeds that are out of range or given twice.

    Args:
        seeds: As written.
        setting: The setting that has them, for messages.

    Raises:
        StudyError: If there are none, or one is below 0, above 2^63 - 1 or doubled.
    """
    if not seeds:
        raise StudyError(f"`{setting}` must have at least one seed")
    for position, seed in enumerate(seeds, start=1):
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise StudyError(
                f"`{setting}` must be integers, got {seed!r} (value {position})"
            )
        if not 0 <= seed <= MAX_SEED:
            raise StudyError(
                f"`{setting}` must be from 0 to {MAX_SEED}, got {seed} "
                f"(value {position})"
            )
    if len(set(seeds)) < len(seeds):
        twice = next(seed for seed in seeds if seeds.count(seed) > 1)
        raise StudyError(f"`{setting}` must have each seed once, got {twice} twice")
