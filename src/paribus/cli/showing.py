"""Print what a study found, or would take: as a table, or as the JSON object."""

from pathlib import Path

from paribus.analysis import summarise_configs
from paribus.cli.records import forecast_record, study_record
from paribus.cli.streams import prints_on_stderr, write, write_json
from paribus.console import forecast_text, summary_text
from paribus.console.layout import terminal_width
from paribus.results import StudyResult
from paribus.study import Study


def show_result(result: StudyResult, *, as_json: bool) -> None:
    """Print every config of a study to stdout."""
    summaries = summarise_configs(result)
    if as_json:
        write_json(study_record(result, summaries))
        return
    width = terminal_width()
    write(summary_text(result, summaries, width=width))


def show_forecast(
    study: Study,
    folder: Path,
    *,
    data_folder: Path,
    device: str,
    retry_failed: bool,
    allow_env_change: bool,
    as_json: bool,
) -> None:
    """Print what training the missing runs of a study would take to stdout."""
    from paribus.engine.forecast import forecast_study  # loads JAX

    with prints_on_stderr():
        forecast = forecast_study(
            study,
            folder,
            data_folder=data_folder,
            device=device,
            retry_failed=retry_failed,
            allow_env_change=allow_env_change,
        )
    if as_json:
        write_json(forecast_record(forecast, folder))
        return
    write(forecast_text(forecast, folder=folder, width=terminal_width()))
