"""Are the claims decided, or does the study go on to its next look?"""

from paribus.analysis import classify_runs, mark_absent
from paribus.claims.judge import judge
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.remedies import asks_seeds
from paribus.results import StudyResult
from paribus.stopping import at_next_look
from paribus.study import Study


def next_look(stored: StudyResult) -> Study | None:
    """Give the study with more seeds that its plan asks for, now that runs have ended.

    What is asked of a study are its own claims; where it has none that were declared
    before the first run, the confirmatory atoms of the built-in ones.

    Args:
        stored: A study at one of its looks, all of its runs ended.

    Returns:
        The study at its next look; None if all that is asked is settled, if this is the
        last look, or if the study does not add seeds.

    Assumes:
        What is stored decides alone, so an interrupted study comes to the same answer.
        Open is what is `undecided`, or untested for want of seeds that learned; other
        guards no seeds will lift.
    """
    grown = at_next_look(stored.study)
    if grown is None:
        return None
    return grown if open_atoms(mark_absent(classify_runs(stored))) else None


def open_atoms(result: StudyResult) -> tuple[AtomVerdict, ...]:
    """What is asked of a study and is not decided by its seeds.

    Args:
        result: Statuses as `classify_runs` gives them.
    """
    claims = judge(result)
    own = [atom for c in claims if c.group == "yours" for atom in c.atoms]
    asked = [atom for atom in own if atom.is_primary]
    if not asked:
        asked = [atom for c in claims for atom in c.atoms if atom.is_primary]
    return tuple(atom for atom in asked if _is_open(atom))


def _is_open(atom: AtomVerdict) -> bool:
    if atom.verdict is Verdict.UNTESTED:
        return asks_seeds(atom.remedy)
    return atom.verdict is Verdict.UNDECIDED
