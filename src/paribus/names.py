"""What a study may be called."""

import re

from paribus.errors import StudyError


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_RESERVED_NAMES = {"con", "prn", "aux", "nul"} | {
    f"{device}{digit}" for device in ("com", "lpt") for digit in range(1, 10)
}


def check_name(name: str) -> None:
    """Refuse a study name that could not be a folder's.

    Raises:
        StudyError: If it has other characters than letters, digits, `_`, `-` and `.`,
            is longer than 100, starts with a sign, or is reserved by an operating
            system.
    """
    if not _NAME.fullmatch(name) or name.split(".")[0].lower() in _RESERVED_NAMES:
        raise StudyError(
            "`study.name` must be at most 100 letters, digits, `_`, `-` or `.`, "
            "begin with a letter or a digit, and be no reserved word, "
            f"got {name[:120]!a}"
        )
