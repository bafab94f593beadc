"""May an equal budget be read from a run that goes on, whatever its schedule?"""

import math

from paribus.claims.evidence import BudgetKind, Evidence, Question
from paribus.claims.refusals import Refusal


_ENDS: dict[BudgetKind, str] = {
    "epochs": "the study's epochs",
    "steps": "equal steps",
    "seconds": "equal seconds",
}


def cut_schedule(evidence: Evidence, question: Question) -> Refusal | None:
    """A learning rate changes over its run's own budget, and another one is asked for.

    With a constant learning rate, warmed up or not, a long run begins as a short one
    does; with any other schedule the horizon is part of the config.
    """
    study = evidence.judged.study
    if question.budget not in _ENDS or study.is_imported:
        return None
    ends = evidence.epochs_at(question.budget, question.configs)
    for i, asked in zip(question.configs, ends, strict=True):
        config = evidence.judged.configs[i]
        schedule = study.settings(config).optimizer["schedule"]
        own_end = study.run_epochs(config, evidence.judged.data.n_train)
        is_cut = math.isfinite(asked) and not math.isclose(asked, own_end)
        if schedule != "constant" and is_cut:
            return Refusal(
                f"a {schedule} schedule ends with its run, and "
                f"{_ENDS[question.budget]} do not",
                '--set optimizer.schedule="constant"',
            )
    return None
