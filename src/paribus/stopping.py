"""A study that adds seeds until its claims are decided, at another of its looks."""

from dataclasses import replace

from paribus.looks import look_sizes
from paribus.study import Study


def at_next_look(study: Study) -> Study | None:
    """The study with the seeds of its next look; None if there is none.

    All seeds that it may come to have are written in the study itself, so this is no
    change of plan.
    """
    if not study.planned_seeds or study.n_looks == study.looks:
        return None
    size = look_sizes(len(study.planned_seeds), study.looks)[study.n_looks]
    return replace(study, seeds=study.planned_seeds[:size], n_looks=study.n_looks + 1)


def at_look_of(study: Study, stored: Study) -> Study:
    """A study that is asked for, as far as the same plan has come in a folder.

    Args:
        study: As its file has it: at its first look.
        stored: What the folder holds.
    """
    if not study.planned_seeds or study.planned_seeds != stored.planned_seeds:
        return study
    return replace(study, seeds=stored.seeds, n_looks=stored.n_looks)


def with_all_seeds(study: Study) -> Study:
    """The study at its last look, if it adds seeds; else the same."""
    if not study.planned_seeds:
        return study
    return replace(study, seeds=study.planned_seeds, n_looks=study.looks)
