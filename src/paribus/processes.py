"""Other processes of this computer."""

import os


def has_ended(pid: int) -> bool:
    """Whether a process is known to be gone; False where that cannot be asked."""
    if os.name != "posix":  # elsewhere to ask for a process may end it
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # it runs, and belongs to somebody else
        return False
    return False
