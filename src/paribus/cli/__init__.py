"""The command line: parse, call, print. Nothing is decided here."""

from paribus.cli import reading, training
from paribus.cli.app import app


__all__ = ["app", "reading", "training"]
