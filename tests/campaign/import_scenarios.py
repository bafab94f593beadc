"""Curves of another tool while faults are injected: imported."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from campaign.scenarios import NAME, Say, Scenario

from paribus.imports import import_runs
from paribus.results import StudyResult
from paribus.store import study_exists


FILE = "curves.csv"
RATES, SEEDS, EVALUATIONS = (0.1, 0.2), range(3), range(3)


def _accuracy(rate: float, seed: int, epoch: int) -> float:
    return rate + seed / 10 + epoch / 100


def _with_curves(folder: Path) -> None:
    rows = [
        f"{rate},{seed},{epoch},{_accuracy(rate, seed, epoch)}\n"
        for rate, seed, epoch in product(RATES, SEEDS, EVALUATIONS)
    ]
    header = "learning_rate,seed,epoch,test_accuracy\n"
    (folder / FILE).write_text(header + "".join(rows))


def _import(folder: Path, say: Say) -> None:
    if not study_exists(folder / NAME):
        import_runs(
            folder / FILE, folder / NAME, name=NAME, hyperparameters=["learning_rate"]
        )
    say("imported")


def _look(folder: Path, result: StudyResult, said: Sequence[str]) -> list[str]:
    written = [
        [[_accuracy(rate, seed, epoch) for epoch in EVALUATIONS] for seed in SEEDS]
        for rate in RATES
    ]
    found = result.curves.get("test_accuracy")
    if found is None or not np.array_equal(found, np.array(written, dtype=np.float32)):
        return ["not every run is there as it was written"]
    return []


SCENARIOS = (
    Scenario(name="import curves", prepare=_with_curves, act=_import, look=_look),
)
