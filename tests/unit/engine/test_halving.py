"""Runs that stop at rungs: what goes on ends with the bits it would have had."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import pytest
from builders import make_blobs_study, write_blobs

from paribus.analysis import choose_tuned, plan_runs
from paribus.analysis.halving import evaluated_counts
from paribus.api import run_study
from paribus.declared import DIAGNOSTICS, RESCUE
from paribus.engine import session, train, trainer
from paribus.engine.disk import DiskSpace
from paribus.engine.epochs import train_block
from paribus.errors import ParibusWarning, StudyError, TooManyFailuresError
from paribus.halving import Halving
from paribus.results import StudyResult
from paribus.space import SearchSpace
from paribus.status import RunStatus
from paribus.store import check_study, read_study
from paribus.study import Budget, Study
from paribus.tuning import Tuning, count_tuning_seeds


# The first value learns nothing in so few epochs, the last diverges at once.
RATES = (1e-5, 1e-3, 0.01, 0.03, 0.1, 1e38)
MOMENTS = (0.8, 0.9)  # two combinations that share a program, and blocks
EPOCHS = 4
FACTOR = 2
RUNGS = {1: 3, 2: 5}  # epochs -> evaluations, with two an epoch
CHOOSING = slice(2, 4)  # columns: two seeds that judge, then two that choose


def pruning_blobs(halving: Halving | None = Halving(factor=FACTOR)) -> Study:  # noqa: B008
    study = make_blobs_study(seeds=(0, 1))
    return replace(
        study,
        budget=Budget(epochs=EPOCHS, evaluate_every=0.5),
        # The rate falls to zero at the end of the whole budget, not at a rung.
        optimizer=replace(study.optimizer, settings={"schedule": "cosine"}),
        space=SearchSpace(
            grids=({"learning_rate": RATES, "b1": MOMENTS, "batch_size": (16,)},)
        ),
        data=replace(study.data, validation=40),
        tuning=Tuning(
            seeds=count_tuning_seeds(3), n_choosing=2, held=(1e-3,), halving=halving
        ),
        exact=True,
    )


def run(study: Study, folder: Path, **options) -> StudyResult:
    if not (folder / "blobs.npz").exists():
        write_blobs(folder / "blobs.npz")
    return run_study(
        study, folder / study.name, data_folder=folder, device="cpu", **options
    )


@pytest.fixture(scope="module", autouse=True)
def narrow_blocks():
    """So that what chooses is trained in several blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "EXACT_RUNS_PER_DEVICE", 4)
        yield


class Watched(NamedTuple):
    """A study that prunes, trained, and what it took of its disk on the way."""

    folder: Path
    result: StudyResult
    expected: DiskSpace
    most_bytes: int


@pytest.fixture(scope="module")
def watched(tmp_path_factory) -> Watched:
    folder = tmp_path_factory.mktemp("pruned")
    expected: list[DiskSpace] = []
    sizes: list[int] = []

    def weigh(progress) -> None:
        states = (folder / "blobs" / "checkpoints").glob("*.safetensors")
        sizes.append(sum(path.stat().st_size for path in states))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "check_disk", lambda where, n: expected.append(n))
        result = run(pruning_blobs(), folder, on_progress=weigh)
    return Watched(folder, result, expected[0], max(sizes))


@pytest.fixture(scope="module")
def pruned(watched: Watched) -> tuple[Path, StudyResult]:
    return watched.folder, watched.result


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> StudyResult:
    """The same study, every value trained to the end."""
    return run(pruning_blobs(halving=None), tmp_path_factory.mktemp("whole"))


def assert_same_bits(found: StudyResult, expected: StudyResult, where=...) -> None:
    for name in expected.curves:
        one, other = found.curves[name][where], expected.curves[name][where]
        assert one.tobytes() == other.tobytes(), name
    for name in expected.measures:
        one, other = found.measures[name][where], expected.measures[name][where]
        assert one.tobytes() == other.tobytes(), name
    for name in expected.correct:
        one, other = found.correct[name][where], expected.correct[name][where]
        assert (one == other).all(), name


def test_what_goes_on_ends_with_the_bits_of_an_uninterrupted_run(pruned, whole):
    _, result = pruned
    went_on = result.status > RunStatus.DIVERGED
    assert went_on[:, CHOOSING].sum() >= 8

    there = went_on & (whole.status > RunStatus.DIVERGED)

    assert there[:, CHOOSING].sum() == went_on[:, CHOOSING].sum()
    assert_same_bits(result, whole, there)


def test_what_was_stopped_has_the_bits_of_a_whole_run_up_to_there(pruned, whole):
    _, result = pruned
    counts = evaluated_counts(result)
    places = np.argwhere(result.status == RunStatus.PRUNED)

    assert {int(counts[i, j]) for i, j in places} == set(RUNGS.values())
    for name, curve in result.curves.items():
        for i, j in places:
            n = counts[i, j]
            found, expected = curve[i, j, :n], whole.curves[name][i, j, :n]
            assert found.tobytes() == expected.tobytes()
            assert np.isnan(curve[i, j, n:]).all()


def halved_by_hand(whole: StudyResult) -> dict[int, int]:
    """Successive halving as a loop over recorded curves: config -> where it stops."""
    stopped: dict[int, int] = {}
    scores = whole.curves["validation_accuracy"]
    diverged = whole.diverged_at > 0
    for moment in MOMENTS:
        alive = [i for i, c in enumerate(whole.configs) if c["b1"] == moment]
        for evaluation in RUNGS.values():
            n_kept = -(-len(alive) // FACTOR)
            means = {}
            for i in alive:
                values = scores[i, CHOOSING, evaluation - 1]
                if not diverged[i, CHOOSING].any():
                    means[i] = sum(sorted(values.tolist())) / len(values)
            best_first = sorted(means, key=lambda i: -means[i])
            lowest = means[best_first[:n_kept][-1]]
            kept = [i for i in means if means[i] >= lowest]
            assert lowest > whole.data.majority_share  # so that ties go on
            stopped |= {i: evaluation for i in alive if i not in kept}
            alive = kept
    return stopped


def test_the_same_values_are_stopped_as_in_a_loop_over_whole_curves(pruned, whole):
    _, result = pruned
    expected = halved_by_hand(whole)
    counts = evaluated_counts(result)

    found = {
        int(i): int(counts[i, CHOOSING].max())
        for i in np.flatnonzero((result.status == RunStatus.PRUNED).any(axis=1))
    }

    diverged = {i for i, c in enumerate(whole.configs) if c["learning_rate"] > 1}
    assert found == {i: at for i, at in expected.items() if i not in diverged}
    assert diverged <= expected.keys()
    # A run that diverged before its value was stopped has diverged.
    assert (result.status[sorted(diverged), CHOOSING] == RunStatus.DIVERGED).all()


def test_what_is_chosen_is_what_whole_runs_would_choose_of_the_last(pruned, whole):
    _, result = pruned

    for found, full in zip(choose_tuned(result), choose_tuned(whole), strict=True):
        assert found.best_value == full.best_value
        assert found.edge is None  # stopped neighbours were tried
        assert len(found.pruned) == 3
        by_value = dict(zip(found.values, found.scores, strict=True))
        assert all(np.isnan(by_value[value]) for value in found.pruned)


def test_a_finished_study_is_sound_and_has_nothing_left_to_train(pruned):
    folder, result = pruned
    plan = plan_runs(result)

    assert check_study(folder / "blobs").problems == ()
    assert not [*(folder / "blobs" / "checkpoints").iterdir()]
    assert not plan.is_open.any()
    ended = result.has_outcome() | (result.status == RunStatus.PRUNED)
    assert (ended == plan.is_planned).all()
    again = run(pruning_blobs(), folder)
    assert len(again.attempts) == len(result.attempts)  # nobody even began
    assert_same_bits(again, result)


def test_the_disk_that_waiting_at_a_rung_takes_is_said_beforehand(watched: Watched):
    # Beside them, the state of one block that is interrupted.
    assert watched.most_bytes <= watched.expected.states <= 2 * watched.most_bytes


class StopAfter:
    """Interrupts when progress has been told so many times."""

    def __init__(self, n_events: int) -> None:
        self._left = n_events

    def __call__(self, progress) -> None:
        assert progress.n_finished <= progress.n_runs
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


def interrupted(folder: Path, n_events: int) -> StudyResult:
    with pytest.raises(KeyboardInterrupt):
        run(pruning_blobs(), folder, on_progress=StopAfter(n_events))
    return read_study(folder / "blobs")


def test_a_study_stopped_on_its_way_ends_with_the_same_bits(pruned, tmp_path):
    _, expected = pruned
    stopped = interrupted(tmp_path, 9)
    assert (stopped.status == RunStatus.INTERRUPTED).any()

    result = run(pruning_blobs(), tmp_path)

    assert (result.status == expected.status).all()
    assert_same_bits(result, expected)


@pytest.mark.long
def test_a_study_stopped_again_and_again_ends_with_the_same_bits(pruned, tmp_path):
    _, expected = pruned
    n_stops, result = 0, None
    while result is None:
        try:
            # A block from its first step to its last tells 11 times.
            result = run(pruning_blobs(), tmp_path, on_progress=StopAfter(13))
        except KeyboardInterrupt:
            n_stops += 1
            assert check_study(tmp_path / "blobs").problems == ()

    assert n_stops >= 4
    assert (result.status == expected.status).all()
    assert_same_bits(result, expected)


def at_first_rung(folder: Path) -> None:
    """Stop when the first values have been stopped."""
    for n_events in range(12, 60, 2):
        stopped = interrupted(folder, n_events)
        if (stopped.status == RunStatus.PRUNED).any():
            return
    raise AssertionError("nothing was stopped")


@pytest.mark.slow
def test_a_state_that_is_lost_costs_time_and_no_bit(pruned, tmp_path):
    _, expected = pruned
    at_first_rung(tmp_path)
    shutil.rmtree(tmp_path / "blobs" / "checkpoints")

    with pytest.warns(ParibusWarning, match="the block starts again"):
        result = run(pruning_blobs(), tmp_path)

    assert (result.status == expected.status).all()
    assert_same_bits(result, expected)  # curves of what had been stopped are kept


@pytest.mark.slow
def test_a_block_that_fails_leaves_its_values_to_its_other_runs(
    pruned, tmp_path, monkeypatch
):
    """Then what is stopped is decided without it, and trying again changes nothing."""
    n_calls = 0

    def failing(*arguments, **options):
        nonlocal n_calls
        n_calls += 1
        if n_calls == 2:
            raise jax.errors.JaxRuntimeError("INTERNAL: broken")
        return train_block(*arguments, **options)

    monkeypatch.setattr(session, "train_block", failing)
    with pytest.raises(TooManyFailuresError):
        run(pruning_blobs(), tmp_path)
    first = read_study(tmp_path / "blobs")
    is_failed = first.status == RunStatus.FAILED
    assert is_failed[:, CHOOSING].any()
    assert (first.status == RunStatus.PRUNED).any()

    result = run(pruning_blobs(), tmp_path, retry_failed=True)

    assert check_study(tmp_path / "blobs").problems == ()
    was_pruned = first.status == RunStatus.PRUNED
    assert (result.status[was_pruned] == RunStatus.PRUNED).all()
    # Of values that were stopped, and of those whose other run diverged, no more.
    is_out = was_pruned.any(axis=1) | (first.status == RunStatus.DIVERGED).any(axis=1)
    there, unasked = is_failed & ~is_out[:, None], is_failed & is_out[:, None]
    assert there.any()
    assert (result.status[there] >= RunStatus.DIVERGED).all()
    assert (result.status[unasked] == RunStatus.ABSENT).all()


@pytest.mark.parametrize(
    ("rates", "how"), [((*RATES[:5], 1.0, 1e38), "with"), (RATES[1:], "without")]
)
def test_other_values_are_refused_where_some_were_stopped(pruned, rates, how):
    folder, _ = pruned
    study = pruning_blobs()
    grid = {**study.space.grids[0], "learning_rate": rates}
    other = replace(study, space=SearchSpace(grids=(grid,)))

    with pytest.raises(StudyError, match=f"got it {how} learning_rate=") as caught:
        run(other, folder)

    assert "another folder" in (caught.value.hint or "")


@pytest.mark.long
def test_on_a_gpu_what_goes_on_moves_to_a_narrower_program(tmp_path, monkeypatch):
    """As there all runs of a block are computed at once, here in vmapped programs."""
    shapes: list[int] = []

    class OfGpus(trainer.Trainer):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.on_cpu = False

    def noting(driver, runs, *arguments, **options):
        shapes.append(driver.shape.n_runs)
        assert len(runs) <= driver.shape.n_runs
        return train_block(driver, runs, *arguments, **options)

    monkeypatch.setattr(session, "train_block", noting)
    monkeypatch.setattr(train, "Trainer", OfGpus)
    study = replace(pruning_blobs(), exact=False)

    result = run(study, tmp_path)
    narrowed = [*shapes]
    full = run(replace(study, name="full", tuning=unpruned(study)), tmp_path)

    # 24 runs choose beside 4 of held values; 12 of them go on, and then 8.
    assert narrowed[0] == 28
    assert {16, 8} <= set(narrowed)
    went_on = (result.status > RunStatus.DIVERGED) & (full.status > RunStatus.DIVERGED)
    for name in ("train_loss", "validation_loss"):
        # Vectorised products of another width are rounded otherwise.
        np.testing.assert_allclose(
            result.curves[name][went_on], full.curves[name][went_on], rtol=1e-3
        )


def unpruned(study: Study) -> Tuning:
    assert study.tuning is not None
    return replace(study.tuning, halving=None)


def with_equal_steps(study: Study) -> Study:
    """The larger batches go on, past the epochs of the study."""
    grid = {**study.space.grids[0], "b1": (0.9,), "batch_size": (16, 32)}
    budget = Budget(epochs=EPOCHS, evaluate_every=0.5, steps=40)
    return replace(study, budget=budget, space=SearchSpace(grids=(grid,)))


def with_diagnostics(study: Study) -> Study:
    """What is measured of the weights on the way is kept at a rung too."""
    return replace(study, diagnostics=tuple(n for n in DIAGNOSTICS if n != RESCUE))


def with_dropout(study: Study) -> Study:
    model = replace(study.model, settings={**study.model.settings, "dropout": 0.2})
    return replace(study, model=model)


def with_refinement(study: Study) -> Study:
    assert study.tuning is not None
    return replace(study, tuning=replace(study.tuning, refine=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    "change", [with_equal_steps, with_diagnostics, with_dropout, with_refinement]
)
def test_what_goes_on_is_as_a_whole_run_whatever_the_study_asks(tmp_path, change):
    study = change(pruning_blobs())
    full = replace(study, name="full", tuning=unpruned(study))

    result, whole = run(study, tmp_path), run(full, tmp_path)

    assert check_study(tmp_path / study.name).problems == ()
    assert (result.status == RunStatus.PRUNED).sum() >= 8
    assert not plan_runs(result).is_open.any()
    configs = [whole.configs.index(config) for config in result.configs]
    there = result.status > RunStatus.DIVERGED
    there &= whole.status[configs] > RunStatus.DIVERGED
    assert there[:, CHOOSING].sum() >= 6
    for name, curve in whole.curves.items():
        found, expected = result.curves[name][there], curve[configs][there]
        assert found.tobytes() == expected.tobytes(), name
    for name, values in whole.measures.items():
        found, expected = result.measures[name][there], values[configs][there]
        assert found.tobytes() == expected.tobytes(), name
