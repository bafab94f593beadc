"""Seeds that are added look by look, until the claims are decided."""

from dataclasses import replace

import pytest
from builders import make_blobs_study, run_blobs

from paribus.claims.stopping import next_look, open_atoms
from paribus.looks import first_seeds
from paribus.status import RunStatus
from paribus.store import read_study
from paribus.study import DeclaredClaim, Study


SEEDS = tuple(range(12))


def deciding(smallest_effect: float) -> Study:
    """A study whose better rate is better by about two thirds of all examples."""
    study = make_blobs_study(learning_rate=(1e-5, 0.05), epochs=4)
    claim = DeclaredClaim(
        text="0.05 is better",
        measure="test_accuracy",
        a={"learning_rate": 0.05},
        b={"learning_rate": 1e-5},
        relation="greater",
        smallest_effect=smallest_effect,
    )
    seeds = first_seeds(SEEDS, 2)
    return replace(study, seeds=seeds, planned_seeds=SEEDS, looks=2, claims=(claim,))


@pytest.fixture(scope="module")
def to_the_end(tmp_path_factory):
    """A claim so close to the truth that six seeds cannot tell."""
    folder = tmp_path_factory.mktemp("looks")
    asked = deciding(0.7)  # by as much it is better, give or take some points
    return folder, asked, run_blobs(asked, folder)


def test_an_open_claim_gets_all_seeds_of_the_plan_and_none_is_late(to_the_end):
    _, _, result = to_the_end

    assert result.study.n_looks == 2
    assert result.study.seeds == SEEDS
    assert result.study.late_seeds == ()
    assert (result.status >= RunStatus.DIVERGED).all()
    assert next_look(result) is None  # there is no third


def test_a_decided_claim_ends_the_study_at_the_first_look(tmp_path):
    result = run_blobs(deciding(0.001), tmp_path)

    assert open_atoms(result) == ()
    assert (result.study.n_looks, len(result.study.seeds)) == (1, 6)
    assert result.status.shape == (2, 6)


class Interrupt:
    """Stops a study once it has trained so many runs, as Ctrl-C would."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, progress) -> None:
        if progress.n_trained >= self.after:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [pytest.param(1, marks=pytest.mark.slow), 12, 13])
def test_an_interrupted_study_comes_to_the_same_end(to_the_end, tmp_path, after):
    _, asked, whole = to_the_end

    with pytest.raises(KeyboardInterrupt):
        run_blobs(asked, tmp_path, on_progress=Interrupt(after))
    result = run_blobs(asked, tmp_path)

    assert result.study.n_looks == whole.study.n_looks
    assert (result.final("test_accuracy") == whole.final("test_accuracy")).all()


def test_running_again_trains_nothing_and_keeps_the_look(to_the_end):
    folder, asked, whole = to_the_end

    again = run_blobs(asked, folder)

    assert again.study == whole.study
    assert read_study(folder / asked.name).study.n_looks == 2
