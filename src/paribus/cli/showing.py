"""Print what a study found: as a table, or as the JSON object."""

from paribus.analysis import summarise_configs
from paribus.cli.records import study_record
from paribus.cli.streams import write, write_json
from paribus.console import summary_text
from paribus.console.layout import terminal_width
from paribus.results import StudyResult


def show_result(result: StudyResult, *, as_json: bool) -> None:
    """Print every config of a study to stdout."""
    summaries = summarise_configs(result)
    if as_json:
        write_json(study_record(result, summaries))
        return
    width = terminal_width()
    write(summary_text(result, summaries, width=width))
