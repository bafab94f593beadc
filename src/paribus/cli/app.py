"""The app that every command is registered with."""

import typer

from paribus.cli.faults import Commands


app = typer.Typer(
    cls=Commands,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What a training hyperparameter really does to a model, all else equal.",
    epilog="`paribus run notebook` trains a built-in study; `paribus init` lists them.",
)
