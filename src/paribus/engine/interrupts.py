"""Signals that ask training to stop, put off to where all that was done is stored."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupts:
    """Puts off, where it is told to, what a signal does.

    Between the steps of a block nothing is lost by stopping; within a step all since
    the last stored state is. So a first signal is only remembered there, and does what
    it does when `obey` is called. A second one does it at once.

    Only signals that Python code answers are put off, and in the main thread alone: no
    other hears them. Use as a context manager.

    Attributes:
        is_asked: Whether a signal was put off.
    """

    def __init__(self) -> None:
        self.is_asked = False
        self._is_put_off = False
        self._number = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            for number in _numbers():
                before = signal.getsignal(number)
                if callable(before):
                    self._before[number] = before
                    signal.signal(number, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._give_back()
        if kind is None:
            self.obey()

    def put_off(self) -> None:
        """From now on signals are remembered."""
        self._is_put_off = True

    def let_through(self) -> None:
        """From now on signals do what they do; so does one that was put off."""
        self._is_put_off = False
        self.obey()

    def obey(self) -> None:
        """Do what a signal that was put off does: mostly to raise."""
        if self.is_asked:
            self.is_asked = False
            self._before[self._number](self._number, None)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._is_put_off and not self.is_asked:
            self.is_asked, self._number = True, number
            return
        self._give_back()
        self._before[number](number, frame)

    def _give_back(self) -> None:
        for number, before in self._before.items():
            if signal.getsignal(number) == self._hear:  # or it was changed meanwhile
                signal.signal(number, before)


def _numbers() -> list[int]:
    """The signals that this system has of those that ask a process to end."""
    found = (getattr(signal, name, None) for name in _NAMES)
    return [int(number) for number in found if number is not None]
