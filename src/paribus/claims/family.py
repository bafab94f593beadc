"""Which contrasts share the error rate, and what their p-values are worth together."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import replace

import numpy as np

from paribus.claims.records import AtomVerdict, ClaimVerdict
from paribus.stats.compare import holm_adjusted
from paribus.stats.families import benjamini_hochberg, simultaneous_level
from paribus.stats.looks import ONE_LOOK, Looks


def family_level(contrasts: Sequence[str], *, looks: Looks = ONE_LOOK) -> float:
    """The confidence level of each interval, so that the family's hold together.

    Args:
        contrasts: The primary contrast of every atom that the study was designed for,
            over all optimizers, and of every claim declared in time. Atoms that look at
            one contrast from its two ends name it twice, and it counts once. What was
            found does not matter, so it may not depend on it.
        looks: The looks that the study plans: they share the error rate too, whether
            they are taken or not.

    Assumes:
        How many seeds each look has does not depend on what earlier looks showed.

    Example:
        >>> round(family_level(["time", "quality", "time"]), 4)
        0.975
    """
    return simultaneous_level(max(len(set(contrasts)), 1), looks=looks)


def with_adjusted_p_values(
    atoms: Sequence[AtomVerdict],
    contrasts: Sequence[str],
    family: Collection[str] = (),
    *,
    looks: Looks = ONE_LOOK,
) -> tuple[AtomVerdict, ...]:
    """Add Holm's adjustment over the confirmatory family.

    Args:
        atoms: Any order; exploratory ones are returned as they are.
        contrasts: The contrast of each; empty for an exploratory one. Atoms with one
            contrast get one adjusted value.
        family: The contrasts of the family. Those without a test count with a p-value
            of 1, so that the adjustment is for as many as the intervals are, whatever
            the runs showed.
        looks: As `family_level`: each value is adjusted for them too.
    """
    p_values: dict[str, float] = {}
    for atom, contrast in zip(atoms, contrasts, strict=True):
        if contrast and atom.p_value is not None:
            p_values.setdefault(contrast, atom.p_value)
    tested = np.array(list(p_values.values()), dtype=np.float64)
    untested = np.ones(len(set(family) - p_values.keys()))
    adjusted = holm_adjusted(np.concatenate([tested, untested]))
    adjusted = looks.over_all(adjusted)
    by_contrast = dict(zip(p_values, adjusted.tolist(), strict=False))
    return tuple(
        replace(atom, p_value_holm=by_contrast[contrast])
        if contrast in by_contrast and atom.p_value is not None
        else atom
        for atom, contrast in zip(atoms, contrasts, strict=True)
    )


def with_exploratory_p_values(claims: Sequence[ClaimVerdict]) -> list[ClaimVerdict]:
    """Add Benjamini and Hochberg's adjustment over all that is exploratory.

    Args:
        claims: Of the whole study; atoms of the confirmatory family stay as they are.
            What two atoms look at from its two ends counts once.
    """
    exploratory = {
        _same_runs(atom): atom.p_value
        for claim in claims
        for atom in claim.atoms
        if not atom.is_primary and atom.p_value is not None
    }
    values = np.array(list(exploratory.values()), dtype=np.float64)
    adjusted = dict(zip(exploratory, benjamini_hochberg(values).tolist(), strict=True))

    def with_its_own(atom: AtomVerdict) -> AtomVerdict:
        if atom.is_primary or atom.p_value is None:
            return atom
        return replace(atom, p_value_bh=adjusted[_same_runs(atom)])

    return [
        replace(claim, atoms=tuple(map(with_its_own, claim.atoms))) for claim in claims
    ]


def _same_runs(atom: AtomVerdict) -> Hashable:
    """What two atoms share that look at one contrast, from whichever end."""
    return (atom.measure, atom.budget, atom.clock, atom.p_value, frozenset(atom.runs))


def with_late_seeds(
    claims: Sequence[ClaimVerdict], late: Collection[int]
) -> list[ClaimVerdict]:
    """Count the seeds of each atom that were added after runs had been seen.

    Args:
        claims: Any.
        late: Positions of such seeds among those that judge.
    """

    def counted(atom: AtomVerdict) -> AtomVerdict:
        seeds = {seed for _, seed in atom.runs}
        return replace(atom, n_late_seeds=len(seeds.intersection(late)))

    return [replace(claim, atoms=tuple(map(counted, claim.atoms))) for claim in claims]
