"""`python -m paribus` is `paribus`."""

import os
import sys
from contextlib import suppress

from paribus.signals import ENDING


def main() -> None:
    """Run the command line of this process, listening from before it is loaded."""
    try:
        with ENDING.heard():
            with ENDING.deferred():
                from paribus.cli import app
            app(prog_name="paribus")
    finally:
        if ENDING.exit_code:
            _end(ENDING.exit_code)


def _end(code: int) -> None:
    """End with a code: Python would end by the signal if it came inside an `exec`."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    # Python puts the current folder first; nothing there may stand in for a library.
    if not sys.flags.safe_path:
        del sys.path[0]
    main()
