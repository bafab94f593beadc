"""Values that were stopped early: why they are not tested, and what would test them."""

from collections.abc import Collection, Iterable

from paribus.analysis.halving import stopped_after
from paribus.results import StudyResult
from paribus.space import show_value
from paribus.study import Study


def say_stopped(result: StudyResult, configs: Collection[int]) -> str:
    """Say which of some configs were stopped early; empty for none.

    Example of what it returns: `learning_rate=0.01, batch_size=16 fell behind and was
    stopped after 2 of 9 epochs`
    """
    after = stopped_after(result)
    clauses = [
        f"{result.configs[i].label()} fell behind and was stopped after {after[i]:g} "
        f"of {result.study.budget.epochs} epochs"
        for i in configs
        if i in after
    ]
    return "; ".join(clauses)


def held_option(study: Study, values: Iterable[float]) -> str:
    """The option of `paribus run` that compares values whatever tuning chooses."""
    held = study.tuning.held if study.tuning else ()
    written = ", ".join(map(show_value, sorted({*held, *values})))
    return f"--set 'tuning.held=[{written}]' with another --out"
