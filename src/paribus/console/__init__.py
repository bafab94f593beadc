"""What the terminal shows: tables on request, progress while a study is trained."""

from typing import TYPE_CHECKING

from paribus.first_use import on_first_use


if TYPE_CHECKING:
    from paribus.console.claims import claims_text
    from paribus.console.forecast import forecast_text
    from paribus.console.layout import Row, lay_out
    from paribus.console.pairs import comparison_text
    from paribus.console.progress import show_progress
    from paribus.console.rates import rates_text
    from paribus.console.tables import ending_text, summary_html, summary_text
    from paribus.console.verdicts import verdicts_text

__all__ = [
    "Row",
    "claims_text",
    "comparison_text",
    "ending_text",
    "forecast_text",
    "lay_out",
    "rates_text",
    "show_progress",
    "summary_html",
    "summary_text",
    "verdicts_text",
]

__getattr__ = on_first_use(
    __name__,
    {
        "Row": "layout",
        "claims_text": "claims",
        "comparison_text": "pairs",
        "ending_text": "tables",
        "forecast_text": "forecast",
        "lay_out": "layout",
        "rates_text": "rates",
        "show_progress": "progress",
        "summary_html": "tables",
        "summary_text": "tables",
        "verdicts_text": "verdicts",
    },
)
