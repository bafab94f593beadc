"""What was asked for, out of what a folder holds."""

from dataclasses import replace

import numpy as np
from builders import make_result, make_study
from tuning_builders import make_tuned_result, make_tuned_study

from paribus.refinement import may_be_added, with_added
from paribus.results import Progress
from paribus.results.asked import only_asked, only_asked_progress
from paribus.space import SearchSpace
from paribus.status import RunStatus


STORED = make_study(learning_rate=(0.001, 0.01, 0.1), n_seeds=4)
ASKED = replace(
    make_study(learning_rate=(0.1, 0.001), n_seeds=4), name="asked", seeds=(3, 1)
)


def test_only_the_configs_and_seeds_that_were_asked_for_are_kept_in_their_order():
    stored = make_result(STORED)
    stored = replace(stored, messages={(2, 3): "kept", (1, 3): "not asked for"})

    found = only_asked(stored, ASKED)

    assert found.configs == ASKED.configs()
    assert found.seeds == (3, 1)
    expected = stored.final("test_accuracy")[[2, 0]][:, [3, 1]]
    np.testing.assert_array_equal(found.final("test_accuracy"), expected)
    assert found.status.shape == found.diverged_at.shape == (2, 2)
    assert found.messages == {(0, 0): "kept"}
    assert found.study.name == stored.study.name


def test_a_study_that_asks_for_everything_gets_the_same_result():
    stored = make_result(STORED)

    assert only_asked(stored, STORED) is stored


def test_what_refinement_added_to_the_asked_configs_is_kept():
    study = make_tuned_study(refine=True)
    (grid,) = study.space.grids
    asked = replace(study, space=SearchSpace(grids=({**grid, "batch_size": (64,)},)))
    whole = with_added(study, may_be_added(study))
    scores = {tuple(c.values()): 0.9 for c in whole.configs()}

    found = only_asked(make_tuned_result(whole, scores), asked)

    rates = [c["learning_rate"] for c in found.configs]
    assert rates == [0.001, 0.01, 0.1, 0.005, 0.02]
    assert {c["batch_size"] for c in found.configs} == {64}
    assert found.study.space.declared() == asked.space


def test_progress_counts_only_the_runs_that_were_asked_for():
    status = np.full((3, 4), int(RunStatus.PENDING))
    status[2, 3] = status[0, 1] = status[1, 1] = RunStatus.CONVERGED
    scores = np.arange(12.0).reshape(3, 4)
    progress = Progress(
        activity="",
        n_runs=12,
        n_finished=3,
        n_trained=1,
        elapsed_s=1.0,
        remaining_s=2.0,
        metric="test_accuracy",
        scores=scores,
        status=status,
        configs=STORED.configs(),
    )

    found = only_asked_progress(progress, ASKED, seeds=(0, 1, 2, 3))

    assert (found.n_finished, found.n_runs, found.n_trained) == (2, 4, 1)
    assert found.configs == ASKED.configs()
    np.testing.assert_array_equal(found.scores, [[11, 9], [3, 1]])
