"""Progress in a notebook: one output, rewritten in place."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from paribus.console.notebook import NotebookProgress, is_notebook, progress_html
from paribus.results import Progress
from paribus.space import Config
from paribus.status import RunStatus


def make_progress(n_finished: int) -> Progress:
    status = np.full((2, 1), RunStatus.ABSENT)
    status[:n_finished] = RunStatus.CONVERGED
    return Progress(
        configs=(Config({"activation": "<b>"}), Config({"activation": "relu"})),
        metric="test_accuracy",
        scores=np.where(status == RunStatus.CONVERGED, 0.5, np.nan),
        status=status,
        n_finished=n_finished,
        n_runs=2,
        n_trained=n_finished,
        elapsed_s=1.0,
        remaining_s=None,
        activity="<i>",
    )


def test_pages_come_a_second_apart_and_the_last_one_always():
    pages: list[str] = []
    times = iter([0.0, 0.0, 0.4, 1.2, 1.2, 1.3])
    show = NotebookProgress(pages.append, lambda: next(times))

    for _ in range(3):
        show(make_progress(1))
    show(make_progress(2))

    assert len(pages) == 3
    assert ["<table" in page for page in pages] == [True, True, False]
    assert "2 of 2 runs" in pages[-1]


def test_what_users_write_is_escaped():
    page = progress_html(make_progress(1), is_last=False)

    assert "&lt;b&gt;" in page
    assert "&lt;i&gt;" in page
    assert "<b>" not in page
    assert "<i>" not in page


@pytest.mark.parametrize(
    ("shell", "expected"),
    [(None, False), (SimpleNamespace(), False), (SimpleNamespace(kernel=1), True)],
    ids=["no shell", "IPython in a terminal", "a kernel"],
)
def test_a_notebook_is_a_shell_with_a_kernel(
    monkeypatch: pytest.MonkeyPatch, shell: object, expected: bool
):
    fake = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", fake)

    assert is_notebook() is expected
