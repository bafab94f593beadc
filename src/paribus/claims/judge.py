"""From a study's result to a verdict on every claim: the one entry of this package."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from paribus.analysis.looks import looks_of
from paribus.claims.arms import Arms, learning_rate_arms
from paribus.claims.atoms import Atom
from paribus.claims.batch_arms import batch_size_arms
from paribus.claims.catalogue import (
    CLAIMS,
    Claim,
    batch_size,
    learning_rate,
    link,
    secondary,
)
from paribus.claims.declared import declared_contrasts, judge_declared
from paribus.claims.evidence import Evidence
from paribus.claims.family import (
    family_level,
    with_adjusted_p_values,
    with_exploratory_p_values,
    with_late_seeds,
)
from paribus.claims.records import AtomVerdict, ClaimVerdict
from paribus.claims.remedies import fitting, in_python
from paribus.claims.robustness import beside, comparable, with_entries
from paribus.results import StudyResult


@dataclass(frozen=True, kw_only=True)
class _Case:
    """The atoms of one group for one optimizer, with the arms they compare.

    Attributes:
        optimizer: Whose runs they are.
        atoms: Of the catalogue.
        arms: The primary ones; None if the study was not designed for the group.
        others: All other arms: the rest of the robustness table.
    """

    optimizer: str
    atoms: tuple[Atom, ...]
    arms: Arms | None
    others: tuple[Arms, ...]

    def contrasts(self) -> list[str]:
        """The confirmatory contrasts that the study was designed for."""
        designed = frozenset() if self.arms is None else self.arms.designed
        return [
            self.contrast(atom)
            for atom in self.atoms
            if atom.contrast and designed >= set(atom.needs)
        ]

    def contrast(self, atom: Atom) -> str:
        """Its name in the family; empty for an exploratory atom."""
        return f"{self.optimizer}: {atom.contrast}" if atom.contrast else ""


def judge(result: StudyResult) -> tuple[ClaimVerdict, ...]:
    """Judge every claim of the catalogue, and the study's own.

    Each optimizer of the study is judged on its own. What the study was not designed
    for is untested, and says which study is.

    Args:
        result: Statuses as `classify_runs` gives them; finished or not. With tuning the
            tuning seeds choose and set targets, and the study's own seeds judge.

    Returns:
        The study's own claims, then those about the learning rate, then those about the
        batch size, of each one for each optimizer. What would test them is said in the
        words of what made the study, a file or Python.

    Assumes:
        Intervals hold together with 95 % over the confirmatory family, by Bonferroni:
        each is at the level 1 - .05/(m k) for the m distinct contrasts that the study
        was designed for and the k looks that it planned, whatever its runs show; where
        seeds are added until all is decided, at the level of the present look.
    """
    evidence = Evidence.of(result)
    cases = [case for name in evidence.optimizers for case in _cases(evidence, name)]
    contrasts = [contrast for case in cases for contrast in case.contrasts()]
    own = declared_contrasts(result.study.claims)
    family = [*contrasts, *filter(None, own)]
    looks = looks_of(result.study)
    evidence = evidence.at_level(family_level(family, looks=looks))
    declared = judge_declared(evidence)
    found = [
        (case, atom, atom.verdict(evidence, case.arms))
        for case in cases
        for atom in case.atoms
    ]
    adjusted = with_adjusted_p_values(
        [*(verdict for _, _, verdict in found), *(c.atoms[0] for c in declared)],
        [*(case.contrast(atom) for case, atom, _ in found), *own],
        family,
        looks=looks,
    )
    is_one = len(evidence.optimizers) == 1
    verdicts: dict[tuple[str, str], tuple[AtomVerdict, ...]] = {}
    for (case, atom, _), verdict in zip(found, adjusted, strict=False):
        suffix = "" if is_one else f"/{case.optimizer}"
        others = comparable(atom, case.arms, case.others)
        entries = with_entries(
            replace(verdict, id=atom.id + suffix),
            beside(evidence, atom, case.arms, others, primary=verdict, suffix=suffix),
            n_others=len(others),
        )
        verdicts[case.optimizer, atom.id] = tuple(
            replace(entry, remedy=fitting(entry.remedy, result.study))
            for entry in entries
        )
    catalogue = (
        _together(claim, optimizer, verdicts, suffix="" if is_one else f"/{optimizer}")
        for claim in CLAIMS
        for optimizer in evidence.optimizers
    )
    last = zip(declared, adjusted[len(found) :], strict=True)
    study = result.study
    own_claims = (
        replace(claim, atoms=(replace(atom, remedy=fitting(atom.remedy, study)),))
        for claim, atom in last
    )
    late = {study.seeds.index(seed) for seed in study.late_seeds}
    claims = with_exploratory_p_values([*own_claims, *catalogue])
    claims = tuple(with_late_seeds(claims, late))
    return in_python(claims) if study.is_made_in_python else claims


def _cases(evidence: Evidence, optimizer: str) -> tuple[_Case, _Case]:
    rates = learning_rate_arms(evidence, optimizer)
    tuned, untuned = batch_size_arms(evidence, optimizer)
    return (
        _Case(
            optimizer=optimizer,
            atoms=learning_rate.ATOMS + secondary.ATOMS,
            arms=rates[0] if rates else None,
            others=rates[1:],
        ),
        _Case(
            optimizer=optimizer,
            atoms=batch_size.ATOMS + link.ATOMS,
            arms=tuned,
            others=untuned,
        ),
    )


def _together(
    claim: Claim,
    optimizer: str,
    verdicts: Mapping[tuple[str, str], tuple[AtomVerdict, ...]],
    *,
    suffix: str,
) -> ClaimVerdict:
    """A claim from its atoms; other entries of the robustness table stand apart."""
    atoms = [verdicts[optimizer, name][0] for name in claim.atoms]
    apart = [verdicts[optimizer, name][0] for name in claim.apart]
    names = claim.atoms + claim.apart
    entries = [e for name in names for e in verdicts[optimizer, name][1:]]
    return ClaimVerdict(
        id=claim.id + suffix,
        group=claim.group,
        text=claim.text,
        verdict=claim.combine(tuple(atom.verdict for atom in atoms)),
        atoms=(*atoms, *apart, *entries),
        apart=len(apart) + len(entries),
    )
