"""Stores with flipped bits, cut short, with exchanged pages: seen, never shown."""

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
from campaign.scenarios import NAME, small
from store_builders import make_store

from paribus.errors import ParibusWarning, StoreError
from paribus.store import StudyWriter, check_study
from paribus.store.folder import CHECKPOINTS, DATABASE


SEED = 20261126
PAGE = 4096

Damage = Callable[[bytearray, random.Random], str]


def run(*, n_flips: int, n_cuts: int, n_swaps: int) -> Iterator[Outcome]:
    """Damage a finished study in many ways, and open each in every way there is.

    Args:
        n_flips: Bits, each at a random place.
        n_cuts: Truncations: at every page, the others anywhere.
        n_swaps: Pairs of pages.
    """
    place = Path(tempfile.mkdtemp(prefix="paribus-campaign-", dir=fast_folder()))
    try:
        make_store(place / NAME, study=small(n_seeds=8), n_blocks=8)
        whole = forking.ask(partial(described, place))
        kinds: tuple[tuple[str, int, Damage], ...] = (
            ("stores with a flipped bit", n_flips, _flip),
            ("stores cut short", n_cuts, _cut),
            ("stores with two pages exchanged", n_swaps, _swap),
        )
        for name, n, damage in kinds:
            started = time.monotonic()
            rng = random.Random(SEED)
            broken = [
                text for _ in range(n) for text in _tried(place, damage, rng, whole)
            ]
            yield Outcome(
                name=name,
                n=n,
                unit="stores",
                violations=broken,
                seconds=time.monotonic() - started,
            )
    finally:
        shutil.rmtree(place)


def spoil_states(n_damages: int) -> Iterator[Outcome]:
    """Damage the newer of two states that a stopped block has, and go on with it.

    Each byte of the header is flipped in its turn, as far as there are so many; between
    them the file is flipped elsewhere, cut, emptied, renamed, exchanged for another.
    """
    started = time.monotonic()
    rng = random.Random(SEED)
    place = Path(tempfile.mkdtemp(prefix="paribus-campaign-", dir=fast_folder()))
    try:
        forking.ask(partial(block_scenarios.stopped, place / "template", n_states=2))
        forking.ask(partial(_went_on, place / "template", place / "whole"))
        whole = forking.ask(partial(described, place / "whole"))
        broken: list[str] = []
        for number in range(n_damages):
            how, damage = _damage_of_a_state(number, rng)
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
        n=n_damages,
        unit="states",
        violations=broken,
        seconds=time.monotonic() - started,
    )


def _damage_of_a_state(
    number: int, rng: random.Random
) -> tuple[str, Callable[[Path], object]]:
    """What is done to a file, in words, and what does it."""
    at, other = 8 + number // 2, rng.random()

    def flip(path: Path, at: int) -> None:
        content = bytearray(path.read_bytes())
        content[at % len(content)] ^= 1 << rng.randrange(8)
        path.write_bytes(content)

    def cut(path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(other * len(content))])

    kinds: tuple[tuple[str, Callable[[Path], object]], ...] = (
        ("with a bit of its data flipped", lambda path: flip(path, int(other * 1e6))),
        ("with its length flipped", lambda path: flip(path, number % 8)),
        ("cut short", cut),
        ("emptied", lambda path: path.write_bytes(b"")),
        ("removed", Path.unlink),
        ("renamed", lambda path: path.rename(path.with_name("mine"))),
        ("that is of zeros", lambda path: path.write_bytes(bytes(path.stat().st_size))),
    )
    if number % 2 == 0:
        return f"with byte {at} flipped", lambda path: flip(path, at)
    return kinds[number // 2 % len(kinds)]


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


def _tried(
    place: Path, damage: Damage, rng: random.Random, whole: dict[str, Any]
) -> list[str]:
    database = place / NAME / DATABASE
    sound = database.read_bytes()
    content = bytearray(sound)
    what = damage(content, rng)
    try:
        database.write_bytes(content)
        found = forking.ask(partial(_broken, place, whole))
    except RuntimeError as error:
        found = [str(error)]
    finally:
        database.write_bytes(sound)
    return [f"{what}: {text}" for text in found]


def _broken(place: Path, whole: dict[str, Any]) -> list[str]:
    """What is wrong with how a damaged study is read, checked and opened."""
    study = place / NAME
    content = (study / DATABASE).read_bytes()
    broken: list[str] = []
    is_read = False
    try:
        is_read = True
        if described(place) != whole:
            broken.append("a wrong value is shown")
    except StoreError as error:
        is_read = False
        if "damaged" not in str(error) and "not a study" not in str(error):
            broken += _unless_known(str(error))
    try:
        is_reported = bool(check_study(study).problems)
    except StoreError:
        is_reported = True
    if not is_read and not is_reported:
        broken.append("`check` finds nothing in a study that cannot be read")
    if (study / DATABASE).read_bytes() != content:
        broken.append("a reader has changed the study")
    try:
        StudyWriter.open(study).close()
    except StoreError:
        if (study / DATABASE).read_bytes() != content:
            broken.append("a writer has changed a study that it refuses")
    return broken


def _unless_known(message: str) -> list[str]:
    """Other words for a header that says something else than it did."""
    known = ("another program", "newer than", "older than", "journal mode", "empty")
    return [] if any(w in message for w in known) else [f"it says: {message}"]


def _flip(content: bytearray, rng: random.Random) -> str:
    bit = rng.randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    return f"bit {bit} flipped"


def _cut(content: bytearray, rng: random.Random) -> str:
    at_page = rng.random() < 0.5
    n_pages = len(content) // PAGE
    n = PAGE * rng.randrange(n_pages) if at_page else rng.randrange(len(content))
    del content[n:]
    return f"cut after {n} bytes"


def _swap(content: bytearray, rng: random.Random) -> str:
    first, second = rng.sample(range(1, len(content) // PAGE), 2)
    one = slice(PAGE * first, PAGE * (first + 1))
    other = slice(PAGE * second, PAGE * (second + 1))
    content[one], content[other] = content[other], content[one]
    return f"pages {first} and {second} exchanged"
