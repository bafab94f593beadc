"""What the model of a power cut leaves out would never be tried: so it is tested."""

import random
import re
import shutil
from pathlib import Path

import pytest
from campaign.power_model import Disk, put_state
from campaign.run import output_of
from campaign.scenarios import SCENARIOS
from needs import need


def hexed(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def log_of(*calls: str) -> list[str]:
    """Lines as strace writes them, `'...'` for a text."""
    texts = re.compile(r"'([^']*)'", re.DOTALL)
    return [texts.sub(lambda text: f'"{hexed(text[1])}"', call) for call in calls]


OPEN = "openat(AT_FDCWD, '/w/s/new', O_WRONLY|O_CREAT|O_EXCL, 0666) = 5"
WRITE = "write(5, 'whole', 5) = 5"
SYNC = "fsync(5) = 0"
FOLDER = "openat(AT_FDCWD, '/w/s', O_RDONLY|O_DIRECTORY) = 6"
SYNC_FOLDER = "fsync(6) = 0"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    (tmp_path / "template" / "s").mkdir(parents=True)
    (tmp_path / "template" / "s" / "old").write_text("old")
    return tmp_path / "template"


def states(template: Path, *calls: str) -> set[tuple[tuple[str, bytes], ...]]:
    """The states that a cut after some calls has left in many tries."""
    disk = Disk(Path("/w"), template)
    for line in log_of(*calls):
        disk.carry_out(line)
    found: set[tuple[tuple[str, bytes], ...]] = set()
    for seed in range(200):
        left = template.parent / str(seed)
        left.mkdir(exist_ok=True)
        put_state(disk.root, left, random.Random(seed))
        files = sorted((left / "s").iterdir())
        found.add(tuple((file.name, file.read_bytes()) for file in files))
        for file in files:
            file.unlink()
        (left / "s").rmdir()
    assert disk.is_settled == (len(found) == 1)
    return found


OLD = ("old", b"old")


def test_what_is_synced_with_its_folder_is_there_and_nothing_else_may_be(
    template: Path,
):
    assert states(template, OPEN, WRITE, SYNC, FOLDER, SYNC_FOLDER) == {
        (("new", b"whole"), OLD)
    }


def test_a_file_whose_folder_is_not_synced_may_be_gone(template: Path):
    assert states(template, OPEN, WRITE, SYNC) == {(("new", b"whole"), OLD), (OLD,)}


def test_a_name_may_be_there_without_its_content(template: Path):
    assert states(template, OPEN, WRITE, FOLDER, SYNC_FOLDER) == {
        (("new", b"whole"), OLD),
        (("new", b""), OLD),
    }


def test_what_was_removed_or_replaced_may_be_back_until_the_folder_is_synced(
    template: Path,
):
    removed = ("unlink('/w/s/old') = 0",)
    renamed = (
        OPEN,
        WRITE,
        SYNC,
        FOLDER,
        SYNC_FOLDER,
        "rename('/w/s/new', '/w/s/old') = 0",
    )

    assert states(template, *removed) == {(OLD,), ()}
    assert states(template, *removed, FOLDER, SYNC_FOLDER) == {()}
    assert states(template, *renamed) == {
        (("new", b"whole"), OLD),
        (("old", b"whole"),),
    }


def test_a_write_is_torn_at_sectors_and_a_hole_is_zero(template: Path):
    big = "x" * 1024
    opened = "openat(AT_FDCWD, '/w/s/old', O_RDWR) = 5"

    found = states(template, opened, f"pwrite64(5, '{big}', 1024, 0) = 1024")

    contents = {file[1] for ((file),) in found}
    assert contents == {
        b"old",
        b"x" * 1024,
        b"x" * 512,
        b"old" + bytes(509) + b"x" * 512,
    }


def test_what_was_said_and_calls_elsewhere_or_in_vain_change_nothing(template: Path):
    disk = Disk(Path("/w"), template)
    for line in log_of(
        "write(3, 'run 1\n', 6) = 6",
        "openat(AT_FDCWD, '/elsewhere', O_RDWR|O_CREAT, 0666) = 5",
        "write(5, 'x', 1) = 1",
        "unlink('/w/s/none') = -1 ENOENT (No such file or directory)",
    ):
        disk.carry_out(line)

    assert disk.said == ["run 1"]
    assert disk.is_settled


@pytest.mark.parametrize(
    ("calls", "left"),
    [
        (("unlinkat(6, 'old', 0) = 0",), set()),
        (("unlinkat(AT_FDCWD, '/w/s/old', 0) = 0",), set()),
        (("unlinkat(7, 'old', 0) = 0",), {"old"}),
        (("renameat(6, 'old', 6, 'new') = 0",), {"new"}),
        (("renameat2(AT_FDCWD, '/w/s/old', 6, './new', 0) = 0",), {"new"}),
        (("mkdirat(6, 'new', 0777) = 0",), {"old", "new"}),
        (("openat(6, 'new', O_WRONLY|O_CREAT, 0666) = 5", WRITE), {"old", "new"}),
        (("openat(6, '/w/s/new', O_WRONLY|O_CREAT, 0666) = 5",), {"old", "new"}),
    ],
)
def test_paths_are_understood_from_the_folder_that_they_begin_at(
    calls: tuple[str, ...], left: set[str], template: Path
):
    disk = Disk(Path("/w"), template)
    for line in log_of(FOLDER, *calls):
        disk.carry_out(line)

    assert set(disk.root.now()["s"].now()) == left
    assert disk.is_settled == (left == {"old"})


def test_a_relative_path_begins_at_the_current_folder(
    template: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(template)
    disk = Disk(template, template)

    for line in log_of("unlink('s/old') = 0", "unlink('../old') = 0"):
        disk.carry_out(line)

    assert disk.root.now()["s"].now() == {}


def test_what_the_model_ends_with_is_compared_with_the_disk(template: Path):
    work = Path(shutil.copytree(template, template.parent / "work"))
    disk = Disk(Path("/w"), template)
    assert disk.differs_from(work) == []
    (work / "s" / "new").write_text("whole")
    for line in log_of(OPEN, WRITE):
        disk.carry_out(line)
    assert disk.differs_from(work) == []

    (work / "s" / "old").write_text("changed")
    (work / "s" / "more").mkdir()

    assert disk.differs_from(work) == ["/s/more", "/s/old"]


def test_a_file_that_leaves_the_folder_is_an_error(template: Path):
    disk = Disk(Path("/w"), template)
    (line,) = log_of("rename('/w/s/old', '/elsewhere') = 0")

    with pytest.raises(ValueError, match="from or to elsewhere"):
        disk.carry_out(line)


@pytest.mark.parametrize(
    "call",
    [
        "writev(5, [{iov_base='x'}], 1) = 1",
        "link('/w/s/old', '/w/s/b') = 0",
        "linkat(AT_FDCWD, '/old', 5, 'b', 0) = 0",
        "dup(5) = 6",
        "fchdir(5) = 0",
    ],
)
def test_a_call_that_the_model_does_not_know_is_an_error(call: str, template: Path):
    disk = Disk(Path("/w"), template)
    opened, unknown = log_of(OPEN, call)
    disk.carry_out(opened)

    with pytest.raises(ValueError, match="unknown to the model"):
        disk.carry_out(unknown)


# Cuts the power of a program that does not sync what it says it does.
CARELESS = """
from campaign import power
from paribus.store import ledger
ledger.sync_folder = lambda folder: None
(outcome,) = power.cut_power(60, chosen=[power.SCENARIOS[1]])
print(*outcome.violations, sep="\\n")
"""


@pytest.mark.slow
def test_a_commit_that_is_acknowledged_before_its_folder_is_synced_is_found():
    need("strace", is_there=shutil.which("strace") is not None)

    found = output_of(CARELESS)

    assert SCENARIOS[1].name == "train the runs of a study"
    assert "is lost" in found, found
