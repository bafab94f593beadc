"""The command line: parse, call, print. Nothing is decided here."""

from paribus.cli import importing, ranging, reading, training
from paribus.cli.app import app


__all__ = ["app", "importing", "ranging", "reading", "training"]
