"""What a test needs of the machine; asserts nothing."""

import os

import pytest


def need(what: str, *, is_there: bool) -> None:
    """Skip a test for want of something; fail it in CI, where nothing is left out.

    Args:
        what: Is needed, e.g. `"strace"`.
        is_there: Whether the machine has it.
    """
    if is_there:
        return
    if os.environ.get("PARIBUS_CI"):
        pytest.fail(f"needs {what}; with PARIBUS_CI nothing is skipped")
    pytest.skip(f"needs {what}")
