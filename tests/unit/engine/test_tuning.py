"""Training in stages: tune, choose, then compare; and runs of unequal length."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_blobs_study, run_blobs

from paribus.analysis import choose_tuned, plan_runs
from paribus.engine import train
from paribus.engine.baseline import Baseline
from paribus.status import RunStatus
from paribus.store import read_study, study_exists
from paribus.study import MIN_SEEDS_FOR_BASELINE, Budget, Study
from paribus.tuning import Tuning, count_tuning_seeds


def tuned_blobs(**changes: object) -> Study:
    study = make_blobs_study(
        learning_rate=(1e-5, 0.03, 300.0), batch_size=(16, 32), seeds=(0, 1)
    )
    return replace(
        study,
        data=replace(study.data, validation=40),
        tuning=Tuning(seeds=count_tuning_seeds(3), n_choosing=2, held=(1e-5,)),
        **changes,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    return folder, run_blobs(tuned_blobs(), folder)


def test_exactly_the_planned_runs_are_trained(trained):
    _, result = trained

    values = [choice.best_value for choice in choose_tuned(result)]
    assert values == [0.03, 0.03]  # the others are far too small and far too large
    planned = plan_runs(result).is_planned
    assert (result.has_outcome() == planned).all()
    assert ((result.status == RunStatus.ABSENT) == ~planned).all()
    # 6 configs x 2 choosing; 2 chosen and 2 held x 2 seeds; 1 best x 1 target.
    assert planned.sum() == 12 + 8 + 1


@pytest.mark.slow
def test_values_worse_than_linear_are_not_chosen_while_training_either(
    tmp_path, monkeypatch
):
    """What is trained is what readers of the study find chosen."""
    monkeypatch.setattr(
        train, "train_baseline", lambda *_: Baseline(train_loss=1e-9, learning_rate=1.0)
    )
    study = replace(tuned_blobs(), seeds=tuple(range(MIN_SEEDS_FOR_BASELINE)))

    result = run_blobs(study, tmp_path)

    assert None in [choice.best_value for choice in choose_tuned(result)]
    assert (result.has_outcome() == plan_runs(result).is_planned).all()


class Interrupt:
    """Stops a study once it has committed some runs, as Ctrl-C would."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, progress) -> None:
        assert progress.n_finished <= progress.n_runs
        if progress.n_trained >= self.after:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_study_stopped_at_every_stage_ends_as_if_it_never_was(trained, tmp_path):
    _, expected = trained

    n_stops, result = 0, None
    while result is None:
        try:
            result = run_blobs(tuned_blobs(), tmp_path, on_progress=Interrupt(after=1))
        except KeyboardInterrupt:
            n_stops += 1

    assert n_stops >= 3  # while it tunes, while it sets targets, while it compares
    np.testing.assert_array_equal(result.status, expected.status)
    for name in ("validation_accuracy", "train_loss"):
        # Other shapes of a block give other last bits, and 26 steps amplify them.
        np.testing.assert_allclose(
            result.curves[name], expected.curves[name], rtol=1e-3, atol=1e-4
        )


def refined_blobs() -> Study:
    """One batch size, so that what refines its best value is four runs."""
    study = tuned_blobs(name="refined")
    assert study.tuning is not None
    grids = ({**study.space.grids[0], "batch_size": (16,)},)
    return replace(
        study,
        space=replace(study.space, grids=grids),
        tuning=replace(study.tuning, refine=True),
    )


@pytest.fixture(scope="module")
def refined(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refined")
    return folder, run_blobs(refined_blobs(), folder)


def test_half_and_twice_the_best_value_are_trained_too(refined):
    folder, result = refined

    (choice,) = choose_tuned(result)
    assert choice.values == (1e-5, 0.015, 0.03, 0.06, 300.0)
    plan = plan_runs(result)
    assert (plan.missing, plan.is_open.any()) == ((), False)
    assert (result.has_outcome() == plan.is_planned).all()
    # 5 configs x 2 choosing; 1 chosen and 1 held x 2 seeds; 1 best x 1 target.
    assert plan.is_planned.sum() == 10 + 4 + 1
    again = run_blobs(refined_blobs(), folder, on_progress=Interrupt(after=0))
    assert len(again.attempts) == len(result.attempts)


class InterruptEachStage(Interrupt):
    """Stops a study at the begin of each stage too, before a run of it has ended."""

    def __init__(self, seen: set[tuple[int, bool]]) -> None:
        super().__init__(after=1)
        self.seen = seen

    def __call__(self, progress) -> None:
        stage = len(progress.configs), progress.is_open
        if stage not in self.seen:
            self.seen.add(stage)
            raise KeyboardInterrupt
        super().__call__(progress)


@pytest.mark.slow
def test_a_refined_study_stopped_at_every_stage_ends_as_if_it_never_was(
    refined, tmp_path
):
    _, expected = refined

    stages, n_missing, result = set(), 0, None
    while result is None:
        try:
            on_progress = InterruptEachStage(stages)
            result = run_blobs(refined_blobs(), tmp_path, on_progress=on_progress)
        except KeyboardInterrupt:
            if study_exists(tmp_path / "refined"):  # else nothing had been trained
                n_missing += bool(plan_runs(read_study(tmp_path / "refined")).missing)

    assert n_missing > 0  # once when the best was known, and its neighbours not added
    # While declared values choose, while those around the best do, while it compares.
    assert stages == {(3, True), (5, True), (5, False)}
    assert result.configs == expected.configs
    np.testing.assert_array_equal(result.status, expected.status)
    for name in ("validation_accuracy", "train_loss"):
        # As above: other shapes of a block give other last bits.
        np.testing.assert_allclose(
            result.curves[name], expected.curves[name], rtol=1e-3, atol=1e-4
        )


def test_a_refined_study_trains_its_declared_runs_as_one_that_is_not(refined, tmp_path):
    _, result = refined
    study = refined_blobs()
    assert study.tuning is not None

    plain = run_blobs(
        replace(study, tuning=replace(study.tuning, refine=False)), tmp_path
    ).of_seeds(study.tuning.seeds[:2])

    n = len(plain.configs)
    chose = result.of_seeds(study.tuning.seeds[:2])
    assert chose.configs[:n] == plain.configs
    for name, curve in plain.curves.items():
        np.testing.assert_array_equal(chose.curves[name][:n], curve)


def test_nothing_is_trained_again(trained):
    folder, result = trained

    again = run_blobs(tuned_blobs(), folder, on_progress=Interrupt(after=0))

    assert len(again.attempts) == len(result.attempts)


@pytest.mark.slow
def test_a_value_more_is_tuned_and_the_choice_made_anew(trained, tmp_path):
    edge = tuned_blobs()
    grids = ({**edge.space.grids[0], "learning_rate": (1e-5, 0.03)},)
    small = replace(edge, space=replace(edge.space, grids=grids))

    before = run_blobs(small, tmp_path)
    after = run_blobs(tuned_blobs(), tmp_path)

    assert {choice.edge for choice in choose_tuned(before)} == {"upper"}
    # Only the held value was compared, and no target set.
    assert plan_runs(before).is_planned.sum() == 4 * 2 + 2 * 2
    assert [choice.best_value for choice in choose_tuned(after)] == [0.03, 0.03]
    assert (after.has_outcome() == plan_runs(after).is_planned).all()


@pytest.mark.slow
def test_large_batches_go_on_until_they_have_taken_as_many_steps(tmp_path):
    budget = Budget(epochs=2, evaluate_every=1.0, steps=30)
    study = make_blobs_study(learning_rate=(0.03,), batch_size=(8, 40), seeds=(0, 1))
    usual = replace(study, name="usual")

    result = run_blobs(replace(study, budget=budget), tmp_path)
    short = run_blobs(usual, tmp_path)

    # 200 examples: 25 steps an epoch at 8, so 30 are 1.2 epochs; 5 at 40, so 6 epochs.
    assert result.epochs.tolist() == pytest.approx([0, 1, 1.2, 2, 3, 4, 5, 6])
    curve = result.curves["test_loss"]
    assert np.isnan(curve[0, :, 4:]).all()
    assert np.isfinite(curve[0, :, :4]).all()
    assert np.isfinite(curve[1]).all()
    # What a run does up to `epochs` does not depend on what comes after.
    np.testing.assert_allclose(
        result.final("test_loss"), short.final("test_loss"), rtol=1e-5
    )
