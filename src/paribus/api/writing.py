"""Write what a study found: the report, and tables for other programs."""

from pathlib import Path

from paribus.errors import CommandError, suggest
from paribus.results import StudyResult


def write_report(
    result: StudyResult,
    path: Path,
    *,
    format: str | None = None,
) -> Path:
    """Write the report as one file.

    Args:
        result: Statuses as `classify_runs` gives them.
        path: Where to; replaced if it is there.
        format: `"html"` or `"md"`; what the path ends in if not said.

    Raises:
        CommandError: If the format is not known or the path cannot be written.
    """
    from paribus.report import build_report, render_html, render_markdown
    from paribus.results.files import write_atomically

    renderers = {"html": render_html, "md": render_markdown}
    render = renderers[_format(path, format, tuple(renderers))]
    report = build_report(result)
    write_atomically(path, render(report))
    return path


def write_charts(result: StudyResult, folder: Path) -> tuple[Path, ...]:
    """Write every chart of the report as PNG and as SVG.

    Args:
        result: Statuses as `classify_runs` gives them.
        folder: Where to; made if it is not there.
    """
    from paribus import report

    return report.write_charts(report.build_report(result), folder)


def write_export(
    result: StudyResult, path: Path, *, format: str | None = None
) -> tuple[Path, ...]:
    """Write every run and every training curve for other programs.

    Args:
        result: Statuses as `classify_runs` gives them.
        path: A folder for three CSV files, a `.csv` file for the runs alone, or a file
            for JSON; what is there is replaced.
        format: `"csv"` or `"json"`; what the path ends in if not said.

    Raises:
        CommandError: If the format is not known or the path cannot be written.
    """
    from paribus.exports import FORMATS, export

    if format is None and not path.suffix:
        format = "csv"
    return export(result, format=_format(path, format, FORMATS), out=path)


def _format(path: Path, format: str | None, known: tuple[str, ...]) -> str:
    name = path.suffix.removeprefix(".").lower() if format is None else format
    if name not in known:
        raise CommandError(
            f"`format` must be one of {', '.join(known)}, got `{name}`",
            hint=suggest(name, known),
        )
    return name
