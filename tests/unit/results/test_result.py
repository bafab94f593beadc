"""Configs of a result by their values: what is said where there is none."""

from dataclasses import replace

import pytest
from tuning_builders import SCORES, make_tuned_result, make_tuned_study

from paribus.errors import StudyError
from paribus.space import SearchSpace


RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def test_a_value_that_no_config_has_is_answered_with_those_that_there_are():
    scores = {(rate, size): 0.9 for rate in RATES for size in (32, 64)}
    result = make_tuned_result(make_tuned_study(learning_rate=RATES), scores)

    with pytest.raises(StudyError, match="no config has batch_size=32") as refused:
        result.config_indices({"batch_size": 32, "learning_rate": 0.02})

    assert refused.value.hint == (
        "`learning_rate` has 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1 and 2 more"
    )


def test_values_that_no_config_has_together_are_answered_with_the_nearest():
    study = make_tuned_study()
    space = SearchSpace(
        grids=(
            {"learning_rate": (0.001, 0.01), "batch_size": (32,)},
            {"learning_rate": (0.1,), "batch_size": (64,)},
        )
    )
    result = make_tuned_result(replace(study, space=space), SCORES)

    with pytest.raises(StudyError) as refused:
        result.config_indices({"learning_rate": 0.1, "batch_size": 32})

    assert refused.value.hint == (
        "the nearest are: learning_rate=0.001, batch_size=32; "
        "learning_rate=0.01, batch_size=32; learning_rate=0.1, batch_size=64"
    )
