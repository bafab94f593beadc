"""Which textbook claims are not what a study is about?"""

from collections import Counter
from collections.abc import Sequence

from paribus.claims.records import ClaimVerdict, Verdict
from paribus.study import Study


_OPEN = (Verdict.UNTESTED, Verdict.UNDECIDED)


def unvaried_groups(claims: Sequence[ClaimVerdict], study: Study) -> dict[str, str]:
    """Find the groups of claims about a hyperparameter that a study does not compare.

    Said claim by claim, they would fill a report that is about something else. Not
    compared is what a study does not vary; and, where it has claims of its own, what it
    only tunes so that other values can be compared.

    Args:
        claims: As `judge` gives them.
        study: Whose.

    Returns:
        Group -> what would test most of its parts; only groups of which no part of any
        claim was decided.
    """
    groups: dict[str, list[ClaimVerdict]] = {}
    for claim in claims:
        groups.setdefault(claim.group, []).append(claim)
    found = {}
    for group, members in groups.items():
        atoms = [atom for claim in members for atom in claim.atoms]
        is_open = all(atom.verdict in _OPEN for atom in atoms)
        if group != "yours" and is_open and not _compares(study, group):
            remedies = Counter(atom.remedy for atom in atoms if atom.remedy)
            found[group] = remedies.most_common(1)[0][0] if remedies else ""
    return found


def _compares(study: Study, group: str) -> bool:
    """Whether configs that are compared differ in what a group is about."""
    name, tuning = group.replace(" ", "_"), study.tuning
    if study.claims and tuning is not None and tuning.hyperparameter == name:
        return bool(tuning.held or tuning.where) or tuning.compare == "all"
    return len({config.get(name) for config in study.configs()}) > 1
