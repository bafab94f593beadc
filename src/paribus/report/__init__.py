"""The report of a study: data first, then one HTML file or Markdown."""

from paribus.report.build import build_report
from paribus.report.document import Report
from paribus.report.html import render_html
from paribus.report.pictures import write_charts
from paribus.report.text import render_markdown


__all__ = ["Report", "build_report", "render_html", "render_markdown", "write_charts"]
