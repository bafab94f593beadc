"""Digests of a user's code, by which a change of it is noticed.

A digest has two parts, `functions/files`: one of the functions themselves and what they
call in their module, and one of the whole files that they lie in and import. Records of
earlier programs have the first part alone, and so has code without a file, as that of a
notebook.
"""

import ast
import hashlib
import inspect
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any


_INSTALLED = ("site-packages", "dist-packages")
_STDLIB = Path(sysconfig.get_path("stdlib"))

# What a file's code may fail to be: readable, text, Python, or shallow enough.
_UNREADABLE = (OSError, TypeError, ValueError, SyntaxError, RecursionError)


def reference_of(function: Any) -> str:
    """Where code is defined, as `package.module:function`."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', None) or '?'}:{name}"


def source_digest(*functions: Callable[..., Any]) -> str:
    """Digest the syntax of code, which comments and layout do not change.

    Returns:
        12 hexadecimal digits for each function, joined by `+`, or nothing where one has
        no source; then, if they lie in files, `/` and 12 more for the files.
    """
    of_each = [_function_digest(function) for function in functions]
    files: dict[str, str] = {}
    for function in functions:
        _collect_files(function, files)
    of_functions = "+".join(of_each) if all(of_each) else ""
    return f"{of_functions}/{_digest(files)}" if files else of_functions


def is_same_code(was: str, got: str) -> bool:
    """Whether two digests are of the same code, as far as both can tell.

    Example:
        >>> is_same_code("a1/b1", "a1/b2"), is_same_code("a1", "a1/b2")
        (False, True)
    """
    was_functions, _, was_files = was.partition("/")
    got_functions, _, got_files = got.partition("/")
    if was_files and got_files:
        return was_files == got_files
    return was_functions == got_functions or not (was_functions and got_functions)


def have_same_functions(was: str, got: str) -> bool:
    """Whether the functions are the same, whatever else their files hold."""
    return was.partition("/")[0] == got.partition("/")[0] != ""


def _digest(syntax: dict[str, str]) -> str:
    text = "".join(f"{name}={syntax[name]};" for name in sorted(syntax))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _function_digest(function: Any) -> str:
    found: dict[str, str] = {}
    try:
        _collect(function, found)
    except (OSError, TypeError, SyntaxError):
        return ""
    return _digest(found)


def _collect(code: Any, found: dict[str, str]) -> None:
    """Add the syntax of functions and classes, each once."""
    name = reference_of(code)
    if name in found:
        return
    tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    found[name] = ast.dump(tree)
    module = inspect.getmodule(code)
    for used in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
        other = getattr(module, used, None)
        is_own = getattr(other, "__module__", None) == code.__module__
        if is_own and (inspect.isfunction(other) or inspect.isclass(other)):
            _collect(other, found)


def _collect_files(function: Any, found: dict[str, str]) -> None:
    """Add the syntax of the file of a function, and of those that it imports."""
    name = str(getattr(function, "__module__", None) or "__main__")
    path = getattr(sys.modules.get(name), "__file__", None)
    if name == "__main__" or path is None or not path.endswith(".py"):
        return
    own = _Own(name, Path(path))
    waiting = [(name, Path(path))] if own.has(name, Path(path)) else []
    while waiting:
        module, file = waiting.pop()
        place = file.relative_to(own.root).as_posix()
        if place in found:
            continue
        tree = _parsed(file)
        found[place] = "" if tree is None else _written(tree, file)
        if tree is not None:
            is_package = file.stem == "__init__"
            names = _imported(tree, module if is_package else module.rpartition(".")[0])
            waiting += [each for name in names for each in own.files_of(name)]


def _parsed(file: Path) -> ast.Module | None:
    """The syntax of a file; None where there is none, which importing it tells."""
    try:
        return ast.parse(file.read_bytes())
    except _UNREADABLE:
        return None


def _written(tree: ast.Module, file: Path) -> str:
    """The syntax of a file as text, the same on each Python."""
    try:
        return _dump(tree)
    except RecursionError:  # a sum of a thousand parts
        return file.read_text("utf-8", "replace")


def _dump(value: Any) -> str:
    """As `ast.dump`, but without what is empty: each Python adds fields that are."""
    if isinstance(value, list):
        return f"[{','.join(map(_dump, value))}]"
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = [
        f"{n}={_dump(v)}" for n, v in ast.iter_fields(value) if v not in (None, [])
    ]
    return f"{type(value).__name__}({','.join(fields)})"


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """The full names that a file imports, wherever in it; some are no modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            parents = parents[: len(parents) + 1 - node.level] if node.level else []
            base = ".".join([*parents, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


class _Own:
    """The user's own modules: those below the folder in which their module lies.

    Of code that is installed only its own package counts: the others are libraries.
    """

    def __init__(self, name: str, path: Path) -> None:
        depth = name.count(".") + (path.stem == "__init__")
        self.root = path.parents[min(depth, len(path.parents) - 1)]
        self._top = name.partition(".")[0]
        self._is_installed = _is_installed(path)

    def has(self, name: str, path: Path) -> bool:
        """Whether a module is the user's own."""
        top = name.partition(".")[0]
        if top == __name__.partition(".")[0] or not path.is_relative_to(self.root):
            return False
        if _is_installed(path):
            return self._is_installed and top == self._top
        return not path.is_relative_to(_STDLIB)

    def files_of(self, name: str) -> Iterator[tuple[str, Path]]:
        """The files that importing a name executes, those of its packages first."""
        top, *rest = name.split(".")
        module, file, folders = top, *_found(top)
        while True:
            if file is not None and self.has(module, file):
                yield module, file
            if not rest or not folders:
                return
            module = f"{module}.{rest[0]}"
            file, folders = _below(folders, rest.pop(0))


def _is_installed(path: Path) -> bool:
    return any(part in _INSTALLED for part in path.parts)


def _found(top: str) -> tuple[Path | None, list[Path]]:
    """The file of a top-level module, and the folders of a package; runs no code."""
    try:
        spec = find_spec(top) if top else None
    except (ImportError, ValueError, AttributeError):
        return None, []
    if spec is None:
        return None, []
    origin = spec.origin or ""
    file = Path(origin) if origin.endswith(".py") else None
    return file, [Path(each) for each in spec.submodule_search_locations or ()]


def _below(folders: list[Path], name: str) -> tuple[Path | None, list[Path]]:
    """The file of a module in a package, and its folder if it is a package too."""
    for folder in folders:
        if (folder / name / "__init__.py").is_file():
            return folder / name / "__init__.py", [folder / name]
        if (folder / f"{name}.py").is_file():
            return folder / f"{name}.py", []
        if (folder / name).is_dir():
            return None, [folder / name]
    return None, []
