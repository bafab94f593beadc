"""Stores with flipped bits, cut short, with exchanged pages: seen, never shown."""

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from campaign import forking
from campaign.forking import fast_folder
from campaign.outcome import Outcome
from campaign.promises import described
from campaign.scenarios import NAME, small
from store_builders import make_store

from paribus.errors import StoreError
from paribus.store import StudyWriter, check_study
from paribus.store.folder import DATABASE


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
