"""A report's charts as picture files."""

from pathlib import Path

from paribus.plots import to_png, to_svg
from paribus.report.document import Report
from paribus.results.files import write_atomically


def write_charts(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write every chart of a report as PNG and as SVG.

    Args:
        report: What `build_report` returned.
        folder: Where to; made if it is not there. Files are named by figure, e.g.
            `runs.png`, and numbered where a figure has several charts.

    Returns:
        The files written.
    """
    written: list[Path] = []
    for figure in report.figures():
        for number, panel in enumerate(figure.panels, start=1):
            several = len(figure.panels) > 1
            stem = f"{figure.name}-{number}" if several else figure.name
            specification = dict(panel.specification)
            for suffix, picture in (
                (".svg", to_svg(specification)),
                (".png", to_png(specification)),
            ):
                path = folder / f"{stem}{suffix}"
                write_atomically(path, picture)
                written.append(path)
    return tuple(written)
