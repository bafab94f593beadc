"""When signals are heard that ask training to stop."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from signal import SIG_DFL

import pytest

from paribus.engine.interrupts import Interrupts


def send(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """As the command line sets them; a test that fails harms no other."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in names}
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def put_off_and(act: Callable[[Interrupts], object]) -> None:
    """Act where signals are put off."""
    with Interrupts() as interrupts:
        interrupts.put_off()
        act(interrupts)


def test_a_signal_that_is_put_off_waits_until_it_is_obeyed():
    reached: list[str] = []

    def act(interrupts: Interrupts) -> None:
        send()
        reached.append("sent")
        interrupts.obey()
        reached.append("obeyed")

    with pytest.raises(KeyboardInterrupt):
        put_off_and(act)

    assert reached == ["sent"]


@pytest.mark.parametrize(
    ("number", "raised"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)],
    ids=["interrupt", "terminate"],
)
def test_it_does_what_it_would_have_done_at_the_end_of_the_block(
    number: int, raised: type[BaseException]
):
    seen: list[bool] = []

    def act(interrupts: Interrupts) -> None:
        send(number)
        seen.append(interrupts.is_asked)

    with pytest.raises(raised):
        put_off_and(act)

    assert seen == [True]


def test_a_second_signal_is_not_put_off():
    sent: list[int] = []

    def act(interrupts: Interrupts) -> None:
        for number in (1, 2, 3):
            send()
            sent.append(number)

    with pytest.raises(KeyboardInterrupt):
        put_off_and(act)

    assert sent == [1]


@pytest.mark.parametrize(
    "act",
    [
        lambda interrupts: (interrupts.let_through(), send(), pytest.fail("late")),
        lambda interrupts: (send(), interrupts.let_through(), pytest.fail("late")),
    ],
    ids=["sent after", "sent before"],
)
def test_what_is_let_through_is_not_put_off(act: Callable[[Interrupts], object]):
    with pytest.raises(KeyboardInterrupt):
        put_off_and(act)


def test_nothing_is_put_off_before_that_is_said():
    with pytest.raises(KeyboardInterrupt), Interrupts():
        send()


def test_another_error_is_not_replaced_by_a_signal():
    def act(interrupts: Interrupts) -> None:
        send()
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        put_off_and(act)


def test_handlers_are_given_back_and_those_that_are_not_pythons_are_left_alone():
    mine = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Interrupts():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is not mine

    assert signal.getsignal(signal.SIGTERM) is mine
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_that_does_not_raise_lets_training_go_on():
    heard: list[int] = []
    signal.signal(signal.SIGHUP, lambda number, frame: heard.append(number))
    with Interrupts() as interrupts:
        interrupts.put_off()
        send(signal.SIGHUP)
        interrupts.obey()
        assert heard == [signal.SIGHUP]
        interrupts.obey()

    assert heard == [signal.SIGHUP]


def test_a_handler_that_leaves_the_next_signal_to_the_system_is_not_put_back():
    signal.signal(signal.SIGHUP, lambda number, frame: signal.signal(number, SIG_DFL))

    put_off_and(lambda interrupts: (send(signal.SIGHUP), interrupts.obey()))

    assert signal.getsignal(signal.SIGHUP) is SIG_DFL


def test_a_thread_puts_nothing_off():
    found: list[object] = []

    def look() -> None:
        with Interrupts():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert found == [signal.default_int_handler]
