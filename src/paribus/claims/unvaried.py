"""Which textbook claims are not what a study is about?"""

from collections import Counter
from collections.abc import Sequence

from paribus.claims.records import ClaimVerdict, Verdict
from paribus.study import Study


_OPEN = (Verdict.UNTESTED, Verdict.UNDECIDED)


def unvaried_groups(claims: Sequence[ClaimVerdict], study: Study) -> dict[str, str]:
    """Find the groups of claims about a hyperparameter that a study does not vary.

    Said claim by claim, they would fill a report that is about something else.

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
        if group != "yours" and is_open and not _varies(study, group):
            remedies = Counter(atom.remedy for atom in atoms if atom.remedy)
            found[group] = remedies.most_common(1)[0][0] if remedies else ""
    return found


def _varies(study: Study, group: str) -> bool:
    """Whether configs differ in the hyperparameter that a group is about."""
    name = group.replace(" ", "_")
    return len({config.get(name) for config in study.configs()}) > 1
