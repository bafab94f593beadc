"""`python -m paribus` is `paribus`."""

import sys


# Python puts the current folder first; a file there must never stand in for a library.
if sys.path and not sys.flags.safe_path:
    del sys.path[0]

from paribus.cli import app


if __name__ == "__main__":
    app(prog_name="paribus")
