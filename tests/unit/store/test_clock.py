"""A clock that is set back, or far ahead, decides nothing."""

import os
from pathlib import Path

import pytest
from builders import make_facts, make_study
from store_builders import train, waiting

from paribus.errors import StoreError
from paribus.status import RunStatus
from paribus.store import StudyWriter, attempts, check_study, read_study


@pytest.mark.parametrize("later", ["1970-01-01T00:00:00+00:00", "9999-12-31T23:59:59Z"])
def test_attempts_are_told_by_their_number_whatever_time_it_was(
    later: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "tiny"
    with StudyWriter.create(folder, make_study(), make_facts()) as writer:
        writer.begin_attempt({"attempt": "first"})
        train(writer, waiting(writer)[:2])
        writer.begin_block(waiting(writer)[:2], description="dies")
    monkeypatch.setattr(attempts, "now", lambda: later)

    with StudyWriter.open(folder) as writer:
        assert writer.begin_attempt({"attempt": "second"}) == 2
        assert len(waiting(writer)) == 6  # what the first was training waits again
        with pytest.raises(StoreError, match=f"pid {os.getpid()} .* since {later[:4]}"):
            StudyWriter.open(folder)
        train(writer, waiting(writer))

    result = read_study(folder)
    assert [a.environment["attempt"] for a in result.attempts] == ["first", "second"]
    assert result.attempts[1].seconds >= 0
    assert (result.status >= RunStatus.DIVERGED).all()
    assert check_study(folder).problems == ()
