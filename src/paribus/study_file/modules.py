"""Code that a study file names: imported only from modules that the user allows.

A study file may come from anybody. So its `builder` is imported by nothing that reads
studies, and by `run` only if the user has named its module; the folder of the file
stands last where Python looks for modules, so that nothing there takes the place of a
library.
"""

import importlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from paribus.builders import Builder, describe_builder
from paribus.errors import StudyError, suggest
from paribus.user_code import has_loaded, user_code


_REFERENCE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)", re.ASCII)


def read_builder(
    reference: str, *, allowed: Sequence[str], folder: Path, place: str
) -> Builder:
    """Import and describe the function that makes a study file's model.

    Args:
        reference: `package.module:function`, as written.
        allowed: The top-level modules that may be imported.
        folder: Of the study file.
        place: Where the reference stands, for people.

    Raises:
        StudyError: If it is not written so, may not be imported, or is not there.
        UserCodeError: If the module raises.
    """
    found = read_function(
        reference,
        setting="model.builder",
        allowed=allowed,
        folder=folder,
        place=place,
    )
    return describe_builder(found, reference=reference)


def read_function(
    reference: str, *, setting: str, allowed: Sequence[str], folder: Path, place: str
) -> Callable[..., Any]:
    """Import the function that a setting of a study file names.

    Args:
        reference: `package.module:function`, as written.
        setting: The dotted key where it stands.
        allowed: The top-level modules that may be imported.
        folder: Of the study file.
        place: Where the reference stands, for people.

    Raises:
        StudyError: If it is not written so, may not be imported, or is not there.
        UserCodeError: If the module raises.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise StudyError(
            f"`{setting}` must be module:function, got {reference!a} ({place})",
            hint=f'e.g. {setting.rpartition(".")[2]} = "mymodule:function", for '
            "mymodule.py beside the study file",
        )
    module, name = match.groups()
    top = module.partition(".")[0]
    if top not in allowed:
        raise StudyError(
            f"`{setting}` must be in a module that may be imported, got `{top}` "
            f"({place})",
            hint=f"if you trust its code: --allow-module {top}",
        )
    loaded = _imported(module, folder)
    with user_code(module, "be asked for its names"):
        found = getattr(loaded, name, None)
    if found is None:
        known = [n for n in dir(sys.modules[module]) if not n.startswith("_")]
        raise StudyError(
            f"`{setting}`: module `{module}` has no `{name}` ({place})",
            hint=suggest(name, known),
        )
    if not callable(found):
        raise StudyError(
            f"`{setting}` must be a function or a class, got "
            f"{type(found).__name__} ({place})"
        )
    return found


def _imported(module: str, folder: Path) -> Any:
    path = str(folder.absolute())
    if path not in sys.path:
        sys.path.append(path)
    if not has_loaded(module):
        importlib.invalidate_caches()
    if not has_loaded("keras"):  # a module imports it at its top, as a rule
        os.environ["KERAS_BACKEND"] = "jax"
    # As `paribus.engine` does: a module that imports JAX comes before it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with user_code(module, "be imported"):
            return importlib.import_module(module)
    finally:
        sys.dont_write_bytecode = writes
