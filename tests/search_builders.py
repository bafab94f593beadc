"""Functions that make searches for tests; they assert nothing."""

from dataclasses import replace

import numpy as np
from builders import make_result, make_study
from tuning_builders import make_tuned_result, make_tuned_study

from paribus.refinement import may_be_added, with_added
from paribus.results import StudyResult
from paribus.space import SearchSpace


RATES = (0.0001, 0.001, 0.01, 0.1, 1.0)
SCORES: dict[object, float] = {0.0001: 0.5, 0.001: 0.9, 0.01: 0.95, 0.1: 0.8, 1.0: 0.1}


def make_tuned_search(
    *, batch_size: tuple[int, ...] = (32, 64), refine: bool = False
) -> StudyResult:
    """Learning rates that were tuned for each batch size, the smallest a bit better."""
    study = make_tuned_study(learning_rate=RATES, batch_size=batch_size, refine=refine)
    if refine:
        study = with_added(study, may_be_added(study))
    scores = {
        (rate, size): SCORES.get(rate, 0.99) - 0.01 * batch_size.index(size)
        for config in study.configs()
        for rate, size in [(config["learning_rate"], config["batch_size"])]
    }
    return make_tuned_result(study, scores)


def make_search(accuracy: np.ndarray) -> StudyResult:
    """Configs of a random search, one or more seeds each."""
    rates = np.geomspace(0.001, 1, len(accuracy))
    grids = tuple({"learning_rate": (r,), "batch_size": (32,)} for r in rates.tolist())
    # A second batch size, so that it is no full grid.
    grids = ({**grids[0], "batch_size": (64,)}, *grids[1:])
    study = make_study(n_seeds=accuracy.shape[1])
    study = replace(study, space=SearchSpace(grids=grids))
    return make_result(study, final_accuracy=accuracy)
