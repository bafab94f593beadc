"""`paribus init` and `paribus run`: make a study file, train what is missing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli.app import app
from paribus.cli.faults import Command
from paribus.cli.parameters import (
    AllowModule,
    Device,
    Force,
    Json,
    OutFile,
    StudyName,
    ask_model,
    built_in_studies,
    check_target,
    count,
    count_or_zero,
    new_path,
    some_text,
)
from paribus.cli.streams import prints_on_stderr, say, write
from paribus.errors import CommandError, UnknownNameError
from paribus.signals import ENDING


if TYPE_CHECKING:
    from collections.abc import Callable

    from paribus.results import Progress, StudyResult


@app.command(cls=Command)
def init(
    preset: Annotated[
        str | None,
        typer.Argument(
            metavar="PRESET",
            help="A built-in study; without it, they are listed.",
            autocompletion=built_in_studies,
        ),
    ] = None,
    out: OutFile = None,
    force: Force = False,
) -> None:
    """Write a commented study file to start from; the study is named as the file."""
    from paribus.results.files import write_atomically
    from paribus.study_file.sources import built_in_names, built_in_text, renamed

    if preset is None:
        write("\n".join(built_in_names()))
        return
    try:
        text = built_in_text(preset)
    except UnknownNameError as error:
        raise CommandError(str(error), hint=error.hint) from None
    path = out or Path(f"{preset}.toml")
    check_target(path, may_replace=force)
    write_atomically(path, renamed(text, preset, path.stem))
    write(str(path))


@app.command(cls=Command)
def run(  # noqa: PLR0913  (options are arguments)
    study: StudyName,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=new_path,
            help="The study folder; studies/<name> if not said.",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(metavar="N", parser=count, help="Seeds per config."),
    ] = None,
    size: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            parser=some_text,
            help="A size that the study file has, e.g. quick.",
        ),
    ] = "standard",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Replace a setting of the study file: study.epochs=2, or, of the "
            "first [[space]], 'space.1.learning_rate=[0.1, 1]'.",
        ),
    ] = None,
    device: Device = "auto",
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Train and write nothing: show configs, runs, compiled programs, and "
            "roughly the time and the memory.",
        ),
    ] = False,
    json: Json = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Show no progress and no table.")
    ] = False,
    max_failed: Annotated[
        int,
        typer.Option(
            metavar="N", parser=count_or_zero, help="Failed runs to put up with."
        ),
    ] = 0,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Train failed runs again.")
    ] = False,
    allow_module: AllowModule = None,
    allow_env_change: Annotated[
        bool,
        typer.Option(
            "--allow-env-change",
            help="Let a study with exact = true go on with other versions or on "
            "another machine.",
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Train the runs of a study that are missing. Running again continues."""
    with ENDING.deferred():
        from paribus.study_file import read_study

    with prints_on_stderr():
        file = read_study(
            study,
            overrides=settings or (),
            seeds=seeds,
            size=size,
            allow_modules=allow_module or (),
            ask_model=ask_model,
        )

    with ENDING.deferred():  # slow to load: only for a study that is sound
        from paribus.analysis import edge_texts
        from paribus.api import run_study
        from paribus.cli.showing import show_forecast, show_result
        from paribus.console import ending_text, show_progress
        from paribus.results.asked import only_asked

    folder = out or Path("studies") / file.study.name
    if dry_run:
        with file.placing():
            show_forecast(
                file.study,
                folder,
                data_folder=file.folder,
                device=device,
                retry_failed=retry_failed,
                allow_env_change=allow_env_change,
                as_json=json,
            )
        return
    if not quiet and file.n_united:
        say(f"Configs that stand in two grids and are trained once: {file.n_united}")
    try:
        with file.placing(), show_progress(is_quiet=quiet) as show, prints_on_stderr():
            result = run_study(
                file.study,
                folder,
                data_folder=file.folder,
                device=device,
                on_progress=_obeying(show),
                max_failed=max_failed,
                retry_failed=retry_failed,
                allow_env_change=allow_env_change,
            )
    except (KeyboardInterrupt, SystemExit):  # SIGINT; SIGTERM and SIGHUP
        say("interrupted; the same command continues")
        raise
    if not quiet:
        say(ending_text(result, asked=file.study, folder=folder))
        for line in edge_texts(result):
            say(line)
        _say_claims(result, folder)
    if json or not quiet:
        show_result(only_asked(result, file.study), as_json=json)


def _obeying(show: "Callable[[Progress], None]") -> "Callable[[Progress], None]":
    """Show progress, and obey a signal that nobody has seen."""

    def on_progress(progress: "Progress") -> None:
        ENDING.obey()
        show(progress)

    return on_progress


def _say_claims(result: "StudyResult", folder: Path) -> None:
    """Say the verdicts on the study's own claims, and where all are."""
    if result.study.claims:
        from paribus.claims import judge
        from paribus.console.claims import own_claims_text

        say(own_claims_text(judge(result)))
    say(f"verdicts on every claim: paribus claims {folder}")
