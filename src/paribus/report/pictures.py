"""A report's charts as picture files."""

from pathlib import Path

from paribus.plots import to_png, to_svg
from paribus.report.document import Report
from paribus.results.files import write_together


def write_charts(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write every chart of a report as PNG and as SVG.

    Args:
        report: What `build_report` returned.
        folder: Where to; made if it is not there. Files are named by figure, e.g.
            `runs.png`, and numbered where a figure has several charts.

    Returns:
        The files written.
    """
    pictures: dict[str, str | bytes] = {}
    for figure in report.figures():
        for number, panel in enumerate(figure.panels, start=1):
            several = len(figure.panels) > 1
            stem = f"{figure.name}-{number}" if several else figure.name
            specification = dict(panel.specification)
            pictures[f"{stem}.svg"] = to_svg(specification)
            pictures[f"{stem}.png"] = to_png(specification)
    write_together(folder, pictures)
    return tuple(folder / name for name in pictures)
