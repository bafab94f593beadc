"""What becomes of a signal that asks a process to end."""

import os
import signal
import subprocess
import sys
import threading
import weakref

import pytest

from paribus.signals import Ending, Pauses


def ask(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.fixture
def ending() -> Ending:
    return Ending()


def test_an_interrupt_is_raised_where_it_comes(ending: Ending):
    with ending.heard(), pytest.raises(KeyboardInterrupt):
        ask()

    assert ending.exit_code == 130


def test_other_signals_exit_with_their_code(ending: Ending):
    with ending.heard(), pytest.raises(SystemExit) as ended:
        ask(signal.SIGTERM)

    assert ended.value.code == ending.exit_code == 143


def test_a_signal_waits_until_it_is_no_longer_deferred(ending: Ending):
    done = []

    def work() -> None:
        with ending.deferred():
            with ending.deferred():
                ask()
            done.append("inner")
            ending.obey()
            done.append("outer")

    with ending.heard(), pytest.raises(KeyboardInterrupt):
        work()

    assert done == ["inner", "outer"]


def test_an_interrupt_that_a_callback_loses_is_found_at_the_next_boundary(
    ending: Ending, capsys: pytest.CaptureFixture[str]
):
    class Thing:
        pass

    thing = Thing()
    weakref.finalize(thing, lambda: None)
    watched = weakref.ref(thing, lambda _: ask())
    with ending.heard():
        del thing  # the callback runs here, and nothing can be raised out of it
        assert watched() is None
        with pytest.raises(KeyboardInterrupt):
            ending.obey()

    assert capsys.readouterr().err == ""


def test_handlers_are_given_back_and_ignored_signals_stay_ignored(ending: Ending):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    usual = signal.getsignal(signal.SIGINT)
    try:
        with ending.heard():
            assert signal.getsignal(signal.SIGINT) != usual
            ask(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert ending.exit_code == 0
    assert signal.getsignal(signal.SIGINT) == usual


def test_the_second_signal_ends_the_process_at_once():
    script = """
import os, signal
from paribus.signals import ENDING
with ENDING.heard():
    for _ in range(2):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            pass
print("still there")
"""

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True)

    assert (ended.returncode, ended.stdout) == (-signal.SIGINT, b"")


def test_pauses_are_counted_and_whoever_listened_before_is_told():
    heard: list[int] = []
    usual = signal.signal(signal.SIGCONT, lambda number, frame: heard.append(number))
    pauses = Pauses()
    try:
        with pauses.noted():
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGCONT)
        os.kill(os.getpid(), signal.SIGCONT)
    finally:
        signal.signal(signal.SIGCONT, usual)

    assert pauses.n == 2
    assert heard == [signal.SIGCONT] * 3


def test_a_thread_cannot_note_pauses_and_goes_on():
    pauses = Pauses()
    usual = signal.getsignal(signal.SIGCONT)
    found: list[object] = []

    def note() -> None:
        with pauses.noted():
            found.append(signal.getsignal(signal.SIGCONT))

    thread = threading.Thread(target=note)
    thread.start()
    thread.join()

    assert found == [usual]
    assert pauses.n == 0
