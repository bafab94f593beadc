"""Two sides of a tuned study: what chose a value does not judge it."""

from typing import Any

import numpy as np
import pytest
from tuning_builders import make_tuned_result, make_tuned_study, trained

from paribus.analysis import compare, mark_absent
from paribus.errors import StudyError
from paribus.results import StudyResult


def tuned_result(*, best_at_64: float = 0.1) -> StudyResult:
    """Batch size 32 is best at 0.01; each is compared at its best, on three seeds."""
    study = make_tuned_study()
    scores = {(rate, size): 0.9 for rate in (0.001, 0.01, 0.1) for size in (32, 64)}
    best: dict[Any, float] = {(0.01, 32): 0.97, (best_at_64, 64): 0.96}
    result = make_tuned_result(study, scores | best)
    for i, config in enumerate(study.configs()):
        runs = np.zeros(result.status.shape, dtype=bool)
        runs[i, : len(study.seeds)] = tuple(config.values()) in best
        result = trained(result, runs, best.get(tuple(config.values()), 0.0))
    return mark_absent(result)


def test_tuned_sides_stand_at_their_own_best_values():
    found = compare(
        tuned_result(),
        {"batch_size": 32},
        {"batch_size": 64},
        metric="validation_accuracy",
    )

    assert found.difference == pytest.approx(0.01)
    assert found.n_seeds == 3
    assert [dict(config) for config in found.pairs[0]] == [
        {"learning_rate": 0.01, "batch_size": 32},
        {"learning_rate": 0.1, "batch_size": 64},
    ]


def test_what_only_chose_is_no_side_of_a_comparison():
    with pytest.raises(StudyError, match="has only runs that chose") as refused:
        compare(
            tuned_result(best_at_64=0.01),
            {"learning_rate": 0.001},
            {"learning_rate": 0.01},
            metric="validation_accuracy",
        )

    assert "learning_rate=0.01, batch_size=64" in refused.value.hint
