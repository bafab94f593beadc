"""Live progress in a notebook: one output, rewritten in place. No widgets."""

import html
import math
import sys
import time
from collections.abc import Callable

from paribus.console.layout import html_table
from paribus.console.progress import progress_line, progress_rows
from paribus.results import Progress


SECONDS_BETWEEN_PAGES = 1.0


def is_notebook() -> bool:
    """Whether a notebook shows what this process displays: Jupyter, Colab, VS Code."""
    ipython = sys.modules.get("IPython")  # a kernel has loaded it before us
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class NotebookProgress:
    """Progress as a table that is rewritten, and as one line at the end.

    Args:
        show: Takes each page of HTML, in place of the last; the notebook if not said.
        clock: Says the time, in seconds.
    """

    def __init__(
        self,
        show: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._show = show or _Output().show
        self._clock = clock
        self._last_time = -math.inf

    def __call__(self, progress: Progress) -> None:
        """Show the progress, unless something was shown a moment ago."""
        is_last = progress.n_finished == progress.n_runs
        if is_last or self._clock() - self._last_time >= SECONDS_BETWEEN_PAGES:
            self._show(progress_html(progress, is_last=is_last))
            self._last_time = self._clock()


def progress_html(progress: Progress, *, is_last: bool) -> str:
    """Write progress as HTML, every text escaped; no table when all runs are there."""
    table = "" if is_last else html_table(progress_rows(progress))
    return f"<p>{html.escape(progress_line(progress))}</p>{table}"


class _Output:
    """A place in a notebook; all front ends can rewrite one by its id."""

    def __init__(self) -> None:
        self._handle = None

    def show(self, page: str) -> None:
        from IPython.display import HTML, display

        if self._handle is None:
            self._handle = display(HTML(page), display_id=True)
        else:
            self._handle.update(HTML(page))
