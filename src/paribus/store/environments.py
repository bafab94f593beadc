"""Software, machine and starts of an attempt, compared with those before."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from paribus.errors import ExecutionError, ParibusWarning
from paribus.store.starts import ORDER, WEIGHTS


_ALLOW = "`--allow-env-change` lets its numbers differ"

# No number depends on these.
_NO_PART = ("python", "cores")


def tell_change(
    was: Mapping[str, str], now: Mapping[str, str], folder: Path, *, is_refused: bool
) -> None:
    """Say what differs in the environment, as an error or as a warning.

    Args:
        was: The environment of the attempt before.
        now: That of this one.
        folder: The study.
        is_refused: Whether the study promises equal bits.

    Raises:
        ExecutionError: If it is refused; the message names all that differs.
    """
    changes = [
        f"{name} `{now.get(name, 'none')}`, was `{was.get(name, 'none')}`"
        for name in dict.fromkeys((*was, *now))
        if name not in _NO_PART and was.get(name) != now.get(name)
    ]
    if not changes:
        return
    shown = "; ".join(changes)
    if is_refused:
        raise ExecutionError(
            f"`{folder}` is exact, so its environment must stay the same, got {shown}",
            hint=f"go on where it began; {_ALLOW}",
        )
    warnings.warn(
        f"`{folder}` goes on in another environment: {shown}; numbers of equal runs "
        "may differ by rounding",
        ParibusWarning,
        stacklevel=3,
    )


def tell_other_starts(
    other: Mapping[str, Sequence[int]], folder: Path, *, is_refused: bool
) -> None:
    """Say which seeds begin otherwise than before, as an error or as a warning.

    Args:
        other: By `paribus.store.starts.other_seeds`.
        folder: The study.
        is_refused: Whether the study promises equal bits.

    Raises:
        ExecutionError: If it is refused; the message names all seeds.
    """
    if not other:
        return
    words = {ORDER: "first data order", WEIGHTS: "first weights"}
    shown = " and ".join(
        f"other {words[kind]} of {'seed' if len(seeds) == 1 else 'seeds'} "
        f"{', '.join(map(str, seeds))}"
        for kind, seeds in other.items()
    )
    if is_refused:
        raise ExecutionError(
            f"`{folder}` is exact, so its runs must begin as before, got {shown}",
            hint=f"go on with the model and the software of before; {_ALLOW}",
        )
    warnings.warn(
        f"`{folder}` goes on with {shown} than before: runs that are trained already "
        "would have other numbers now",
        ParibusWarning,
        stacklevel=3,
    )
