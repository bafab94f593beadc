"""Where study files come from: built-in names and files, as text or a refusal."""

import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from paribus.errors import StudyError, printable, unknown_name
from paribus.names import as_study_name
from paribus.study_file.mistakes import quoted


MAX_BYTES = 1_000_000

_BUILT_IN = Path(__file__).parent.parent / "studies"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A study file's text, not understood yet.

    Attributes:
        name: For messages: the path as written, or the built-in study's name.
        folder: What relative paths in the text are relative to.
        text: The content.
    """

    name: str
    folder: Path
    text: str


def built_in_names() -> tuple[str, ...]:
    """List the built-in studies."""
    return tuple(sorted(path.stem for path in _BUILT_IN.glob("*.toml")))


def built_in_text(name: str) -> str:
    """Read the commented study file of a built-in study.

    Args:
        name: One of `built_in_names`.

    Raises:
        UnknownNameError: If there is no such study.
    """
    if name not in built_in_names():
        raise unknown_name("built-in study", printable(name), built_in_names())
    return (_BUILT_IN / f"{name}.toml").read_text(encoding="utf-8")


def renamed(text: str, old: str, new: str) -> str:
    """Name the study in a built-in study's text `new`.

    Args:
        text: The text of the built-in study `old`.
        old: Its name, as in the line `name = "notebook"  # ... studies/notebook`.
        new: Another name; what a study's name cannot hold becomes `-`.
    """
    name = as_study_name(new, otherwise=old)
    if name == old:
        return text

    def rename(found: re.Match[str]) -> str:
        comment = found["comment"].replace(f"studies/{old}", f"studies/{name}")
        return f'name = "{name}"{found["gap"]}{comment}'

    line = rf'^name = "{re.escape(old)}"(?P<gap> *)(?P<comment>.*)$'
    return re.sub(line, rename, text, count=1, flags=re.MULTILINE)


def read_source(source: str | Path) -> Source:
    """Find a study by name or path, and read its text.

    Args:
        source: A text that is a built-in study's name means that study; anything else
            is a path, taken literally.

    Raises:
        StudyError: If there is no such file, or it cannot be a study file.
    """
    if isinstance(source, str) and source in built_in_names():
        return Source(name=source, folder=Path(), text=built_in_text(source))
    if not str(source):
        raise StudyError("a study needs a name or a file, got an empty text")
    path = Path(source)
    name = printable(str(source))
    content = _read(path, name)
    return Source(name=name, folder=path.parent, text=_decode(content, name))


def _read(path: Path, name: str) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            hint = "a study folder is continued by running its study file again"
            raise StudyError(
                f"`{name}` must be a study file, it is a folder", hint=hint
            )
        if not stat.S_ISREG(status.st_mode):
            raise StudyError(f"`{name}` cannot be read, it is not a regular file")
        if status.st_size > MAX_BYTES:
            raise StudyError(
                f"`{name}` must be at most 1 MB, got {status.st_size / 1e6:.1f} MB"
            )
        return path.read_bytes()
    except StudyError:
        raise
    except FileNotFoundError:
        if path.is_symlink():
            target = printable(str(path.readlink()))
            raise StudyError(f"`{name}` leads nowhere, to `{target}`") from None
        raise StudyError(
            f"no study file is called `{name}`", hint=_nearest(path)
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise StudyError(f"`{name}` cannot be read: {_reason(error)}") from None


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        is_loop = "symbolic links" in error.strerror.lower()
        text = error.strerror.lower()
        return f"not a regular file ({text})" if is_loop else text
    return str(error)


def _nearest(path: Path) -> str:
    """Suggest the study file or the built-in study whose name is nearest."""
    candidates = {
        **{name: f"the built-in study `{name}`" for name in built_in_names()},
        **{name: quoted(str(path.parent / name)) for name in _files_in(path.parent)},
    }
    by_lower_case = {name.lower(): text for name, text in candidates.items()}
    close = get_close_matches(path.name.lower(), by_lower_case, n=1)
    if close:
        return f"did you mean {by_lower_case[close[0]]}?"
    return f"built-in studies: {', '.join(f'`{name}`' for name in built_in_names())}"


def _files_in(folder: Path) -> Iterable[str]:
    try:
        return [path.name for path in folder.iterdir() if path.suffix == ".toml"]
    except OSError:
        return []


def _decode(content: bytes, name: str) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:4]:
        raise StudyError(f"`{name}` must be UTF-8, got UTF-16", hint="save it as UTF-8")
    content = content.removeprefix(_BYTE_ORDER_MARK)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise StudyError(
            f"`{name}` must be UTF-8, got byte 0x{content[error.start]:02x} "
            f"({name}, line {line})"
        ) from None
