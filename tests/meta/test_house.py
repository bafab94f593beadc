"""The promises about the code as a whole."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from store_builders import make_store

import paribus
from paribus.study_file import built_in_names


ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "paribus").rglob("*.py"))
MAX_LINES = 400

PUBLIC = {
    "ParibusError",
    "ParibusWarning",
    "Result",
    "RunStatus",
    "Study",
    "StudyResult",
    "claim",
    "data",
    "grid",
    "import_curves",
    "load",
    "models",
    "optimizers",
    "read_study",
    "tune",
}
READING = {
    "show": ["show", "{}"],
    "show as json": ["show", "{}", "--json"],
    "compare": [
        "compare",
        "{}",
        "--a",
        "learning_rate=0.001",
        "--b",
        "learning_rate=0.01",
    ],
    "claims": ["claims", "{}"],
    "claims as json": ["claims", "{}", "--json"],
    "report": ["report", "{}", "--format", "md"],
    "export": ["export", "{}", "--out", "{}.csv"],
    "check": ["check", "{}"],
    "init": ["init"],
    "help": ["--help"],
}
NEVER_TO_READ = {"jax", "jaxlib", "optax", "paribus.engine"}
# What costs a reader more than it saves; what each command does need is not in its set.
TABLES = {"pandas"}
DRAWING = {"altair", "vl_convert", "jinja2"}
# Not scipy.linalg: from SciPy 1.18 on, scipy.special itself loads it.
HEAVY_STATISTICS = {"scipy.stats", "scipy.optimize", "scipy.sparse"}
FOLDER_ONLY = {"paribus.study_file.reader", "rich", "paribus.store.writer"}
QUICK = {*TABLES, *DRAWING, *HEAVY_STATISTICS, *FOLDER_ONLY}
NOT_NEEDED = {
    "show": {*QUICK, "paribus.claims", "paribus.analysis.comparisons"},
    "show as json": {*QUICK, "paribus.claims", "paribus.analysis.comparisons"},
    "compare": {*QUICK, "paribus.claims"},
    "claims": QUICK,
    "claims as json": QUICK,
    "export": {*DRAWING, *HEAVY_STATISTICS, *FOLDER_ONLY},
    "check": {*QUICK, "paribus.claims", "paribus.analysis", "scipy"},
}
SLOW = {*NEVER_TO_READ, "pandas", "altair", "numpy", "scipy", "pydantic", "jinja2"}


def loaded_by(*arguments: str) -> set[str]:
    """The modules that are loaded when a command has ended."""
    script = """
import sys
from paribus.cli import app

try:
    app(sys.argv[1:])
except SystemExit as ended:
    assert ended.code == 0, ended.code
sys.stderr.write("\\nloaded: " + " ".join(sys.modules))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ended.stderr.rpartition("loaded: ")[2].split())


def test_the_public_names_are_these():
    assert set(paribus.__all__) == PUBLIC
    assert len(PUBLIC) <= 15
    assert set(dir(paribus)) == {*PUBLIC, "__version__"}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_public_name_is_there_and_has_a_docstring(name: str):
    assert getattr(paribus, name).__doc__


def test_a_name_that_is_not_public_is_no_attribute():
    with pytest.raises(AttributeError, match="`tables`"):
        paribus.tables  # noqa: B018


def test_naming_choices_in_python_loads_no_jax():
    script = """
import sys
import paribus as pb

pb.models.mlp(hidden=[8]), pb.optimizers.adam(), pb.data.mnist(), pb.grid(a=[1])
assert not {"jax", "jaxlib", "optax"} & set(sys.modules)
"""

    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", READING)
def test_a_reader_loads_no_jax_and_only_what_it_needs(tmp_path: Path, name: str):
    folder = str(tmp_path / "tiny")
    make_store(tmp_path / "tiny")

    loaded = loaded_by(*(part.replace("{}", folder) for part in READING[name]))

    assert not (NEVER_TO_READ | NOT_NEEDED.get(name, set())) & loaded


def test_help_loads_nothing_that_is_slow():
    assert not SLOW & loaded_by("--help")


@pytest.mark.parametrize("command", ["run", "show", "compare", "report", "export"])
def test_the_help_of_a_command_loads_nothing_that_computes(command: str):
    # typer 0.29 itself loads pydantic for the options of a command.
    assert not (SLOW - {"pydantic"}) & loaded_by(command, "--help")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_long(path: Path):
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_says_in_one_line_what_it_is(path: Path):
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""

    assert docstring.partition("\n")[0].endswith((".", "?"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_runs_code_from_data_is_used(path: Path):
    forbidden = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml"}
    tree = ast.parse(path.read_text("utf-8"))

    imported = {
        name.split(".")[0] for node in ast.walk(tree) for name in _imported(node)
    }
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    assert not forbidden & imported
    assert not {"eval", "exec"} & called


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def test_the_built_in_studies_are_part_of_the_package():
    folder = Path(paribus.__file__).parent / "studies"

    assert {path.stem for path in folder.glob("*.toml")} == set(built_in_names())


def test_shell_completion_offers_the_commands():
    ended = subprocess.run(
        [sys.executable, "-c", "from paribus.cli import app; app(prog_name='paribus')"],
        env={
            **os.environ,
            "_PARIBUS_COMPLETE": "complete_bash",
            "COMP_WORDS": "paribus ex",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
    )

    assert ended.stdout.split() == ["export"]
