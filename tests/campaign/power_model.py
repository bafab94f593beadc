"""What a disk may hold after a power cut, worked out from a log of system calls.

What was synced is there. Of everything else any part may be: a write whole, torn at its
sectors or not at all, a name that was made, changed or removed, or not yet. A name is
synced by its folder, content by its file; what was not synced has no order.
"""

import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path


TORN_AT = (512, 4096)
CALLS = (
    *("openat", "close", "write", "pwrite64", "lseek", "ftruncate"),
    *("fsync", "fdatasync", "rename", "renameat", "renameat2"),
    *("unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
)
# None of these is used on a study; if one were, the model would not know of it.
UNKNOWN = (
    *("writev", "pwritev", "sendfile", "copy_file_range", "fallocate", "truncate"),
    *("link", "linkat", "symlink", "symlinkat", "chdir", "fchdir", "dup", "dup2"),
)
ACKNOWLEDGING = 3  # the descriptor

_CWD = "AT_FDCWD"
_LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(eq=False)
class Node:
    """A file or a folder: what is synced, and what was done since.

    Attributes:
        is_folder: Which of the two.
        content: Of a file, as synced.
        writes: Since then: where and what; None for what cuts the file off there.
        entries: Of a folder, as synced.
        changes: Since then: names with what they stand for from now on, None for
            nothing. Those of one change happen together.
    """

    is_folder: bool
    content: bytes = b""
    writes: list[tuple[int, bytes | None]] = field(default_factory=list)
    entries: dict[str, "Node"] = field(default_factory=dict)
    changes: list[dict[str, "Node | None"]] = field(default_factory=list)

    def now(self) -> dict[str, "Node"]:
        """What a folder holds for a program that runs."""
        return _changed(self.entries, self.changes)

    def sync(self) -> None:
        """Make last what was done so far."""
        self.content = _written(self.content, self.writes)
        self.entries = self.now()
        self.writes, self.changes = [], []

    def files(self, place: str = "") -> Iterator[tuple[str, bytes | None]]:
        """What a program sees: each path with its content, None for a folder."""
        if not self.is_folder:
            yield place, _written(self.content, self.writes)
            return
        yield place, None
        for name, node in self.now().items():
            yield from node.files(f"{place}/{name}")

    def nodes(self) -> Iterator["Node"]:
        """Itself, and all that it holds or has held."""
        yield self
        held = {id(node): node for node in self.entries.values()}
        for change in self.changes:
            held |= {id(node): node for node in change.values() if node is not None}
        for node in held.values():
            yield from node.nodes()


@dataclass
class _Open:
    node: Node
    offset: int = 0


class Disk:
    """A folder, through the calls of one process on it."""

    def __init__(self, folder: Path, template: Path) -> None:
        """Begin with what lies in a template: all of it is synced.

        Args:
            folder: What the calls name it.
            template: What it held before the first of them.
        """
        self._folder = str(folder)
        self._cwd = Path.cwd()
        self.root = _read(template)
        self.said: list[str] = []
        self._open: dict[int, _Open] = {}

    @property
    def is_settled(self) -> bool:
        """Whether a power cut would leave one state alone."""
        return not any(node.writes or node.changes for node in self.root.nodes())

    def differs_from(self, folder: Path) -> list[str]:
        """The paths of a folder that have other content here, or are but in one."""
        here, there = dict(self.root.files()), dict(_read(folder).files())
        names = sorted(here.keys() | there.keys())
        return [name for name in names if here.get(name, 0) != there.get(name, 0)]

    def carry_out(self, line: str) -> None:
        """Do what a line of the log says.

        Raises:
            ValueError: If it is a call that this model does not know.
        """
        found = _LINE.match(line)
        if found is None:
            if "unfinished" in line or "resumed" in line:
                raise ValueError(f"calls of two threads: {line[:200]}")
            return
        call, arguments, result = found[1], found[2], int(found[3])
        if result < 0:
            return
        texts = [_bytes(text) for text in _TEXT.findall(arguments)]
        numbers = [part.strip() for part in _TEXT.sub('""', arguments).split(",")]
        if call in ("write", "pwrite64", "lseek", "ftruncate"):
            self._change_file(call, numbers, texts, result)
        elif call in ("fsync", "fdatasync", "close"):
            self._end(call, int(numbers[0]))
        elif call == "openat":
            self._opened(texts[0].decode(), numbers, result)
        elif call in UNKNOWN:
            is_ours = any(text.startswith(self._folder.encode()) for text in texts)
            if is_ours or not {*map(str, self._open)}.isdisjoint(numbers[:3]):
                raise ValueError(f"unknown to the model: {line[:200]}")
        else:
            paths = [text.decode() for text in texts]
            # Two paths of `renameat` follow a descriptor each.
            at = numbers[::2] if call.removesuffix("2").endswith("at") else [_CWD] * 2
            self._rename_or_remove(call, list(zip(at, paths, strict=False)))

    def _change_file(
        self, call: str, numbers: Sequence[str], texts: Sequence[bytes], result: int
    ) -> None:
        descriptor = int(numbers[0])
        if descriptor == ACKNOWLEDGING and call == "write":
            self.said += texts[0].decode().splitlines()
        file = self._open.get(descriptor)
        if file is None:
            return
        if call == "lseek":
            file.offset = result
        elif call == "ftruncate":
            file.node.writes.append((int(numbers[1]), None))
        elif call == "pwrite64":
            file.node.writes.append((int(numbers[3]), texts[0][:result]))
        else:
            file.node.writes.append((file.offset, texts[0][:result]))
            file.offset += result

    def _end(self, call: str, descriptor: int) -> None:
        if call == "close":
            self._open.pop(descriptor, None)
        elif descriptor in self._open:
            self._open[descriptor].node.sync()

    def _opened(self, path: str, numbers: Sequence[str], descriptor: int) -> None:
        self._open.pop(descriptor, None)
        place = self._place(numbers[0], path)
        if place is None:
            return
        parent, name = place
        node = parent.now().get(name) if name else parent
        if node is None:
            node = Node(is_folder=False)
            parent.changes.append({name: node})
        if "O_TRUNC" in numbers[2]:
            node.writes.append((0, None))
        self._open[descriptor] = _Open(node)

    def _rename_or_remove(self, call: str, paths: Sequence[tuple[str, str]]) -> None:
        places = [place for path in paths if (place := self._place(*path))]
        if not places:
            return
        if len(places) < len(paths):
            raise ValueError(f"renamed from or to elsewhere: {paths}")
        parent, name = places[0]
        if call.startswith("mkdir"):
            parent.changes.append({name: Node(is_folder=True)})
        elif call.startswith("rename"):
            other, new = places[1]
            if other is not parent:
                raise ValueError(f"renamed from folder to folder: {paths}")
            parent.changes.append({name: None, new: parent.now()[name]})
        else:
            parent.changes.append({name: None})

    def _place(self, at: str, path: str) -> tuple[Node, str] | None:
        """The folder of a path, and its name there; None for what lies elsewhere.

        Args:
            at: What a relative path begins at: a descriptor, or the current folder.
            path: The path.
        """
        node, parts = self.root, path.split("/")
        if at != _CWD and not path.startswith("/"):
            if int(at) not in self._open:
                return None
            node = self._open[int(at)].node
        else:
            whole = os.path.normpath(self._cwd / path)
            if whole != self._folder and not whole.startswith(f"{self._folder}/"):
                return None
            parts = whole.removeprefix(self._folder).split("/")
        *parts, name = [part for part in parts if part not in ("", ".")] or [""]
        if ".." in (*parts, name):
            raise ValueError(f"unknown to the model: a path with `..`: {path}")
        for part in parts:
            node = node.now()[part]
        return node, name


def put_state(node: Node, folder: Path, rng: random.Random) -> None:
    """Write one of the states that a power cut may leave to an empty folder."""
    chooses = rng.choice(_CHOICES)
    for name, child in _after_cut(node, chooses, rng).items():
        if child.is_folder:
            (folder / name).mkdir()
            put_state(child, folder / name, rng)
        else:
            writes = [
                piece
                for at, data in child.writes
                for piece in _pieces(at, data, rng)
                if chooses(rng)
            ]
            (folder / name).write_bytes(_written(child.content, writes))


_CHOICES: tuple[Callable[[random.Random], bool], ...] = (
    lambda rng: False,
    lambda rng: True,
    lambda rng: rng.random() < 0.5,
    lambda rng: rng.random() < 0.1,
    lambda rng: rng.random() < 0.9,
)


def _after_cut(
    folder: Node, chooses: Callable[[random.Random], bool], rng: random.Random
) -> dict[str, Node]:
    """The entries of a folder if only some of its changes have come to the disk."""
    return _changed(folder.entries, [c for c in folder.changes if chooses(rng)])


def _pieces(
    at: int, data: bytes | None, rng: random.Random
) -> list[tuple[int, bytes | None]]:
    """A write, whole or in the sectors that it is torn into."""
    if data is None or rng.random() < 0.5:
        return [(at, data)]
    size = rng.choice(TORN_AT)
    cuts = [at, *range(at - at % size + size, at + len(data), size), at + len(data)]
    return [(begin, data[begin - at : end - at]) for begin, end in pairwise(cuts)]


def _written(content: bytes, writes: Sequence[tuple[int, bytes | None]]) -> bytes:
    """A file after some writes; what lies between them and its end is zero."""
    found = bytearray(content)
    for at, data in writes:
        end = at + len(data or b"")
        found.extend(bytes(max(0, end - len(found))))
        if data is None:
            del found[at:]
        else:
            found[at:end] = data
    return bytes(found)


def _changed(
    entries: dict[str, Node], changes: Sequence[dict[str, Node | None]]
) -> dict[str, Node]:
    found = dict(entries)
    for change in changes:
        for name, node in change.items():
            if node is None:
                found.pop(name, None)
            else:
                found[name] = node
    return found


def _read(path: Path) -> Node:
    if not path.is_dir():
        return Node(is_folder=False, content=path.read_bytes())
    return Node(
        is_folder=True, entries={child.name: _read(child) for child in path.iterdir()}
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
