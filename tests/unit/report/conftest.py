"""Reports that many tests look at, each built once."""

import pytest
from report_builders import FULL_GRID, make_notebook_result, make_notebook_study

from paribus.report import build_report
from paribus.report.document import Report


@pytest.fixture(scope="session")
def notebook() -> Report:
    """Of the notebook's study, two of whose runs diverged."""
    return build_report(make_notebook_result(diverged={(2, 4): 312, (2, 5): 400}))


@pytest.fixture(scope="session")
def grid() -> Report:
    """Of a full grid with a validation split."""
    study = make_notebook_study(name="mine", grids=FULL_GRID, validation=5000)
    return build_report(make_notebook_result(study))
