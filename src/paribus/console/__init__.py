"""What the terminal shows: tables on request, progress while a study is trained."""

from paribus.console.claims import claims_text
from paribus.console.layout import Row, lay_out
from paribus.console.pairs import comparison_text
from paribus.console.progress import show_progress
from paribus.console.tables import ending_text, summary_html, summary_text


__all__ = [
    "Row",
    "claims_text",
    "comparison_text",
    "ending_text",
    "lay_out",
    "show_progress",
    "summary_html",
    "summary_text",
]
