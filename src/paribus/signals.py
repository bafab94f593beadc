"""Signals that end a command: obeyed where that is safe, and told by the exit code.

Python raises `KeyboardInterrupt` wherever the program is. In the middle of loading JAX
that is a crash, and inside one of JAX's callbacks it is printed and forgotten. So a
signal is also noted, and looked for at the next boundary.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Ending:
    """Whether a signal has asked this process to end."""

    def __init__(self) -> None:
        self._number = 0
        self._n_deferred = 0

    @property
    def exit_code(self) -> int:
        """What a shell calls a process that the signal ended; 0 without a signal."""
        return 128 + self._number if self._number else 0

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen for signals, but for those that the process ignores.

        The second of a kind ends the process at once.
        """
        before, show = {}, sys.unraisablehook
        with suppress(ValueError):  # not in the main thread
            for name in _NAMES:
                number = getattr(signal, name, None)
                if number and signal.getsignal(number) is not signal.SIG_IGN:
                    before[number] = signal.signal(number, self._hear)
        sys.unraisablehook = lambda unraisable: self._show(unraisable, show)
        try:
            yield
        finally:
            sys.unraisablehook = show
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Obey a signal that comes meanwhile only afterwards."""
        self._n_deferred += 1
        try:
            yield
        finally:
            self._n_deferred -= 1
        self.obey()

    def obey(self) -> None:
        """End, if a signal has come.

        Raises:
            KeyboardInterrupt: If it was SIGINT.
            SystemExit: If it was another one.
        """
        if not self._number or self._n_deferred:
            return
        if self._number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(self.exit_code)

    def _hear(self, number: int, frame: Any) -> None:
        del frame
        signal.signal(number, signal.SIG_DFL)
        self._number = number
        self.obey()

    def _show(self, unraisable: Any, show: Any) -> None:
        """Say what nobody could catch, unless it was we who raised it."""
        is_ours = issubclass(unraisable.exc_type, KeyboardInterrupt | SystemExit)
        if not (self._number and is_ours):
            show(unraisable)


class Pauses:
    """How often this process has been stopped, as by Ctrl-Z, and continued.

    Attributes:
        n: So often since it is noted; only the main thread can note it.
    """

    def __init__(self) -> None:
        self.n = 0

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Count from now on; whoever listened before is told too."""
        number = getattr(signal, "SIGCONT", None)
        if number is None or threading.current_thread() != threading.main_thread():
            yield
            return
        before = signal.getsignal(number)

        def note(number: int, frame: Any) -> None:
            self.n += 1
            if callable(before):
                before(number, frame)

        signal.signal(number, note)
        try:
            yield
        finally:
            # None: by something that is not Python, which cannot be put back.
            signal.signal(number, signal.SIG_DFL if before is None else before)


ENDING = Ending()
