"""`import`: a study folder of runs that another tool trained."""

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.app import app
from paribus.cli.faults import Command
from paribus.cli.parameters import (
    count,
    count_of_labels,
    new_path,
    some_path,
    some_text,
)
from paribus.cli.streams import say, write


@app.command("import", cls=Command)
def import_(  # noqa: PLR0913  (options are arguments)
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            parser=some_path,
            help="One row per run and evaluation; metrics are called "
            "<split>_<metric>, e.g. test_accuracy. May be gzipped.",
        ),
    ],
    hyperparameters: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            parser=some_text,
            help='Columns that tell configs apart, e.g. "optimizer,learning_rate".',
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=new_path,
            help="The study folder to make; studies/<name of the file> if not said.",
        ),
    ] = None,
    seed: Annotated[
        str, typer.Option(metavar="NAME", parser=some_text, help="Column of the seed.")
    ] = "seed",
    epoch: Annotated[
        str, typer.Option(metavar="NAME", parser=some_text, help="Column of the epoch.")
    ] = "epoch",
    data: Annotated[
        str | None,
        typer.Option(metavar="TEXT", parser=some_text, help="Name of the data set."),
    ] = None,
    classes: Annotated[
        int | None,
        typer.Option(metavar="N", parser=count_of_labels, help="Number of labels."),
    ] = None,
    train_examples: Annotated[
        int | None, typer.Option(metavar="N", parser=count, help="Trained on.")
    ] = None,
    validation_examples: Annotated[
        int | None, typer.Option(metavar="N", parser=count, help="Held out.")
    ] = None,
    test_examples: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=count, help="Tested on; without it no noise floor."
        ),
    ] = None,
) -> None:
    """Make a study folder of training curves that another tool recorded."""
    from paribus.api import import_curves

    result = import_curves(
        file,
        out,
        hyperparameters=[name.strip() for name in hyperparameters.split(",")],
        seed=seed,
        epoch=epoch,
        data=data,
        n_train=train_examples or 0,
        n_validation=validation_examples or 0,
        n_test=test_examples or 0,
        n_classes=classes or 0,
    )
    for note in result.record.data.notes:
        say(note)
    write(str(result.folder))
