"""`paribus range`: where should a grid of learning rates lie?"""

from pathlib import Path
from typing import Annotated, Any

import typer

from paribus.cli.app import app
from paribus.cli.faults import Command
from paribus.cli.parameters import (
    AllowModule,
    Device,
    Force,
    Json,
    Quiet,
    StudyName,
    ask_model,
    check_target,
    count,
    new_path,
    number,
)
from paribus.cli.streams import prints_on_stderr, say, write, write_json
from paribus.errors import CommandError
from paribus.signals import ENDING


_SUFFIXES = (".svg", ".png")


@app.command(name="range", cls=Command)
def range_test(  # noqa: PLR0913  (options are arguments)
    study: StudyName,
    seeds: Annotated[
        int, typer.Option(metavar="N", parser=count, help="Runs of each combination.")
    ] = 5,
    steps: Annotated[
        int, typer.Option(metavar="N", parser=count, help="Steps of each run.")
    ] = 400,
    lower: Annotated[
        float,
        typer.Option(metavar="RATE", parser=number, help="The first learning rate."),
    ] = 1e-6,
    upper: Annotated[
        float,
        typer.Option(metavar="RATE", parser=number, help="The last learning rate."),
    ] = 10.0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Replace a setting of the study file, as for `run`.",
        ),
    ] = None,
    device: Device = "auto",
    chart: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            parser=new_path,
            help="Where to write the curves with their bands; .svg or .png.",
        ),
    ] = None,
    force: Force = False,
    allow_module: AllowModule = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Propose a grid of learning rates, from short runs with a rising rate.

    Every batch size, and every combination of the other hyperparameters, is trained
    with several seeds. Nothing is decided, and nothing is kept but the chart.
    """
    from paribus.study_file import read_study

    if chart is not None:
        if chart.suffix not in _SUFFIXES:
            raise CommandError(
                f"`--chart` must end in .svg or .png, got `{chart.name}`"
            )
        check_target(chart, may_replace=force, option="--chart")
    with prints_on_stderr():
        file = read_study(
            study,
            overrides=settings or (),
            allow_modules=allow_module or (),
            ask_model=ask_model,
        )

    with ENDING.deferred():
        from paribus.console import rates_text
        from paribus.console.layout import terminal_width
        from paribus.engine.rate_sweep import sweep_rates  # loads JAX

    def say_block(description: str) -> None:
        ENDING.obey()
        if not quiet:
            say(f"training {description}".rstrip())

    with file.placing(), prints_on_stderr():
        sweep = sweep_rates(
            file.study,
            data_folder=file.folder,
            device=device,
            n_seeds=seeds,
            bounds=(lower, upper),
            n_steps=steps,
            on_block=say_block,
        )
    if chart is not None:
        _write_chart(sweep, chart)
    if json:
        from paribus.cli.records import sweep_record

        write_json(sweep_record(sweep))
    else:
        write(rates_text(sweep, width=terminal_width()))


def _write_chart(sweep: Any, path: Path) -> None:
    from paribus.plots import draw_rates, to_png, to_specification, to_svg
    from paribus.results.files import write_atomically

    specification = to_specification(
        draw_rates(sweep), description="training loss by learning rate"
    )
    is_svg = path.suffix == ".svg"
    write_atomically(path, to_svg(specification) if is_svg else to_png(specification))
