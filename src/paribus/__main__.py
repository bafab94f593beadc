"""`python -m paribus` is `paribus`."""

import sys


if __name__ == "__main__":
    # Python puts the current folder first; nothing there may stand in for a library.
    if not sys.flags.safe_path:
        del sys.path[0]

    from paribus.cli import app

    app(prog_name="paribus")
