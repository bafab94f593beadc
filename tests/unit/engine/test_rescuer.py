"""Bad runs go on when they end: after tuning, whatever stops the study between."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_blobs_study, write_blobs

from paribus.analysis.rescues import plan_rescues
from paribus.api import run_study
from paribus.errors import StudyError
from paribus.status import RunStatus
from paribus.study import DataChoice, Study
from paribus.tuning import Tuning, count_tuning_seeds


pytestmark = pytest.mark.slow

RESCUE = ("rescued", "rescued_accuracy", "rescue_learning_rate", "rescue_target")


def make_study() -> Study:
    study = make_blobs_study(
        learning_rate=(1e-5, 0.03, 0.1, 30.0), seeds=(0, 1), optimizer="sgd"
    )
    return replace(
        study,
        data=DataChoice(path="blobs.npz", validation=40),
        tuning=Tuning(seeds=count_tuning_seeds(5), n_choosing=2, compare="all"),
        diagnostics=("rescue",),
    )


def run(study, folder, **options):
    if not (folder / "blobs.npz").exists():
        write_blobs(folder / "blobs.npz")
    return run_study(
        study, folder / study.name, data_folder=folder, device="cpu", **options
    )


class Stop:
    """Stops a study once it has committed a run, and notes what there was then."""

    def __init__(self, study: Study) -> None:
        self.n_own = len(study.seeds)
        self.order: list[str] = []

    def __call__(self, progress) -> None:
        ended = progress.status >= RunStatus.DIVERGED
        own, tuning = ended[:, : self.n_own].any(), ended[:, self.n_own :].sum()
        # 4 values x 2 seeds that choose, and the best value with 3 more.
        assert not own or tuning == 4 * 2 + 3
        if progress.n_trained >= 1:
            raise KeyboardInterrupt


def test_a_study_stopped_after_every_block_has_the_same_rescues(tmp_path):
    study = make_study()
    (tmp_path / "whole").mkdir()
    whole = run(study, tmp_path / "whole")

    n_stops, result, stop = 0, None, Stop(study)
    while result is None:
        try:
            result = run(study, tmp_path, on_progress=stop)
        except KeyboardInterrupt:
            n_stops += 1

    assert n_stops >= 3
    bad = np.isfinite(whole.measures["rescued"])
    assert bad[0, :2].all()  # at 1e-5 nothing is learned
    for name in RESCUE:
        # Other shapes of a block give other last bits; 40 examples in whole numbers.
        np.testing.assert_allclose(
            result.measures[name][0], whole.measures[name][0], rtol=1e-5, atol=1 / 40
        )


def test_nothing_is_planned_before_tuning_has_ended_or_at_an_edge(tmp_path):
    study = make_study()
    grids = ({**study.space.grids[0], "learning_rate": (1e-5, 0.03)},)
    edge = run(replace(study, space=replace(study.space, grids=grids)), tmp_path)
    assert plan_rescues(edge).by_config == {}
    assert not np.isfinite(edge.measures.get("rescued", np.array(np.nan))).any()

    whole = run(study, tmp_path)
    plan = plan_rescues(whole)
    assert set(plan.by_config) == {0, 1, 2, 3}
    status = whole.status.copy()
    status[0, -5] = RunStatus.PENDING  # the first seed that chooses
    assert plan_rescues(replace(whole, status=status)).by_config == {}
    # Runs that ended before the best rate was known have no rescue, and keep none.
    assert np.isnan(whole.measures["rescued"][0, :2]).all()


def test_rescues_need_a_tuned_learning_rate():
    study = make_study()
    with pytest.raises(StudyError, match="needs a study that tunes `learning_rate`"):
        replace(study, tuning=None)
