"""Two sides of a tuned study: what chose a value does not judge it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tuning_builders import make_tuned_result, make_tuned_study, trained

from paribus.analysis import compare, mark_absent
from paribus.errors import StudyError
from paribus.results import StudyResult
from paribus.space import SearchSpace


def tuned_result(
    *, best_at_64: float = 0.1, held: tuple[float, ...] = ()
) -> StudyResult:
    """Batch size 32 is best at 0.01; each is compared at its best, on three seeds."""
    rates = (0.001, 0.01, 0.1, 1.0)  # so that no best value is on an edge
    study = make_tuned_study(learning_rate=rates, held=held)
    scores = {(rate, size): 0.9 for rate in rates for size in (32, 64)}
    best: dict[Any, float] = {(0.01, 32): 0.97, (best_at_64, 64): 0.96}
    result = make_tuned_result(study, scores | best)
    for i, config in enumerate(study.configs()):
        runs = np.zeros(result.status.shape, dtype=bool)
        place = tuple(config.values())
        runs[i, : len(study.seeds)] = place in best or place[0] in held
        result = trained(result, runs, best.get(place, 0.9))
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


def test_sides_may_name_what_was_tuned_as_claims_do():
    plain, named = (
        compare(
            tuned_result(),
            {"batch_size": 32, **word},
            {"batch_size": 64, **word},
            metric="validation_accuracy",
        )
        for word in ({}, {"learning_rate": "tuned"})
    )

    assert named.difference == plain.difference
    assert named.pairs == plain.pairs


def test_sides_at_what_was_chosen_need_a_choice_inside_the_grid():
    sides = ({"batch_size": s, "learning_rate": "tuned"} for s in (32, 64))

    with pytest.raises(StudyError, match="not on the edge of its grid"):
        compare(tuned_result(best_at_64=1.0), *sides, metric="validation_accuracy")


def test_exchanging_tuned_sides_changes_the_sign():
    sides = {"batch_size": 32}, {"batch_size": 64}

    there = compare(tuned_result(), *sides, metric="validation_accuracy")
    back = compare(tuned_result(), *sides[::-1], metric="validation_accuracy")

    assert there.difference is not None
    assert back.difference == pytest.approx(-there.difference)


def test_what_was_held_is_no_partner_of_what_was_chosen():
    """32 is best at .01, which is held; 64 is best at .1, and trains at .01 too."""
    result = tuned_result(held=(0.01,))

    tuned, held = (
        compare(result, *sides, metric="validation_accuracy")
        for sides in (
            ({"batch_size": 32}, {"batch_size": 64}),
            (
                {"batch_size": 32, "learning_rate": 0.01},
                {"batch_size": 64, "learning_rate": 0.01},
            ),
        )
    )

    assert tuned.difference == pytest.approx(0.01)
    assert held.difference == pytest.approx(0.07)


def test_every_other_side_stands_at_its_best_where_grids_differ():
    """All values are compared, and no learning rate is one of both optimizers."""
    grids = (
        {"optimizer": ("sgd",), "learning_rate": (0.1, 1.0, 4.0), "batch_size": (32,)},
        {
            "optimizer": ("adam",),
            "learning_rate": (0.001, 0.003, 0.01),
            "batch_size": (32,),
        },
    )
    study = make_tuned_study(optimizer=("sgd", "adam"), compare="all")
    study = replace(study, space=SearchSpace(grids=grids))
    final = dict(
        zip(
            (tuple(c.values()) for c in study.configs()),
            (0.8, 0.95, 0.3, 0.9, 0.96, 0.4),
            strict=True,
        )
    )
    result = make_tuned_result(study, final)
    for i, config in enumerate(study.configs()):
        runs = np.zeros(result.status.shape, dtype=bool)
        runs[i, : len(study.seeds)] = True
        result = trained(result, runs, final[tuple(config.values())])

    found = compare(
        mark_absent(result),
        {"optimizer": "adam"},
        {"optimizer": "sgd"},
        metric="validation_accuracy",
    )

    assert found.difference == pytest.approx(0.01)
    assert [c["learning_rate"] for c in found.pairs[0]] == [0.003, 1.0]


def test_what_only_chose_is_no_side_of_a_comparison():
    with pytest.raises(StudyError, match="has only runs that chose") as refused:
        compare(
            tuned_result(best_at_64=0.01),
            {"learning_rate": 0.001},
            {"learning_rate": 0.01},
            metric="validation_accuracy",
        )

    assert "learning_rate=0.01, batch_size=64" in refused.value.hint


def test_a_shared_rate_is_set_against_the_best_of_each_side():
    """Held at .01, which is the best of 32 and a tenth of the best of 64."""
    held = tuned_result(held=(0.01,))
    sides = (
        {"batch_size": 32, "learning_rate": 0.01},
        {"batch_size": 64, "learning_rate": 0.01},
    )

    found = compare(held, *sides, metric="validation_accuracy")
    tuned = compare(
        held, {"batch_size": 32}, {"batch_size": 64}, metric="validation_accuracy"
    )

    assert found.rates_to_best == pytest.approx((1.0, 0.1))
    assert tuned.rates_to_best == (1.0, 1.0)


def test_without_tuning_nothing_is_known_of_the_best_rate():
    plain = replace(tuned_result(), study=replace(tuned_result().study, tuning=None))

    found = compare(
        plain,
        {"batch_size": 32, "learning_rate": 0.01},
        {"batch_size": 32, "learning_rate": 0.1},
        metric="validation_accuracy",
    )

    assert found.rates_to_best == (None, None)
