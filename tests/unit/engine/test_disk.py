"""What a study will take of a disk is said before it is trained."""

import shutil
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_blobs_study, train_blobs

from paribus.declared import DIAGNOSTICS, RESCUE
from paribus.engine import disk, session
from paribus.engine import keeper as keeping
from paribus.engine.disk import DiskSpace, check_disk
from paribus.errors import ParibusWarning, ResourceError
from paribus.report import build_report, render_html
from paribus.store import progress, read_study
from paribus.store.checkpoints import write_checkpoint
from paribus.study import Study


Usage = namedtuple("Usage", "total used free")


def free(monkeypatch: pytest.MonkeyPatch, n_bytes: int) -> None:
    usage = Usage(10 * n_bytes, 9 * n_bytes, n_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)


def test_a_disk_that_will_not_hold_the_study_is_refused_with_both_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    free(monkeypatch, 20_000_000)

    with pytest.raises(ResourceError) as refused:
        check_disk(tmp_path, DiskSpace(20_000_000, 4_000_000, 5_000_000, 1_000_000))

    assert str(refused.value) == (
        f"`{tmp_path}` needs about 24.1 MB of disk space, 20.0 MB are free"
    )
    assert "--out" in refused.value.hint


def test_a_study_that_takes_more_than_half_of_it_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    free(monkeypatch, 20_000_000)

    check_disk(tmp_path, DiskSpace(9_999_999, 0, 0, 0))
    with pytest.warns(ParibusWarning, match=r"12\.0 MB of disk space, 20\.0 MB are"):
        check_disk(tmp_path, DiskSpace(9_999_999, 1, 1_000_000, 1_000_000))


def test_what_training_may_do_without_is_no_reason_to_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    free(monkeypatch, 3_000_000)

    words = r"7\.0 MB of disk space, 3\.0 MB are free: not enough for its report"
    with pytest.warns(ParibusWarning, match=words):
        check_disk(tmp_path, DiskSpace(10_000, 0, 5_790_000, 1_200_000))


def test_a_small_study_needs_little_on_a_disk_that_is_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    free(monkeypatch, 180_000)

    with pytest.warns(ParibusWarning, match="not enough for its report"):
        result = train_blobs(make_blobs_study(), tmp_path)

    assert result.has_outcome().all()


def test_a_system_that_does_not_tell_is_asked_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(folder: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(shutil, "disk_usage", refuse)

    check_disk(tmp_path, DiskSpace(10**18, 0, 0, 0))


def test_nothing_is_trained_on_a_disk_that_is_too_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    free(monkeypatch, 100_000)

    with pytest.raises(ResourceError, match="are free"):
        train_blobs(make_blobs_study(), tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["blobs.npz"]


def test_a_study_that_has_begun_stays_where_the_disk_is_too_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before = train_blobs(make_blobs_study(), tmp_path).has_outcome().sum()
    free(monkeypatch, 1_000)

    with pytest.raises(ResourceError, match="are free"):
        train_blobs(make_blobs_study(seeds=(0, 1, 2)), tmp_path)

    assert read_study(tmp_path / "blobs").has_outcome().sum() == before


MEASURED = tuple(name for name in DIAGNOSTICS if name != RESCUE)
MANY = tuple(range(60))


@pytest.mark.long
@pytest.mark.parametrize(
    "study",
    [
        make_blobs_study(),
        make_blobs_study(seeds=MANY),
        make_blobs_study(epochs=20, seeds=MANY[:5]),
        make_blobs_study(epochs=30, evaluate_every=0.1, seeds=MANY[:20]),
        make_blobs_study(batch_size=(8, 16, 32, 64), seeds=MANY[:12]),
        replace(make_blobs_study(seeds=MANY[:6]), diagnostics=MEASURED),
    ],
    ids=["tiny", "seeds", "epochs", "evaluations", "programs", "diagnostics"],
)
def test_the_estimate_is_not_too_little_and_not_twice_too_much(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[DiskSpace] = []
    begun: list[int] = []

    def ask(folder: Path, space: DiskSpace) -> None:
        asked.append(space)
        begun.append((folder / "study.db").stat().st_size)

    monkeypatch.setattr(session, "check_disk", ask)

    result = train_blobs(study, tmp_path)

    report = render_html(build_report(result)).encode()
    stored = (tmp_path / "blobs" / "study.db").stat().st_size
    assert stored - begun[0] <= asked[0].stored + disk.JOURNAL_BYTES
    assert begun[0] + asked[0].stored <= 2 * stored
    assert len(report) <= asked[0].report <= 1.5 * len(report)


@pytest.mark.slow
def test_states_are_as_large_as_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keeping, "EVALUATIONS_S", 0.0)
    monkeypatch.setattr(keeping, "CHECKPOINT_S", 0.0)
    monkeypatch.setattr(keeping, "LONGEST_S", 0.0)
    monkeypatch.setattr(disk, "CHECKPOINT_S", 0.0)
    asked: list[DiskSpace] = []
    monkeypatch.setattr(session, "check_disk", lambda folder, n: asked.append(n))
    sizes: list[int] = []
    write = write_checkpoint

    def weighed(*arguments, **more):
        row = write(*arguments, **more)
        sizes.append(row.size)
        return row

    monkeypatch.setattr(progress, "write_checkpoint", weighed)

    train_blobs(make_blobs_study(epochs=5, seeds=MANY[:4]), tmp_path)

    assert max(sizes) <= asked[0].states / disk.N_STATES <= 1.5 * max(sizes)
