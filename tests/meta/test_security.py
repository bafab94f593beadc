"""What no file of the package may use, and where the few exceptions are."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from paribus.cli import app


PACKAGE = Path(__file__).parents[2] / "src" / "paribus"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# Modules that run code that data hold, or that parse what may refer to elsewhere.
NEVER = {
    *("pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "code"),
    *("yaml", "xml", "lxml", "torch", "ctypes", "xmlrpc", "smtplib"),
    "multiprocessing",  # forks, with SQLite and JAX loaded, and unpickles
}
# Modules that only these files may use.
HOMES = {
    "subprocess": {"store/network.py"},  # asks itself in another process for a lock
    "urllib": {"data/downloads.py"},
    "http": {"data/downloads.py"},
    "zipfile": {"data/npz.py"},
    "tarfile": {"data/named.py"},
    "markupsafe": {"report/html.py"},
    "socket": {"store/attempts.py"},  # asks for the name of this computer
    "importlib": {
        *("__init__.py", "study_file/modules.py", "first_use.py"),
        "code_digests.py",  # finds where modules lie
    },
}
BUILT_IN = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
METHODS = {
    *("popen", "spawnl", "execv", "fork", "forkpty", "ProcessPoolExecutor"),
    *("extractall", "extract", "unpack_archive"),
    *("to_html", "read_pickle", "to_pickle", "fromfile", "loadtxt", "genfromtxt"),
    *("load_extension", "enable_load_extension", "literal_eval"),
}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    return {name_of(path): ast.parse(path.read_text("utf-8")) for path in SOURCES}


def imported(tree: ast.Module) -> set[str]:
    """The top-level modules that a file imports anywhere."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    # What is said of a package, and its files, runs nothing.
    names -= {"importlib.metadata", "importlib.resources"}
    return {name.partition(".")[0] for name in names}


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str, str]]:
    """Each call, with what is called and what it is called on."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            yield node, node.func.id, ""
        elif isinstance(node.func, ast.Attribute):
            yield node, node.func.attr, ast.unparse(node.func.value)


def said(call: ast.Call, name: str) -> str:
    """The keyword argument of a call as it is written; empty where there is none."""
    found = (ast.unparse(k.value) for k in call.keywords if k.arg == name)
    return next(found, "")


def faults(tree: ast.Module, name: str) -> list[str]:
    """What a file uses and must not."""
    found = [f"import {module}" for module in sorted(imported(tree) & NEVER)]
    found += [
        f"import {module}"
        for module, homes in HOMES.items()
        if module in imported(tree) and name not in homes
    ]
    for call, function, owner in calls(tree):
        if not owner and function in BUILT_IN:
            found.append(function)
        if (function in METHODS and (owner or function[0].isupper())) or (
            owner,
            function,
        ) == ("os", "system"):
            found.append(f"{owner}.{function}")
        if owner in ("np", "numpy") and function == "load":
            found += [] if said(call, "allow_pickle") == "False" else ["np.load"]
        if said(call, "shell") or said(call, "allow_pickle") == "True":
            found.append(ast.unparse(call))
    return found


def test_no_file_runs_what_data_hold(trees: dict[str, ast.Module]):
    wrong = {name: faults(tree, name) for name, tree in trees.items()}

    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from multiprocessing import Pool",
        "ProcessPoolExecutor()",
        "from xml.etree import ElementTree",
        "eval('1')",
        "np.load('a.npy')",
        "np.load('a.npy', allow_pickle=True)",
        "read(a, allow_pickle=True)",
        "run('ls', shell=True)",
        "archive.extractall(folder)",
        "chart.to_html()",
        "import subprocess",
    ],
)
def test_each_of_these_would_be_found(code: str):
    assert faults(ast.parse(code), "stats/mean.py")


def test_json_is_strict_wherever_it_is_written(trees: dict[str, ast.Module]):
    written = {
        f"{name}:{call.lineno}": said(call, "allow_nan")
        for name, tree in trees.items()
        for call, function, owner in calls(tree)
        if (function, owner) in (("dumps", "json"), ("dump", "json"))
    }

    assert written
    assert set(written.values()) == {"False"}, written


def test_one_template_environment_escapes_and_nothing_is_called_safe(
    trees: dict[str, ast.Module],
):
    made = [
        (name, said(call, "autoescape"))
        for name, tree in trees.items()
        for call, function, _ in calls(tree)
        if function in ("Environment", "Template")
    ]

    assert made == [("report/html.py", "True")]
    for template in PACKAGE.rglob("*.j2"):
        text = template.read_text("utf-8")
        assert "|safe" not in text.replace(" ", ""), template
        assert "autoescape" not in text, template


ROOT = PACKAGE.parents[1]


def test_every_dependency_has_a_floor_and_what_else_is_asked_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    optional = project["optional-dependencies"].values()
    asked = [*project["dependencies"], *(one for group in optional for one in group)]

    assert len(asked) > 10
    assert [one for one in asked if ">=" not in one] == []
    for one in asked:
        if re.search(r"!=|<|==|~=", one):
            (line,) = (line for line in text.splitlines() if f'"{one}"' in line)
            assert "#" in line, one


def test_the_security_page_says_what_is_promised_to_whom_and_how_to_report():
    page = (ROOT / "SECURITY.md").read_text("utf-8")
    sections = re.findall(r"(?m)^## (.+)$", page)

    assert sections == [
        *("What is promised", "What is not", "Somebody sent me a study"),
        *("Supported versions", "How to report"),
    ]
    named = set(re.findall(r"`paribus ([a-z]+)", page))
    opened = page.partition("runs none of their code.**")[2].partition(" import")[0]
    named |= set(re.findall(r"`([a-z]+)`", opened))
    known = {
        command.name or getattr(command.callback, "__name__", "")
        for command in app.registered_commands
    }
    assert named >= {"show", "compare", "claims", "report", "export", "check", "run"}
    assert named <= known
