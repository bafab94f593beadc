"""The state of a damaged study in which most verifies: in place, or in a copy."""

import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from paribus.errors import ParibusError, StoreError
from paribus.store.documents import read_row
from paribus.store.failures import NOT_SAVED_HINT, is_damage, translated
from paribus.store.first_page import mended_copies
from paribus.store.folder import DATABASE, check_folder
from paribus.store.ledger import Ledger
from paribus.store.saved_blocks import Found, SavedBlock, saved_blocks
from paribus.store.sifting import sifted
from paribus.store.snapshot import read_at, read_snapshot
from paribus.store.survivors import surviving_rows


_ERRORS = (StoreError, sqlite3.DatabaseError, UnicodeDecodeError)


class State(NamedTuple):
    """What verifies.

    Attributes:
        found: All rows.
        blocks: The finished blocks of which something can be saved.
    """

    found: Found
    blocks: list[SavedBlock]

    def worth(self) -> tuple[int, int]:
        """How many finished runs and how many rows it has."""
        n_runs = sum(len(block.runs) for block in self.blocks)
        return n_runs, sum(map(len, self.found.rows.values()))


def best_state(folder: Path) -> State:
    """Read a study; if it does not verify, also copies with a first page made anew.

    Raises:
        StoreError: If there is no study, its own row is damaged, or another program
            wrote it.
        ResourceError: If the disk fails.
    """
    check_folder(folder)
    with translated(folder / DATABASE, "read"):
        try:
            return _state(read_snapshot(folder, _find))
        except _ERRORS as error:
            if not is_damage(error):
                raise
        best: State | None = None
        refusal: Exception | None = None
        try:
            best = _state(read_snapshot(folder, _find, is_verified=False))
        except _ERRORS as error:
            if not is_damage(error):
                raise
            refusal = error
        with tempfile.TemporaryDirectory(prefix="paribus-") as private:
            best = _best_of_copies(folder, Path(private), best)
        if best is not None:
            return best
        assert refusal is not None
        raise _without_way_on(refusal)


def _without_way_on(refusal: Exception) -> Exception:
    """The error where salvage was tried, and is no hint any more."""
    if isinstance(refusal, StoreError) and "--salvage" in refusal.hint:
        return StoreError(str(refusal), hint=NOT_SAVED_HINT)
    return refusal


def _best_of_copies(folder: Path, private: Path, best: State | None) -> State | None:
    """What is found in place, unless a copy that can be made shows more."""
    with suppress(OSError, OverflowError, ParibusError):  # no copy, or no other
        for copy in mended_copies(folder, private):
            with suppress(*_ERRORS):
                state = _state(read_at(copy, folder / DATABASE, "ro", _find, False))
                if best is None or state.worth() > best.worth():
                    best = state
    return best


def _state(found: Found) -> State:
    return State(found, saved_blocks(found))


def _find(ledger: Ledger) -> Found:
    """Every row that verifies and can be.

    Raises:
        StoreError: If nothing says what the study is.
    """
    rows = surviving_rows(ledger)
    if len(rows["study"]) != 1:
        raise _without_study(ledger.database, "")
    try:
        study, data, epochs = read_row(rows["study"][0])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _without_study(ledger.database, f": {error}") from error
    mixed = [
        table.name
        for table in ledger.tables
        if table.name in rows and ledger.is_of_another_state(table, rows[table.name])
    ]
    return Found(study, data, epochs, sifted(rows, study), tuple(mixed))


def _without_study(database: Path, reason: str) -> StoreError:
    """Make the error for a store that does not say what its numbers are of."""
    return StoreError(
        f"`{database}` is damaged: nothing can be saved: the study's own row{reason}",
        hint=NOT_SAVED_HINT,
    )
