"""What did successive halving stop, and what did that save?"""

from dataclasses import dataclass
from typing import Literal

from paribus.analysis.halving import Ladder, Rung, climb
from paribus.analysis.tuned import declared_members
from paribus.results import StudyResult
from paribus.stats.outcomes import OutcomeThresholds


@dataclass(frozen=True, kw_only=True)
class StoppedEarly:
    """Values that had fallen behind at a rung, so that their end is not known.

    Attributes:
        hyperparameter: Whose values.
        n_tried: Values that were tried, over all combinations of the others.
        n_stopped: Those of them that were stopped.
        n_too_early: Those of these that were stopped while learning rates were warming
            up, or where no value had learned: that tells little of where they end.
        epochs: Where.
        n_epochs: Epochs that the runs that chose were trained in all.
        n_whole: Epochs that they would have been trained without.
        compared: Which of all values other seeds train to the end, whatever becomes of
            them in tuning: none, those that are held, or every one.
    """

    hyperparameter: str
    n_tried: int
    n_stopped: int
    n_too_early: int
    epochs: tuple[int, ...]
    n_epochs: int
    n_whole: int
    compared: Literal["none", "held", "all"] = "none"


def ladders(result: StudyResult) -> list[Ladder]:
    """How far the values of each combination have come; empty without halving."""
    if result.study.halving is None:
        return []
    return climb(result, declared_members(result))


def stopped_early(result: StudyResult) -> StoppedEarly | None:
    """Count what was stopped; None where nothing was."""
    tuning = result.study.tuning
    climbed = ladders(result)
    stopped = [rung for one in climbed for rung in one.rungs if rung.stopped]
    if tuning is None or not stopped:
        return None
    epochs = result.study.budget.epochs
    n_tried = sum(map(len, declared_members(result)))
    saved = sum(len(rung.stopped) * (epochs - rung.epochs) for rung in stopped)
    return StoppedEarly(
        hyperparameter=tuning.hyperparameter,
        n_tried=n_tried,
        n_stopped=sum(len(rung.stopped) for rung in stopped),
        n_too_early=sum(
            len(rung.stopped) for rung in stopped if _is_early(result, rung)
        ),
        epochs=tuple(sorted({rung.epochs for rung in stopped})),
        n_epochs=tuning.n_choosing * (n_tried * epochs - saved),
        n_whole=tuning.n_choosing * n_tried * epochs,
        compared="all"
        if tuning.compare == "all"
        else ("held" if tuning.held else "none"),
    )


def _is_early(result: StudyResult, rung: Rung) -> bool:
    """Whether a rung tells little: in a warm-up, or before any value has learned."""
    learned = result.data.majority_share + OutcomeThresholds().learned
    is_warm = all(_warm_up(result, i) <= rung.epochs for i in rung.members)
    return not is_warm or max(rung.scores) <= learned


def _warm_up(result: StudyResult, config: int) -> float:
    """After how many epochs the learning rate of a config is what its value says."""
    settings = result.study.settings(result.configs[config])
    epochs = settings.optimizer.get("warmup_epochs", 0.0)
    steps = settings.optimizer.get("warmup_steps", 0.0)
    assert isinstance(epochs, int | float)
    assert isinstance(steps, int | float)
    return epochs + steps / max(-(-result.data.n_train // settings.batch_size), 1)
