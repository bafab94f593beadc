"""Stores with flipped bits, cut short, with other pages: seen, never shown."""

import random
import shutil
import sqlite3
import struct
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import combinations, islice
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from builders import make_facts, make_study
from campaign import block_scenarios, forking
from campaign.forking import fast_folder
from campaign.outcome import Outcome
from campaign.promises import described
from campaign.scenarios import NAME
from store_builders import STARTS, make_curves, train, waiting

from paribus.errors import StoreError
from paribus.results.timings import SoloTime
from paribus.store import StudyWriter, check_study, read_study
from paribus.store.folder import DATABASE, sync_folder
from paribus.store.rows import TimingRow
from paribus.store.schema import TIMING


SEED = 20261126
PAGE = 4096

Damaged = tuple[str, bytes]  # what was done, and the database then


def run(*, n_flips: int, n_cuts: int, n_swaps: int) -> Iterator[Outcome]:
    """Damage a study in many ways, and open each in every way there is.

    No damage is done twice.

    Args:
        n_flips: Bits, each at a random place.
        n_cuts: Truncations: one at every page, the others anywhere between.
        n_swaps: Pairs of pages, if there are so many.
    """
    with grown() as (place, states):
        sound = states[-1]
        yield _tried("stores with a flipped bit", place, _flips(sound, n_flips))
        at_pages = range(0, len(sound), PAGE)
        name = "stores cut between two pages"
        cuts = _cuts(sound, at_pages)
        yield _tried(name, place, cuts, is_enumerated=True)
        between = [n for n in range(len(sound)) if n % PAGE]
        n_between = max(n_cuts - len(at_pages), 0)
        cuts = _cuts(sound, random.Random(SEED).sample(between, n_between))
        yield _tried("stores cut within a page", place, cuts)
        name, pairs = "stores with two pages exchanged", _pairs(sound)
        is_each = n_swaps >= len(pairs)
        drawn = pairs if is_each else random.Random(SEED).sample(pairs, n_swaps)
        yield _tried(name, place, _swaps(sound, drawn), is_enumerated=is_each)
        yield change_columns(place, states)
        yield put_older_pages(place, states)


def change_columns(place: Path, states: Sequence[bytes], *, every: int = 1) -> Outcome:
    """Change one value in each column of each table: its digest must tell.

    Args:
        place: Where the study's folder is.
        states: Its database after each commit.
        every: 1 for all, 2 for every other, and so on.
    """
    return _tried(
        "a changed value in each column of each table",
        place,
        islice(_changes(states[-1]), None, None, every),
        unit="columns",
        is_enumerated=every == 1,
        must_be_found=True,
    )


def put_older_pages(place: Path, states: Sequence[bytes], *, every: int = 1) -> Outcome:
    """Put back each page that an earlier commit left otherwise: the totals must tell.

    Args:
        place: Where the study's folder is.
        states: Its database after each commit.
        every: 1 for all, 2 for every other, and so on.
    """
    return _tried(
        "stores with an older page",
        place,
        islice(_older_pages(states), None, None, every),
        unit="pages",
        is_enumerated=every == 1,
        is_seen_by_writers=True,
    )


@contextmanager
def grown() -> Iterator[tuple[Path, list[bytes]]]:
    """A folder with a study, and the study's database after each commit."""
    place = Path(tempfile.mkdtemp(prefix="paribus-campaign-", dir=fast_folder()))
    try:
        yield place, forking.ask(partial(_history, place / NAME))
    finally:
        shutil.rmtree(place)


def _history(folder: Path) -> list[bytes]:
    """Make a study with a row in every table; its database after each commit."""
    states: list[bytes] = []

    def keep(synced: Path) -> None:
        sync_folder(synced)
        states.append((synced / DATABASE).read_bytes())

    # It ends each commit.
    with mock.patch("paribus.store.ledger.sync_folder", keep):
        _grow(folder)
    if states[-1] != (folder / DATABASE).read_bytes():
        raise AssertionError("the last commit was missed")
    return states


def _grow(folder: Path) -> None:
    """Train, die, compute again, fail, and leave a block with a state."""
    study = make_study(
        name=NAME, batch_size=(32, 64), n_seeds=4, epochs=block_scenarios.EPOCHS
    )
    *_, timed_before, timed = range(len(study.configs()))
    state = block_scenarios.state_of(0, 1)
    with StudyWriter.create(folder, study, make_facts()) as writer:
        attempt = writer.begin_attempt({"python": "3.11"})
        writer.commit_baseline(train_loss=0.25, learning_rate=0.01)
        first = waiting(writer)[:2]
        curves = make_curves(study, len(first))
        block = writer.begin_block(first, description="two")
        for at in range(2):
            part = {name: values[at : at + 1] for name, values in curves.items()}
            writer.commit_evaluations(block, part, checkpoint=None if at else state)
        old_time = TimingRow(timed_before, 0.5, 0.01, 3, 0.25, attempt)
        with writer._ledger.transaction():
            writer._ledger.insert(TIMING, [old_time])
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({"python": "3.12"})
        writer.note_starts(STARTS)
        writer.resume_block(block)
        rest = {name: values[1:] for name, values in curves.items()}
        writer.commit_evaluations(block, rest, checkpoint=state)
        writer.commit_block(block, curves=curves, diverged_at=np.array([0, 7]))
        runs = waiting(writer)
        train(writer, runs[:3], seed=1)
        train(writer, runs[3:6], seed=2)
        failing = writer.begin_block(runs[6:8], description="two")
        writer.fail_block(failing, "out of memory 5")
        for seconds in (0.5, 0.75):
            solo = SoloTime(
                config=study.configs()[timed],
                seconds_per_epoch=seconds,
                load_before=1.0,
            )
            writer.commit_round([solo])
        last = writer.begin_block(runs[8:10], description="two")
        part = {name: values[:1] for name, values in curves.items()}
        writer.commit_evaluations(last, part, checkpoint=state)
        writer.interrupt()
        writer.finish_attempt(n_runs=8, seconds=1.5)


def _tried(
    name: str,
    place: Path,
    damaged: Iterable[Damaged],
    *,
    unit: str = "stores",
    is_enumerated: bool = False,
    must_be_found: bool = False,
    is_seen_by_writers: bool = False,
) -> Outcome:
    """Put each in the place of the study's database, and look what is seen of it.

    Args:
        name: Of the outcome.
        place: Where the study's folder is.
        damaged: What is put there.
        unit: Of the outcome.
        is_enumerated: Whether these are all there are.
        must_be_found: Whether `check` must find each, even one that shows nowhere.
        is_seen_by_writers: Whether a writer must refuse what a reader refuses; it need
            not read the values of old curves.
    """
    asked = partial(
        _broken,
        place,
        must_be_found=must_be_found,
        is_seen_by_writers=is_seen_by_writers,
    )
    started = time.monotonic()
    whole = forking.ask(partial(_seen, place))
    database = place / NAME / DATABASE
    sound = database.read_bytes()
    n = 0
    broken: list[str] = []
    for what, content in damaged:
        n += 1
        try:
            database.write_bytes(content)
            found = forking.ask(partial(asked, whole))
        except RuntimeError as error:
            found = [str(error)]
        finally:
            database.write_bytes(sound)
        broken += [f"{what}: {text}" for text in found]
    return Outcome(
        name=name,
        n=n,
        unit=unit,
        violations=broken,
        is_enumerated=is_enumerated,
        seconds=time.monotonic() - started,
    )


def _seen(place: Path) -> dict[str, Any]:
    """All that a reader sees of a study that nobody goes on with."""
    result = read_study(place / NAME)
    more = ("data", "attempts", "timings", "replays")
    return described(place) | {name: getattr(result, name) for name in more}


def _broken(
    place: Path,
    whole: Mapping[str, Any],
    *,
    must_be_found: bool,
    is_seen_by_writers: bool,
) -> list[str]:
    """What is wrong with how a damaged study is read, checked and opened."""
    study = place / NAME
    content = (study / DATABASE).read_bytes()
    broken: list[str] = []
    is_read = True
    try:
        if _seen(place) != whole:
            broken.append("a wrong value is shown")
    except StoreError as error:
        is_read = False
        if "damaged" not in str(error) and "not a study" not in str(error):
            broken += _unless_known(str(error))
    try:
        is_reported = bool(check_study(study).problems)
    except StoreError:
        is_reported = True
    if not is_reported and (must_be_found or not is_read):
        broken.append("`check` finds nothing")
    if (study / DATABASE).read_bytes() != content:
        broken.append("a reader has changed the study")
    try:
        StudyWriter.open(study).close()
        if is_seen_by_writers and not is_read:
            broken.append("a writer goes on with what no reader understands")
    except StoreError:
        if (study / DATABASE).read_bytes() != content:
            broken.append("a writer has changed a study that it refuses")
    return broken


def _unless_known(message: str) -> list[str]:
    """Other words for a header that says something else than it did."""
    known = ("another program", "newer than", "older than", "journal mode", "empty")
    return [] if any(w in message for w in known) else [f"it says: {message}"]


def _flips(sound: bytes, n: int) -> Iterator[Damaged]:
    for bit in random.Random(SEED).sample(range(8 * len(sound)), n):
        content = bytearray(sound)
        content[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit} flipped", bytes(content)


def _cuts(sound: bytes, sizes: Iterable[int]) -> Iterator[Damaged]:
    for size in sizes:
        yield f"cut after {size} bytes", sound[:size]


def _page(content: bytes, number: int) -> bytes:
    return content[PAGE * number : PAGE * (number + 1)]


def _with_page(content: bytes, number: int, page: bytes) -> bytes:
    return content[: PAGE * number] + page + content[PAGE * (number + 1) :]


def _pairs(sound: bytes) -> list[tuple[int, int]]:
    """The pairs of pages that differ, without the first: it says what the file is."""
    pairs = combinations(range(1, len(sound) // PAGE), 2)
    return [(a, b) for a, b in pairs if _page(sound, a) != _page(sound, b)]


def _swaps(sound: bytes, pairs: Iterable[tuple[int, int]]) -> Iterator[Damaged]:
    for one, other in pairs:
        content = _with_page(sound, one, _page(sound, other))
        content = _with_page(content, other, _page(sound, one))
        yield f"pages {one} and {other} exchanged", content


def _older_pages(states: Sequence[bytes]) -> Iterator[Damaged]:
    *before, final = states
    for number in range(len(final) // PAGE):
        seen = {_page(final, number), b""}  # none: the file was shorter then
        for turn, state in enumerate(before):
            page = _page(state, number)
            if page not in seen:
                seen.add(page)
                yield f"page {number} of commit {turn}", _with_page(final, number, page)


def _changes(sound: bytes) -> Iterator[Damaged]:
    with closing(_opened(sound)) as connection:
        found = connection.execute(
            "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c "
            "WHERE t.type = 'table' ORDER BY t.name, c.cid"
        ).fetchall()
    for table, column in found:
        with closing(_opened(sound)) as connection:
            _change(connection, table, column)
            content = connection.serialize()
        yield f"column `{column}` of `{table}` changed", content


def _opened(content: bytes) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(content)
    return connection


def _change(connection: sqlite3.Connection, table: str, column: str) -> None:
    """Flip the first bit that the schema allows to, in the last row that has one."""
    found = connection.execute(
        f"SELECT rowid, {column} FROM {table} WHERE length({column}) ORDER BY 1 DESC"
    ).fetchall()
    changes = ((row, other) for row, value in found for other in _flipped(value))
    for row, other in changes:
        try:
            connection.execute(
                f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (other, row)
            )
        except sqlite3.IntegrityError:  # another row has this key
            continue
        return
    raise AssertionError(f"table `{table}` has no row with a `{column}`")


def _flipped(value: Any) -> Iterator[Any]:
    """What a value of SQLite becomes by one bit, the least important first."""
    if isinstance(value, int):
        yield from (value ^ 1 << bit for bit in range(47))
    elif isinstance(value, float):
        (bits,) = struct.unpack("<q", struct.pack("<d", value))
        yield struct.unpack("<d", struct.pack("<q", bits ^ 1))[0]
    elif isinstance(value, bytes):
        yield bytes([value[0] ^ 1]) + value[1:]
    else:  # of a digit first: JSON stays JSON
        order = sorted(range(len(value)), key=lambda at: not value[at].isdigit())
        for at in order:
            yield value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
