"""`show`, `compare`, `claims`, `report`, `export`, `check`: what a folder says."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from paribus.cli.app import app
from paribus.cli.faults import Command
from paribus.cli.parameters import (
    Folder,
    Force,
    Json,
    OutFile,
    check_export_target,
    check_target,
    new_path,
)
from paribus.cli.streams import say, write, write_json
from paribus.errors import CommandError, StoreError, StudyError


_TRAIN_ON = (
    "no result is damaged: the same `paribus run` goes on from the newest checkpoint "
    "that is sound, or trains from the start what has none"
)
_SALVAGE = (
    "`--salvage NEW_FOLDER` copies what still verifies; better go on from a copy of "
    "the whole folder, if there is one"
)


@app.command(cls=Command)
def show(folder: Folder, json: Json = False) -> None:
    """Show one row per config: what became of its runs, means, intervals."""
    from paribus.api import load
    from paribus.cli.showing import show_result

    show_result(load(folder).record, as_json=json)


@app.command(cls=Command)
def compare(
    folder: Folder,
    a: Annotated[
        str,
        typer.Option(
            "--a", metavar="VALUES", help='e.g. "learning_rate=0.001, batch_size=32"'
        ),
    ],
    b: Annotated[str, typer.Option("--b", metavar="VALUES", help="The other side.")],
    metric: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="e.g. test_accuracy."),
    ] = None,
    json: Json = False,
) -> None:
    """Compare two configs, or two values at equal others, paired by seed."""
    from paribus.api import load
    from paribus.cli.records import comparison_record
    from paribus.console import comparison_text

    sides = _values(a, "--a"), _values(b, "--b")
    result = load(folder)
    try:
        comparison = result.compare(*sides, metric=metric)
    except StudyError as error:  # what was asked for is on the command line
        raise CommandError(str(error), hint=error.hint) from None
    if json:
        write_json(comparison_record(result.record.study.name, comparison))
    else:
        write(comparison_text(comparison))


@app.command(cls=Command)
def claims(
    folder: Folder,
    details: Annotated[
        bool,
        typer.Option("--details", help="Also each claim's parts, tests and scope."),
    ] = False,
    json: Json = False,
) -> None:
    """Judge every claim: its verdict, its interval, what would decide it."""
    from paribus.api import load
    from paribus.cli.verdicts import claim_records

    verdicts = load(folder).verdicts()
    if json:
        write_json(claim_records(verdicts))
    else:
        write(verdicts.details() if details else str(verdicts))


@app.command(cls=Command)
def report(
    folder: Folder,
    out: OutFile = None,
    format: Annotated[
        Literal["html", "md"] | None, typer.Option(help="html if --out says nothing.")
    ] = None,
    charts: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", parser=new_path, help="Also write charts as PNG and SVG."
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Write the report, and print where it is.

    Without --out it is made anew in the study's folder; another file is replaced with
    --force alone.
    """
    from paribus.api import load

    if out is not None:
        check_target(out, may_replace=force)
    result = load(folder)
    write(str(result.report(out, format=format)))
    if charts is not None:
        for path in result.charts(charts):
            write(str(path))


@app.command(cls=Command)
def export(
    folder: Folder,
    out: Annotated[
        Path,
        typer.Option(
            metavar="PATH", parser=new_path, help="A file, or a folder for CSV files."
        ),
    ],
    format: Annotated[
        Literal["csv", "json"] | None,
        typer.Option(help="What the path ends in if not said."),
    ] = None,
    force: Force = False,
) -> None:
    """Write every run and every training curve for other programs."""
    from paribus.api import load

    check_export_target(out, format, may_replace=force)
    for path in load(folder).export(out, format=format):
        write(str(path))


@app.command(cls=Command)
def check(
    folder: Folder,
    salvage: Annotated[
        Path | None,
        typer.Option(
            metavar="NEW_FOLDER",
            parser=new_path,
            help="Copy what verifies of a damaged study to a new folder.",
        ),
    ] = None,
) -> None:
    """Verify every byte of a study folder that can be verified."""
    from paribus.counts import count
    from paribus.store import check_study, salvage_study

    try:
        found = check_study(folder)
    except StoreError as error:
        if salvage is None:
            raise
        say(str(error))  # what cannot be read in place may be in a copy
    else:
        if found.problems and salvage is None:
            hint = _TRAIN_ON if found.are_results_sound else _SALVAGE
            raise StoreError("\n".join(found.problems), hint=hint)
        for problem in found.problems:
            say(problem)
        if not found.problems:
            runs, pieces = count(found.n_runs, "run"), count(found.n_chunks, "piece")
            write(
                f"{folder}: {runs} and {pieces} of training curves in "
                f"{found.n_bytes:,} bytes, all sound"
            )
    if salvage is None:
        return
    saved = salvage_study(folder, salvage)
    if saved.mixed:
        tables = ", ".join(f"`{name}`" for name in saved.mixed)
        say(
            f"of {tables} all rows verify one by one, but they are not those that were "
            "written last: what is saved may be of an older state or of another study"
        )
    write(
        f"{salvage}: {saved.n_saved} finished runs saved, {saved.n_lost} lost; "
        f"`paribus run STUDY --out {salvage}` trains what is missing"
    )


def _values(text: str, option: str) -> dict[str, Any]:
    from paribus.study_file.overrides import parse_values

    return parse_values(text, option=option)
