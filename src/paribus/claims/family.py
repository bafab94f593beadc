"""Which contrasts share the error rate, and what their p-values are worth together."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from paribus.claims.records import AtomVerdict
from paribus.stats.compare import holm_adjusted
from paribus.stats.families import simultaneous_level


def family_level(contrasts: Sequence[str]) -> float:
    """The confidence level of each interval, so that the family's hold together.

    Args:
        contrasts: The primary contrast of every atom that the study was designed for,
            over all optimizers, and of every claim declared in time. Atoms that look at
            one contrast from its two ends name it twice, and it counts once. What was
            found does not matter, so it may not depend on it.

    Example:
        >>> round(family_level(["time", "quality", "time"]), 4)
        0.975
    """
    return simultaneous_level(max(len(set(contrasts)), 1))


def with_adjusted_p_values(
    atoms: Sequence[AtomVerdict], contrasts: Sequence[str]
) -> tuple[AtomVerdict, ...]:
    """Add Holm's adjustment over the confirmatory family.

    Args:
        atoms: Any order; exploratory ones are returned as they are.
        contrasts: The contrast of each; empty for an exploratory one. Atoms with one
            contrast get one adjusted value.
    """
    p_values: dict[str, float] = {}
    for atom, contrast in zip(atoms, contrasts, strict=True):
        if contrast and atom.p_value is not None:
            p_values.setdefault(contrast, atom.p_value)
    adjusted = holm_adjusted(np.array(list(p_values.values()), dtype=np.float64))
    by_contrast = dict(zip(p_values, adjusted.tolist(), strict=True))
    return tuple(
        replace(atom, p_value_holm=by_contrast[contrast])
        if contrast in by_contrast and atom.p_value is not None
        else atom
        for atom, contrast in zip(atoms, contrasts, strict=True)
    )
