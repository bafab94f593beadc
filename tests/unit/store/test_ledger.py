"""A change of the tables happens whole or not at all, and is counted."""

from pathlib import Path

import pytest

from paribus.errors import StoreError
from paribus.store import StudyWriter
from paribus.store.ledger import Ledger
from paribus.store.rows import RunRow
from paribus.store.schema import CHUNK, RUN


def stop_half_way(ledger: Ledger, runs: list[RunRow]) -> None:
    with ledger.transaction():
        ledger.replace(RUN, runs, [run._replace(block=9) for run in runs])
        raise KeyboardInterrupt


def test_what_stops_half_way_is_undone_and_the_next_change_goes_on(folder: Path):
    with StudyWriter.open(folder) as writer:
        ledger = writer._ledger
        runs = ledger.read(RUN)
        with pytest.raises(KeyboardInterrupt):
            stop_half_way(ledger, runs)
        assert not ledger.connection.in_transaction
        assert ledger.read(RUN) == runs

        changed = runs[0]._replace(status=0)
        with ledger.transaction():
            ledger.replace(RUN, runs[:1], [changed])

        assert ledger.read(RUN) == [changed, *runs[1:]]
        ledger.check_totals()


def test_a_row_that_is_not_there_is_named(folder: Path):
    with StudyWriter.open(folder) as writer:
        ledger = writer._ledger
        with pytest.raises(StoreError, match=r"table `run` has no key 99\n"):
            ledger.read_run(99)
        with pytest.raises(StoreError, match=r"table `block` has no key 0\n"):
            ledger.read_block(0)
        assert ledger.read_chunks(99) == []


def test_whoever_reads_a_table_compares_it_with_its_total(folder: Path):
    """Whatever was verified when it was opened."""
    with StudyWriter.open(folder) as writer:
        ledger = writer._ledger
        rows = ledger.read(CHUNK)
        ledger.connection.execute("DELETE FROM chunk WHERE rowid = 1")

        with pytest.raises(StoreError, match="do not agree with its total of 8\n"):
            ledger.read(CHUNK)
        assert len(rows) == 8


def test_what_a_change_has_done_so_far_agrees_with_the_totals(folder: Path):
    with StudyWriter.open(folder) as writer:
        ledger = writer._ledger
        runs = ledger.read(RUN)
        changed = runs[0]._replace(status=0)
        with ledger.transaction():
            ledger.replace(RUN, runs[:1], [changed])

            assert ledger.read(RUN) == [changed, *runs[1:]]
            ledger.check_totals()
        ledger.check_totals()
