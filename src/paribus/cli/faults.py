"""What goes wrong in any command, turned into one message and an exit code."""

import errno
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from paribus.cli.streams import (
    hold_streams,
    say_error,
    tolerate_any_text,
    warns_in_words,
)
from paribus.errors import CommandError, ParibusError, ResourceError
from paribus.signals import ENDING


_DISK_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
_WORDS = (("requires an argument", "needs a value"), ("Value error, ", ""))


class Commands(TyperGroup):
    """All commands together."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run one command line, and exit with its code."""
        hold_streams()
        tolerate_any_text()
        with warns_in_words(), ENDING.heard():
            code = self._run(*args, **extra)
        # A signal that came too late, or that the user's code has caught.
        code = ENDING.exit_code or code
        if standalone_mode:
            sys.exit(code)
        return code

    def _run(self, *args: Any, **extra: Any) -> int:
        try:
            # Not standalone: usage errors come back to us, and are worded as ours.
            return super().main(*args, standalone_mode=False, **extra) or 0
        except ParibusError as error:
            say_error(str(error), error.hint)
            return error.exit_code
        except MemoryError:
            say_error("there is not enough memory", "")
            return ResourceError.exit_code
        except OSError as error:
            if error.errno not in _DISK_FAULTS:
                raise
            reason = (error.strerror or str(error)).lower()
            place = f"`{error.filename}`" if error.filename else "to stdout"
            say_error(f"cannot write {place}: {reason}", "")
            return ResourceError.exit_code
        except Exception as error:
            if not _is_usage_error(error):
                raise
            say_error(*_in_our_words(error))
            return CommandError.exit_code

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help where no command is named."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit(CommandError.exit_code)
        return super().parse_args(ctx, args)


class Command(TyperCommand):
    """One command: an option that may occur once occurs once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse options given twice, and arguments too many."""
        if not ctx.resilient_parsing:
            _, rest, order = self.make_parser(ctx).parse_args(args=list(args))
            self._check_once(order)
            if rest and not {"-h", "--help"} & set(args):
                (metavar, *_) = [p.metavar for p in self.params if _is_argument(p)]
                raise CommandError(
                    f"`paribus {self.name}` takes one {metavar}, got `{rest[0]}` too"
                )
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, with a traceback on demand."""
        try:
            return super().invoke(ctx)
        except ParibusError:
            if ctx.params.get("debug"):
                traceback.print_exc()
            raise

    def _check_once(self, order: list[Any]) -> None:
        for position, parameter in enumerate(order):
            if _is_argument(parameter) or getattr(parameter, "multiple", False):
                continue
            if parameter in order[:position]:
                name = max(parameter.opts, key=len)
                raise CommandError(f"`{name}` must be given once, it is given twice")


def _is_argument(parameter: Any) -> bool:
    return parameter.param_type_name == "argument"


def _is_usage_error(error: Exception) -> bool:
    return isinstance(error, typer.BadParameter.__mro__[1])


def _in_our_words(error: Any) -> tuple[str, str]:
    """The message of a usage error, and where to read more."""
    message = error.format_message().rstrip(".")
    for theirs, ours in _WORDS:
        message = message.replace(theirs, ours)
    message = message[:1].lower() + message[1:]
    path = error.ctx.command_path if error.ctx else "paribus"
    return message, f"{path} --help"
