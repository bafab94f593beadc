"""The command line: parse, call, print. Nothing is decided here."""

from paribus.cli import importing, reading, training
from paribus.cli.app import app


__all__ = ["app", "importing", "reading", "training"]
