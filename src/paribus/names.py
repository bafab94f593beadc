"""What a study may be called."""

import re

from paribus.errors import StudyError


_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,98}[A-Za-z0-9_-])?")
_RESERVED_NAMES = {"con", "prn", "aux", "nul"} | {
    f"{device}{digit}" for device in ("com", "lpt") for digit in range(1, 10)
}


def as_study_name(text: str, *, otherwise: str) -> str:
    """The name of a study that is nearest to a text, e.g. to a file's name.

    Args:
        text: What it should be called; what a name cannot hold becomes `-`.
        otherwise: The name where nothing of the text is left.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:90].lstrip("_.-").rstrip(".-")
    is_reserved = name.split(".")[0].lower() in _RESERVED_NAMES
    return f"study-{name}" if is_reserved else name or otherwise


def check_name(name: str) -> None:
    """Refuse a study name that could not be a folder's.

    Raises:
        StudyError: If it has other characters than letters, digits, `_`, `-` and `.`,
            is longer than 100, starts with a sign, ends with a dot, or is reserved by
            an operating system.
    """
    if not _NAME.fullmatch(name) or name.split(".")[0].lower() in _RESERVED_NAMES:
        raise StudyError(
            "`study.name` must be at most 100 letters, digits, `_`, `-` or `.`, "
            "begin with a letter or a digit, not end with a dot, and be no reserved "
            f"word, got {name[:120]!a}"
        )
