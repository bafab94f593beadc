"""What a study found, for people: tables, comparisons, a report."""

import html
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from paribus.analysis import records
from paribus.api.writing import write_charts, write_export, write_report
from paribus.errors import StudyError
from paribus.hyperparameters import Value
from paribus.results import StudyResult
from paribus.results.progress import has_ended


if TYPE_CHECKING:
    import pandas as pd

    from paribus.claims import ClaimVerdict


class Comparison(records.Comparison):
    """Two sides paired by seed; printed, it is the text of `paribus compare`."""

    def __str__(self) -> str:
        from paribus.console import comparison_text

        return comparison_text(self)

    def _repr_html_(self) -> str:
        return _preformatted(str(self))


class Verdicts(tuple["ClaimVerdict", ...]):
    """The verdicts on all claims; printed, they are the text of `paribus claims`.

    Attributes:
        unvaried: Groups of claims about what the study does not compare -> what would
            test them; printed, each is one line.
    """

    unvaried: Mapping[str, str] = MappingProxyType({})

    def details(self) -> str:
        """Say of each claim its parts, their tests and scope: `claims --details`."""
        from paribus.console import claims_text
        from paribus.console.layout import terminal_width

        return claims_text(self, unvaried=self.unvaried, width=terminal_width())

    def __str__(self) -> str:
        from paribus.console import verdicts_text
        from paribus.console.layout import terminal_width

        return verdicts_text(self, unvaried=self.unvaried, width=terminal_width())

    def _repr_html_(self) -> str:
        return _preformatted(str(self))


class Result:
    """What a study found; printed, it is the text of `paribus show`.

    Attributes:
        record: The same as labelled arrays.
        folder: The study folder.
    """

    def __init__(self, record: StudyResult, *, folder: Path) -> None:
        self.record = record
        self.folder = folder

    def table(self, *, columns: str = "main") -> "pd.DataFrame":
        """Tabulate the configs, one row each.

        Args:
            columns: `"main"` for what most readers want: the hyperparameters, `n_seeds`
                (runs that ended), `share_bad` (of runs that ended badly), the metric
                that ranks and that of the test split with their 95% intervals
                (`<metric>_lower`, `<metric>_upper`), `is_tied_with_best`,
                `is_practically_tied` and `seconds_per_epoch`. `"all"` for what an
                export has: also counts for each status, every metric, and means of the
                runs that learned.

        Raises:
            StudyError: If `columns` is something else.
        """
        from paribus.exports.tables import configs_table, main_columns

        if columns not in ("main", "all"):
            raise StudyError(f"`columns` must be `main` or `all`, got `{columns}`")
        table = configs_table(self.record)
        if columns == "all":
            return table
        return table.loc[:, main_columns(self.record, table)]

    def runs(self) -> "pd.DataFrame":
        """Tabulate the runs: hyperparameters, seed, status, final metrics, measures."""
        from paribus.exports import runs_table

        return runs_table(self.record)

    def curves(self) -> "pd.DataFrame":
        """Tabulate the training curves: one row per run and evaluation."""
        from paribus.results import tables

        return tables.curves(self.record)

    def compare(
        self,
        a: Mapping[str, Value],
        b: Mapping[str, Value],
        *,
        metric: str | None = None,
    ) -> Comparison:
        """Compare two configs, or two values at equal others, paired by seed.

        Args:
            a: Values that define side a, e.g. `{"learning_rate": 0.001}`.
            b: Values that define side b.
            metric: What to compare; the study's primary accuracy if not said.

        Raises:
            StudyError: If no config has the values, or no metric the name.
        """
        from paribus.analysis import compare

        metric = metric or self.record.primary_metric
        self.record.curve(metric)  # refuses a name that no metric has
        found = compare(self.record, a, b, metric=metric)
        return Comparison(**{f.name: getattr(found, f.name) for f in fields(found)})

    def verdicts(self) -> Verdicts:
        """Judge every claim: those about learning rate and batch size, and your own.

        Returns:
            One `ClaimVerdict` for each claim, with its atoms: the verdict, the interval
            against the smallest effect, and what would decide what is open.
        """
        from paribus.claims import judge, unvaried_groups

        found = Verdicts(judge(self.record))
        found.unvaried = unvaried_groups(found, self.record.study)
        return found

    def report(
        self, path: str | Path | None = None, *, format: str | None = None
    ) -> Path:
        """Write the report.

        Args:
            path: Where to; `report.html` in the study folder if not said.
            format: `"html"` or `"md"`; what the path ends in if not said.

        Returns:
            The path that was written.
        """
        if path is None:
            path = self.folder / f"report.{format or 'html'}"
        return write_report(self.record, Path(path), format=format)

    def charts(self, folder: str | Path) -> tuple[Path, ...]:
        """Write every chart of the report as PNG and as SVG.

        Args:
            folder: Where to; made if it is not there.

        Returns:
            The paths that were written.
        """
        return write_charts(self.record, Path(folder))

    def export(
        self, path: str | Path, *, format: str | None = None
    ) -> tuple[Path, ...]:
        """Write every run and every training curve for other programs.

        Args:
            path: A folder for CSV files, or a file.
            format: `"csv"` or `"json"`; what the path ends in if not said.

        Returns:
            The paths that were written.
        """
        return write_export(self.record, Path(path), format=format)

    def __repr__(self) -> str:
        n_done = int(has_ended(self.record.status).sum())
        n_runs = self.record.n_runs
        return f"<Result of {self.record.study.name}: {n_done} of {n_runs} runs>"

    def __str__(self) -> str:
        from paribus.analysis import summarise_configs
        from paribus.console import summary_text
        from paribus.console.layout import terminal_width

        summaries = summarise_configs(self.record)
        return summary_text(self.record, summaries, width=terminal_width())

    def _repr_html_(self) -> str:
        """The same in a notebook."""
        from paribus.analysis import summarise_configs
        from paribus.console import summary_html

        return summary_html(self.record, summarise_configs(self.record))


def _preformatted(text: str) -> str:
    """What is printed, for a notebook; long lines are broken."""
    return f'<pre style="white-space: pre-wrap">{html.escape(text)}</pre>'


def load(folder: str | Path) -> Result:
    """Read a study's results from its folder, changing nothing.

    Args:
        folder: e.g. `"studies/notebook"`.

    Raises:
        StoreError: If there is no study, or it is damaged.
    """
    from paribus.analysis import classify_runs, mark_absent
    from paribus.store import read_study

    result = mark_absent(classify_runs(read_study(Path(folder))))
    return Result(result, folder=Path(folder))
