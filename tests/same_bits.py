"""Two results of one study that must not differ by a bit."""

import numpy as np

from paribus.results import StudyResult
from paribus.status import RunStatus


def assert_same_bits(one: StudyResult, other: StudyResult) -> None:
    assert (one.status == RunStatus.CONVERGED).any()
    np.testing.assert_array_equal(one.status, other.status)
    np.testing.assert_array_equal(one.diverged_at, other.diverged_at)
    for found, expected in (
        (one.curves, other.curves),
        (one.measures, other.measures),
        (one.correct, other.correct),
    ):
        assert found.keys() == expected.keys()
        for name in expected:
            assert found[name].tobytes() == expected[name].tobytes(), name
