"""Live progress: a bar and a table in a terminal, plain lines on stderr elsewhere."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from paribus.console.layout import Row, lay_out
from paribus.console.tables import interval_text
from paribus.results import Progress
from paribus.results.progress import has_ended
from paribus.status import RunStatus
from paribus.tasks import is_lower_better


if TYPE_CHECKING:
    from rich.console import RenderableType

SECONDS_BETWEEN_LINES = 5.0
MAX_ROWS = 12

OnProgress = Callable[[Progress], None]


@contextmanager
def show_progress(*, is_quiet: bool = False) -> Iterator[OnProgress]:
    """Show how far a study is for as long as the block lasts.

    Args:
        is_quiet: Whether to show nothing.

    Yields:
        The function to hand every `Progress` to.
    """
    if is_quiet:
        yield lambda _: None
        return
    from paribus.console.notebook import NotebookProgress, is_notebook

    if is_notebook():
        yield NotebookProgress()
        return
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal and not console.is_dumb_terminal:
        from rich.live import Live

        with Live(console=console, transient=True, refresh_per_second=4) as live:
            yield lambda progress: live.update(
                draw_progress(progress, width=console.width)
            )
    else:
        yield PlainLines()


class PlainLines:
    """Progress as a line every few seconds, for logs.

    Args:
        write: Takes each line.
        clock: Says the time, in seconds.
    """

    def __init__(
        self,
        write: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write or _write_line
        self._clock = clock
        self._last_time = -math.inf
        self._last_line = ""

    def __call__(self, progress: Progress) -> None:
        """Write a line, unless the last one was written a moment ago."""
        line = progress_line(progress)
        is_last = progress.n_finished == progress.n_runs
        is_due = self._clock() - self._last_time >= SECONDS_BETWEEN_LINES
        if line != self._last_line and (is_due or is_last):
            self._write(line)
            self._last_time, self._last_line = self._clock(), line


def progress_line(progress: Progress) -> str:
    """Say in one line how far a study is: `"36 of 92 runs done, about 40 s left"`."""
    at_most = "up to " if progress.is_open else ""
    parts = [f"{progress.n_finished} of {at_most}{progress.n_runs} runs done"]
    if progress.n_trained and progress.elapsed_s > 0:
        parts.append(_speed_text(progress.n_trained / progress.elapsed_s))
    if progress.remaining_s is not None and progress.n_finished < progress.n_runs:
        parts.append(f"about {duration_text(progress.remaining_s)} left")
    n_bad = int(np.isin(progress.status, [RunStatus.FAILED, RunStatus.DIVERGED]).sum())
    if n_bad:
        parts.append(f"{n_bad} diverged or failed")
    now = _now_text(progress)
    return ", ".join(parts) + (f"; now {now}" if now else "")


def _speed_text(per_second: float) -> str:
    if per_second < 1:
        return f"one every {duration_text(1 / per_second)}"
    return f"{per_second:.2g} a second"


def _now_text(progress: Progress) -> str:
    """What is being done: `"training 24 at once (batch_size=64), epoch 1 of 5"`."""
    if not progress.n_training:
        return progress.activity
    last = math.ceil(progress.epochs)
    epoch = min(int(progress.epoch) + 1, last)
    which = f" ({progress.activity})" if progress.activity else ""
    return f"training {progress.n_training} at once{which}, epoch {epoch} of {last}"


def draw_progress(progress: Progress, *, width: int) -> "RenderableType":
    """Draw the bar, the line and the table of configs.

    Args:
        progress: How far the study is.
        width: Columns of the terminal.
    """
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    bar = Table.grid(expand=True)  # a bar alone does not end its line
    completed = progress.n_finished + progress.n_training * progress.share_of_block
    bar.add_row(ProgressBar(total=progress.n_runs, completed=completed))
    rows = lay_out(progress_rows(progress), width=width)
    n_more = len(progress.configs) - MAX_ROWS
    more = f"\nand {n_more} more" if n_more > 0 else ""
    return Group(bar, Text(progress_line(progress)), Text(rows + more))


def progress_rows(progress: Progress) -> list[Row]:
    """The first rows of the table: config, seeds finished, mean with interval.

    In the order of the study, or by mean, the best first, where they are too many.
    """
    configs = progress.configs
    is_share = progress.metric.endswith("_accuracy")
    means, lower, upper = narrowing_intervals(
        progress.scores, bounds=(0.0, 1.0) if is_share else (-math.inf, math.inf)
    )
    n_seeds = (progress.status != RunStatus.ABSENT).sum(axis=1)
    n_done = has_ended(progress.status).sum(axis=1)
    order = np.arange(len(configs))
    if len(configs) > MAX_ROWS:
        sign = 1.0 if is_lower_better(progress.metric) else -1.0
        order = np.argsort(np.nan_to_num(sign * means, nan=math.inf), kind="stable")
    rows = []
    for i in order[:MAX_ROWS]:
        score = ""
        if math.isfinite(means[i]):
            low, high = float(lower[i]), float(upper[i])
            is_known = math.isfinite(low)
            score = interval_text(
                float(means[i]),
                low if is_known else None,
                high if is_known else None,
                is_share=is_share,
            )
        row = {"config": configs[i].label(), "seeds": f"{n_done[i]}/{n_seeds[i]}"}
        rows.append({**row, progress.metric: score})
    return rows


def narrowing_intervals(
    scores: np.ndarray, *, bounds: tuple[float, float] = (0.0, 1.0)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means over the seeds that are there, with t intervals where there are two.

    Args:
        scores: Config by seed; NaN where there is none yet.
        bounds: What a score can be; those of accuracies if not said.

    Returns:
        Means, lower and upper bounds by config; NaN where there is none.
    """
    from paribus.stats.intervals import MIN_SEEDS, t_interval

    is_there = np.isfinite(scores)
    n_there = is_there.sum(axis=1)
    sums = np.where(is_there, scores, 0.0).sum(axis=1)
    means = np.where(n_there > 0, sums / np.maximum(n_there, 1), np.nan)
    lower, upper = np.full(len(means), np.nan), np.full(len(means), np.nan)
    enough = n_there >= MIN_SEEDS
    if enough.any():
        interval = t_interval(scores[enough], is_there[enough]).within(*bounds)
        lower[enough], upper[enough] = interval.lower, interval.upper
    return means, lower, upper


def duration_text(seconds: float) -> str:
    """Write a duration as people say it: `8 s`, `2 min 05 s`, `1 h 20 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def _write_line(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
