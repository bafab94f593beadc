"""Names of a package that are loaded when they are first used."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def on_first_use(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a package, so that a command loads what it needs.

    Where a module of the package bears the name of something in it, this cannot work:
    once loaded, the module stands in its place.

    Args:
        package: The `__name__` of the package.
        homes: Name -> the module of the package that it lives in.
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module `{package}` has no attribute `{name}`")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return load
