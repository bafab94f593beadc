import subprocess
from pathlib import Path

import pytest

from paribus.errors import ParibusWarning, StoreError
from paribus.store import StudyWriter, network
from paribus.store.lock import is_held


MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /home rw - nfs4 server:/home rw,vers=4.2
31 30 0:27 / /home/local rw master:1 - xfs /dev/vdb rw
32 22 0:28 / /mnt/my\040share rw - cifs //host/share rw
33 22 0:29 / /over rw - ext4 /dev/vdc rw
34 22 0:30 / /over rw - fuse.sshfs host: rw
""".lstrip()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/studies/x", "ext4"),
        ("/home/me/studies/x", "nfs4"),
        ("/homes/me", "ext4"),
        ("/home/local/x", "xfs"),
        ("/mnt/my share/x", "cifs"),
        ("/over/x", "fuse.sshfs"),
    ],
)
def test_the_nearest_mount_says_the_file_system(folder: str, kind: str, tmp_path: Path):
    (tmp_path / "mountinfo").write_text(MOUNTS)

    assert network.file_system(Path(folder), tmp_path / "mountinfo") == kind


def test_a_mount_whose_name_is_not_utf_8_hides_no_other(tmp_path: Path):
    odd = b"35 22 0:31 / /m\xfcll rw - cifs //host/share rw\n"
    (tmp_path / "mountinfo").write_bytes(odd + MOUNTS.encode())

    found = network.file_system(Path("/home/me/x"), tmp_path / "mountinfo")

    assert found == "nfs4"


def test_nothing_is_said_where_nothing_tells(tmp_path: Path):
    assert network.file_system(tmp_path, tmp_path / "missing") is None


def test_a_network_file_system_whose_lock_holds_is_warned_about(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(network, "file_system", lambda folder: "nfs4")

    with pytest.warns(ParibusWarning) as told:
        writer = StudyWriter.open(folder)
    writer.close()

    assert str(told[0].message) == (
        f"`{folder}` lies on a network file system (nfs4): never let two computers "
        "train one study"
    )


def test_a_network_file_system_whose_lock_does_not_hold_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(network, "file_system", lambda folder: "nfs")
    monkeypatch.setattr(network, "can_be_taken", lambda lock: True)

    with pytest.raises(StoreError) as caught:
        StudyWriter.open(folder)

    assert str(caught.value) == (
        f"`{folder}` needs a file system whose locks work, got nfs: two processes can "
        "hold the writer's lock at once"
    )
    assert (
        caught.value.hint == "train on a local disk with `--out`, then copy the folder"
    )
    assert is_held(folder) is False


def test_a_probe_that_waits_is_kept_out(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def wait(command: list[str], *, timeout: float | None = None, **_: object):
        if timeout is None:
            raise AssertionError("it would wait for ever")
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", wait)

    assert network.can_be_taken(folder / "writer.lock") is False


def test_the_probe_tells_a_held_lock_from_a_free_one(folder: Path):
    with StudyWriter.open(folder):
        assert not network.can_be_taken(folder / "writer.lock")

    assert network.can_be_taken(folder / "writer.lock")
