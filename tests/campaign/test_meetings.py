"""What the meetings of two processes must find, if the lock were taken wrongly."""

import shutil

import pytest
from campaign.run import output_of
from needs import need


FREE = """
from paribus.store import opening, writer
from paribus.file_locks import LockedError
from paribus.store.lock import WriterLock

class Free:
    @classmethod
    def acquire(cls, folder, **options):
        return cls()

    def release(self):
        pass

opening.WriterLock = Free
"""
LATE = """
verified = opening.open_locked

def late(folder, lock):
    new = verified(folder, lock)
    try:
        return new._replace(lock=WriterLock.acquire(folder, wait_s=0.0))
    except LockedError:
        new.ledger.connection.close()
        raise opening.in_use(folder) from None

opening.open_locked = late
"""
EARLY = """
from paribus.store import held
begin = held.HeldStudy.begin_attempt

def early(self, environment):
    number = begin(self, environment)
    self._lock.release()
    return number

held.HeldStudy.begin_attempt = early
"""
MEET = """
from campaign import meetings
from paribus.store import connection

connection.connect.__kwdefaults__["busy_timeout_s"] = 0.1
with meetings.Meeting(meetings.SCENARIOS[1]) as bench:
    points = bench.points[::100]
    print(*bench.tried_at(points, meetings.STOP), sep="\\n")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "careless",
    [FREE, FREE + LATE, EARLY],
    ids=["no lock", "a lock once all was read", "a lock that is given back early"],
)
def test_a_study_that_is_not_locked_throughout_is_found(careless: str):
    need("strace", is_there=shutil.which("strace") is not None)

    found = output_of(careless + MEET)

    assert "train the runs of a study, signal=SIGSTOP at" in found
    assert "another program has locked it" in found, found
