"""From a study's result to a verdict on every claim: the one entry of this package."""

from dataclasses import dataclass, replace

from paribus.claims.arms import Arms, learning_rate_arms
from paribus.claims.atoms import Atom
from paribus.claims.catalogue import CLAIMS, Claim, learning_rate
from paribus.claims.evidence import Evidence
from paribus.claims.family import family_level, with_adjusted_p_values
from paribus.claims.records import AtomVerdict, ClaimVerdict
from paribus.results import StudyResult


@dataclass(frozen=True, kw_only=True)
class _Case:
    """The atoms of one group for one optimizer, with the arms they compare."""

    optimizer: str
    group: str
    atoms: tuple[Atom, ...]
    arms: Arms | None

    def contrasts(self) -> list[str]:
        """The confirmatory contrasts that the study was designed for."""
        return [
            f"{self.optimizer}: {atom.contrast}"
            for atom in self.atoms
            if atom.contrast
            and self.arms is not None
            and not self.arms.lacks(atom.needs)
        ]


def judge(result: StudyResult) -> tuple[ClaimVerdict, ...]:
    """Judge every claim of the catalogue, and the study's own.

    Each optimizer of the study is judged on its own. What the study was not designed
    for is untested, and says which study is.

    Args:
        result: Statuses as `classify_runs` gives them; finished or not. With tuning the
            tuning seeds choose and set targets, and the study's own seeds judge.

    Returns:
        The claims about the learning rate, then those about the batch size, then the
        study's own; of each one for each optimizer.

    Assumes:
        Intervals hold together with 95 % over the confirmatory family, by Bonferroni:
        each is at the level 1 - .05/m for the m distinct contrasts that the study was
        designed for, whatever its runs show.
    """
    evidence = Evidence.of(result)
    cases = _cases(evidence)
    contrasts = [contrast for case in cases for contrast in case.contrasts()]
    evidence = evidence.at_level(family_level(contrasts))
    found = [
        (case, atom, atom.verdict(evidence, case.arms))
        for case in cases
        for atom in case.atoms
    ]
    adjusted = with_adjusted_p_values(
        [verdict for _, _, verdict in found],
        [_contrast(case, atom) for case, atom, _ in found],
    )
    verdicts = {
        (case.optimizer, atom.id): verdict
        for (case, atom, _), verdict in zip(found, adjusted, strict=True)
    }
    is_one = len(evidence.optimizers) == 1
    return tuple(
        _together(claim, optimizer, verdicts, suffix="" if is_one else f"/{optimizer}")
        for claim in CLAIMS
        for optimizer in evidence.optimizers
    )


def _cases(evidence: Evidence) -> list[_Case]:
    cases: list[_Case] = []
    for optimizer in evidence.optimizers:
        arms = learning_rate_arms(evidence, optimizer)
        cases.append(
            _Case(
                optimizer=optimizer,
                group="learning rate",
                atoms=learning_rate.ATOMS,
                arms=arms[0] if arms else None,
            )
        )
    return cases


def _contrast(case: _Case, atom: Atom) -> str:
    return f"{case.optimizer}: {atom.contrast}" if atom.contrast else ""


def _together(
    claim: Claim,
    optimizer: str,
    verdicts: dict[tuple[str, str], AtomVerdict],
    *,
    suffix: str,
) -> ClaimVerdict:
    """A claim from its atoms."""
    atoms = [verdicts[optimizer, name] for name in claim.atoms]
    apart = [verdicts[optimizer, name] for name in claim.apart]
    return ClaimVerdict(
        id=claim.id + suffix,
        group=claim.group,
        text=claim.text,
        verdict=claim.combine(tuple(atom.verdict for atom in atoms)),
        atoms=tuple(replace(atom, id=atom.id + suffix) for atom in atoms + apart),
        apart=len(apart),
    )
