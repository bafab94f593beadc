"""How runs began: digests of the first data order and the first weights of each seed.

An attempt stores them beside its environment, for the seeds that it has begun.
"""

import json
from collections.abc import Iterable, Mapping

from paribus.hyperparameters import Value


# What a run begins with -> seed -> its digest in hexadecimal.
Starts = Mapping[str, Mapping[int, str]]

ORDER = "order"
WEIGHTS = "weights"


def weights_name(hyperparameters: Iterable[tuple[str, Value]]) -> str:
    """Name the first weights of models that have these hyperparameters."""
    written = json.dumps(
        dict(hyperparameters), allow_nan=False, separators=(",", ":"), sort_keys=True
    )
    return f"{WEIGHTS} {written}"


def other_seeds(known: Starts, found: Starts) -> dict[str, tuple[int, ...]]:
    """The seeds that begin otherwise than they did.

    Args:
        known: How they began.
        found: How they begin; of what is not known nothing is said.

    Returns:
        `order` and `weights` -> seeds, those that have any.
    """
    other: dict[str, set[int]] = {}
    for name, by_seed in found.items():
        kind, *_ = name.split(" ", 1)
        was = known.get(name, {})
        differing = {s for s, now in by_seed.items() if was.get(s, now) != now}
        other[kind] = other.get(kind, set()) | differing
    return {kind: tuple(sorted(seeds)) for kind, seeds in other.items() if seeds}


def take_up(found: Starts, known: dict[str, dict[int, str]]) -> None:
    """Add to what is known how an attempt has begun seeds.

    Where one of them began otherwise than before, nothing that was known before counts
    any more: the others would begin otherwise too.
    """
    for name, by_seed in found.items():
        was = known.setdefault(name, {})
        if any(was.get(seed, digest) != digest for seed, digest in by_seed.items()):
            was.clear()
        was.update(by_seed)


def gathered(attempts: Iterable[Starts]) -> dict[str, dict[int, str]]:
    """What is known after some attempts, in their order."""
    known: dict[str, dict[int, str]] = {}
    for starts in attempts:
        take_up(starts, known)
    return known
