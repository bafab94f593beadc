"""Whether the lock of a study locks at all: network file systems may not."""

import re
import subprocess
import sys
import warnings
from pathlib import Path

from paribus.errors import ParibusWarning, StoreError
from paribus.store.folder import LOCK


MOUNTS = Path("/proc/self/mountinfo")

_NETWORK = re.compile(
    r"nfs\d?|lustre|gpfs|cifs|smb\w*|fuse(\..+)?|9p|afs|ceph|beegfs|glusterfs"
)
_PROBE_S = 10.0

# Exits with 0 if the lock is held, as it must be, and with 3 if it could be taken.
_PROBE = """
import fcntl, os, sys
descriptor = os.open(sys.argv[1], os.O_RDWR)
try:
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit(0)
sys.exit(3)
"""


def check_lock_excludes(folder: Path) -> None:
    """On a network file system, warn once, and see whether the held lock holds.

    Raises:
        StoreError: If another process can take the lock that this one holds.
    """
    kind = file_system(folder)
    if kind is None or not _NETWORK.fullmatch(kind):
        return
    if can_be_taken(folder / LOCK):
        raise StoreError(
            f"`{folder}` needs a file system whose locks work, got {kind}: "
            "two processes can hold the writer's lock at once",
            hint="train on a local disk with `--out`, then copy the folder",
        )
    warnings.warn(
        f"`{folder}` lies on a network file system ({kind}): never let two computers "
        "train one study",
        ParibusWarning,
        stacklevel=2,
    )


def file_system(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the file system that `folder` lies on; None where nothing tells."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    place = folder.resolve()
    found: tuple[int, str] | None = None
    for line in lines:
        fields, _, rest = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", _unescaped, fields.split(" ")[4]))
        # Of two mounts on one point the later hides the earlier.
        is_nearer = found is None or len(point.parts) >= found[0]
        if place.is_relative_to(point) and is_nearer:
            found = len(point.parts), rest.split(" ")[0]
    return found and found[1]


def can_be_taken(lock: Path) -> bool:
    """Whether a process of its own can take a lock that this one holds."""
    probe = [sys.executable, "-I", "-S", "-c", _PROBE, str(lock)]
    try:
        ended = subprocess.run(probe, timeout=_PROBE_S, check=False)
    except subprocess.TimeoutExpired:  # it waits, so it is kept out
        return False
    return ended.returncode == 3


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 8))
