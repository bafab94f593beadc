"""Results like the notebook's, and parts of reports, for tests of what they say."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
from builders import make_result

from paribus.report.document import Report, Table
from paribus.results import Attempt, StudyResult, Timing
from paribus.space import SearchSpace
from paribus.status import RunStatus
from paribus.study import Budget, DataChoice, ModelChoice, OptimizerChoice, Study


NOTEBOOK_GRIDS = (
    {"learning_rate": (0.001, 0.01, 0.1), "batch_size": (32,)},
    {"learning_rate": (0.01,), "batch_size": (32, 64, 128)},
)
FULL_GRID = ({"learning_rate": (0.001, 0.01, 0.1), "batch_size": (32, 64, 128)},)


def make_notebook_study(
    *,
    name: str = "notebook",
    grids=NOTEBOOK_GRIDS,
    n_seeds: int = 10,
    validation: int = 0,
    hidden: tuple[int, ...] = (128,),
    epochs: int = 5,
) -> Study:
    """The notebook's study, or one that differs in what is said."""
    return Study(
        name=name,
        seeds=tuple(range(n_seeds)),
        budget=Budget(epochs=epochs, evaluate_every=1.0),
        data=DataChoice(name="mnist", validation=validation),
        model=ModelChoice(name="mlp", settings={"hidden": hidden}),
        optimizer=OptimizerChoice(name="keras_adam"),
        space=SearchSpace(grids=grids),
    )


def make_notebook_result(
    study: Study | None = None, *, diverged: dict[tuple[int, int], int] | None = None
) -> StudyResult:
    """Made-up runs of such a study, near what training gives.

    `diverged` maps (config, seed) to the step at which that run diverged.
    """
    study = study or make_notebook_study()
    rng = np.random.default_rng(0)
    centre = {0.001: 0.977, 0.01: 0.963, 0.1: 0.48}
    spread = {0.001: 0.001, 0.01: 0.003, 0.1: 0.1}
    rates = [float(str(config["learning_rate"])) for config in study.configs()]
    noise = rng.normal(size=(len(rates), len(study.seeds)))
    final = np.stack(
        [centre[r] + spread[r] * row for r, row in zip(rates, noise, strict=True)]
    )
    result = make_result(study, final_accuracy=final)
    status, diverged_at = result.status.copy(), result.diverged_at.copy()
    curves = {name: curve.copy() for name, curve in result.curves.items()}
    for run, step in (diverged or {}).items():
        status[run], diverged_at[run] = RunStatus.DIVERGED, step
        for curve in curves.values():
            curve[run][2:] = np.nan
    return replace(
        result,
        status=status,
        diverged_at=diverged_at,
        curves=curves,
        attempts=(
            Attempt(
                number=1,
                started="2026-03-01T10:00:00+00:00",
                environment={"python": "3.11.2", "jax": "0.10.1"},
                n_runs=status.size,
                seconds=58.3,
            ),
        ),
        timings=(
            Timing(
                config=study.configs()[0],
                seconds_per_epoch=0.42,
                variation=0.02,
                n_repeats=3,
                load_before=0.1,
            ),
        ),
    )


def headings(report: Report) -> list[str]:
    """The sections of a report, in their order."""
    return [section.heading for section in report.sections]


def blocks(report: Report, anchor: str) -> tuple[Any, ...]:
    """What a section of a report consists of."""
    (found,) = [section for section in report.sections if section.anchor == anchor]
    return found.blocks


def plain(markdown: str) -> str:
    """Markdown without its escapes."""
    return re.sub(r"\\([^A-Za-z0-9])", r"\1", markdown)


def table(report: Report, anchor: str) -> Table:
    """The first table of a section."""
    return next(block for block in blocks(report, anchor) if isinstance(block, Table))


def column(found: Table, heading: str) -> list[str]:
    """A column of a table, by its heading."""
    place = found.columns.index(heading)
    return [row[place] for row in found.rows]
