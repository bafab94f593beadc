"""The words for what became of a run."""

from enum import IntEnum


class RunStatus(IntEnum):
    """What became of a run: a number in arrays and in SQLite, the word everywhere else.

    The store knows `PRUNED`, `PENDING` to `DIVERGED`, and `CONVERGED` for every other
    run that spent its budget. `paribus.stats.outcomes` divides those further from their
    training curves each time results are read, so a threshold can change without
    training anew.

    Attributes:
        PRUNED: Stopped at a rung by successive halving: its value had fallen behind. It
            has a curve up to there and no final score.
        ABSENT: The study has no such run: tuning did not choose its config, or the tool
            that trained it left it out. Derived when results are read, never stored.
        PENDING: Not trained yet.
        RUNNING: Being trained.
        INTERRUPTED: Stopped before the budget was spent; `paribus run` continues it.
        FAILED: The block that held it raised.
        DIVERGED: A loss or a parameter became non-finite, or the loss ended far above
            its start.
        LATE_COLLAPSE: Learned, then lost much of its best score.
        COLLAPSED: Ended no better than guessing.
        UNCONVERGED: Was still improving at the end of the budget.
        SUBLINEAR: Ended with a clearly higher training loss than softmax regression
            with the same budget, whatever the score.
        CONVERGED: None of these.
    """

    PRUNED = -2
    ABSENT = -1
    PENDING = 0
    RUNNING = 1
    INTERRUPTED = 2
    FAILED = 3
    DIVERGED = 4
    LATE_COLLAPSE = 5
    COLLAPSED = 6
    UNCONVERGED = 7
    SUBLINEAR = 8
    CONVERGED = 9

    @property
    def word(self) -> str:
        """The status as it is written for people: `"late_collapse"`."""
        return self.name.lower()

    @property
    def has_outcome(self) -> bool:
        """Whether training ended: the run is a result, whatever became of it."""
        return self >= RunStatus.DIVERGED

    @property
    def is_learner(self) -> bool:
        """Whether the run may have learned and kept it: converged or still improving.

        Its curve tells whether it did: `paribus.analysis.scores.is_learner`.
        """
        return self in (RunStatus.CONVERGED, RunStatus.UNCONVERGED)


# A result that is still to come: not trained, being trained, or stopped on the way.
WAITING = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.INTERRUPTED)

# Of those, the ones that a block may take.
READY = (RunStatus.PENDING, RunStatus.INTERRUPTED)

# What ends a run while the others of its block go on.
ENDED_EARLY = (RunStatus.PRUNED, RunStatus.DIVERGED)

# Each goes on from the word: "unconverged: was still ...".
STATUS_MEANINGS = {
    RunStatus.PRUNED: "stopped early, since its value had fallen behind others in the "
    "choice of the best; no final score",
    RunStatus.ABSENT: "not asked for: tuning did not choose its config",
    RunStatus.PENDING: "not trained yet",
    RunStatus.RUNNING: "being trained",
    RunStatus.INTERRUPTED: "stopped before the budget was spent; the same command "
    "continues it",
    RunStatus.FAILED: "raised an error",
    RunStatus.DIVERGED: "a loss or a parameter became non-finite, or the loss ended "
    "far above its start",
    RunStatus.LATE_COLLAPSE: "learned, then lost much of its best score",
    RunStatus.COLLAPSED: "ended no better than guessing",
    RunStatus.UNCONVERGED: "was still improving at the end of the budget",
    RunStatus.SUBLINEAR: "ended with a training loss more than 1.25 times that of "
    "a linear model with the same budget, whatever the score",
    RunStatus.CONVERGED: "beat guessing, and was not seen improving at the end",
}
