"""A block's states that were damaged: seen, passed over, and the block goes on."""

import random
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from campaign import block_scenarios, forking
from campaign.forking import fast_folder
from campaign.outcome import Outcome
from campaign.promises import described, differing
from campaign.scenarios import NAME

from paribus.errors import ParibusWarning
from paribus.store import check_study
from paribus.store.folder import CHECKPOINTS


SEED = 20261126

Damage = tuple[str, Callable[[Path], object]]


def spoil_states(n_damages: int) -> Iterator[Outcome]:
    """Damage the newer of two states that a stopped block has, and go on with it.

    It is removed, renamed, emptied, filled with zeros, and each byte of its length is
    flipped; then bytes of its header, as far as there are so many, bits of its data,
    and where it is cut.
    """
    started = time.monotonic()
    place = Path(tempfile.mkdtemp(prefix="paribus-campaign-", dir=fast_folder()))
    try:
        forking.ask(partial(block_scenarios.stopped, place / "template", n_states=2))
        forking.ask(partial(_went_on, place / "template", place / "whole"))
        whole = forking.ask(partial(described, place / "whole"))
        _, newer = sorted((place / "template" / NAME / CHECKPOINTS).iterdir())
        damages = damages_of(newer.read_bytes(), n_damages)
        broken: list[str] = []
        for how, damage in damages:
            act = partial(_broken_state, place, damage, whole)
            try:
                found = forking.ask(act)
            except RuntimeError as error:
                found = [str(error)]
            shutil.rmtree(place / "work", ignore_errors=True)
            broken += [f"state {how}: {text}" for text in found]
    finally:
        shutil.rmtree(place)
    yield Outcome(
        name="states that were damaged",
        n=len(damages),
        unit="states",
        violations=broken,
        is_sample=False,
        seconds=time.monotonic() - started,
    )


def damages_of(content: bytes, n: int) -> list[Damage]:
    """What is done to a file, in words, and what does it; no two are the same."""
    rng = random.Random(SEED)

    def flipped(at: int, bit: int) -> Callable[[Path], object]:
        changed = bytearray(content)
        changed[at] ^= 1 << bit
        return lambda path: path.write_bytes(changed)

    def cut(size: int) -> Callable[[Path], object]:
        return lambda path: path.write_bytes(content[:size])

    each: list[Damage] = [
        ("that is emptied", lambda path: path.write_bytes(b"")),
        ("that is removed", Path.unlink),
        ("that is renamed", lambda path: path.rename(path.with_name("mine"))),
        ("of zeros", lambda path: path.write_bytes(bytes(len(content)))),
    ]
    each += [
        (f"with byte {at} of its length flipped", flipped(at, rng.randrange(8)))
        for at in range(8)
    ]
    begin = 8 + int.from_bytes(content[:8], "little")  # of its data
    n_drawn = max(n - len(each), 0)
    of_header = rng.sample(range(8, begin), min(begin - 8, n_drawn // 2))
    n_cuts = (n_drawn - len(of_header)) // 2
    of_data = rng.sample(
        range(8 * begin, 8 * len(content)), n_drawn - len(of_header) - n_cuts
    )
    each += [
        (f"with byte {at} flipped", flipped(at, rng.randrange(8))) for at in of_header
    ]
    each += [(f"with bit {bit} flipped", flipped(*divmod(bit, 8))) for bit in of_data]
    sizes = rng.sample(range(1, len(content)), n_cuts)
    return [*each, *((f"cut after {size} bytes", cut(size)) for size in sizes)][:n]


def _went_on(stopped: Path, folder: Path) -> list[str]:
    """Go on with a stopped block in a copy; the warnings."""
    shutil.copytree(stopped, folder)
    return _warned(folder)


def _warned(folder: Path) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ParibusWarning)
        block_scenarios.go_on(folder, lambda text: None)
    return [str(warning.message) for warning in caught]


def _broken_state(
    place: Path, damage: Callable[[Path], object], whole: dict[str, Any]
) -> list[str]:
    """What is wrong with how a block goes on whose newer state is damaged."""
    shutil.copytree(place / "template", place / "work")
    older, newer = sorted((place / "work" / NAME / CHECKPOINTS).iterdir())
    damage(newer)
    found = check_study(place / "work" / NAME)
    broken = [] if found.problems else ["`check` finds nothing"]
    said = " ".join(_warned(place / "work"))
    words = (newer.name, f"`{older.name}` is used")
    broken += [f"not said: {w}" for w in words if w not in said]
    left = described(place / "work")
    # What is not what was written is not ours to remove.
    theirs = {str(Path(NAME, CHECKPOINTS, name)) for name in (newer.name, "mine")}
    theirs.add(str(Path(NAME, CHECKPOINTS)))
    left["files"] = [name for name in left["files"] if name not in theirs]
    return broken + [f"it ends with other {name}" for name in differing(whole, left)]
