"""A study that somebody sent: reading it runs nothing of theirs, texts stay texts."""

import csv
import io
import json
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bad_builders import TRAINING_S
from builders import make_study
from hostile import HOSTILE
from store_builders import make_store

from paribus.builders import Builder
from paribus.declared import DeclaredClaim
from paribus.study import DataChoice, ModelChoice


# What moves the cursor, sets a title, or turns the direction of what follows.
STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
NAMED = [text for text in HOSTILE if text.strip()]
STORABLE = [text for text in NAMED if text.isprintable() or "\ud800" not in text]
READERS = {
    "show": ["show", "tiny"],
    "show as JSON": ["show", "tiny", "--json"],
    "claims": ["claims", "tiny"],
    "claims as JSON": ["claims", "tiny", "--json"],
    "compare": [
        *("compare", "tiny", "--a", "learning_rate=0.001"),
        *("--b", "learning_rate=0.01"),
    ],
    "report": ["report", "tiny", "--out", "report.html"],
    "Markdown": ["report", "tiny", "--out", "report.md"],
    "tables": ["export", "tiny", "--out", "tables"],
    "JSON": ["export", "tiny", "--out", "study.json"],
    "check": ["check", "tiny"],
}


def hostile_study() -> Any:
    """A study whose every text field is hostile."""
    claims = tuple(
        DeclaredClaim(
            text=text,
            measure="test_accuracy",
            a={"learning_rate": 0.001},
            b={"learning_rate": 0.01},
            relation="greater",
        )
        for text in STORABLE
    )
    return replace(
        make_study(),
        claims=claims,
        data=DataChoice(path="</script><script>\x1b[2J\u202e=cmd()"),
        model=ModelChoice(
            name="canary:build", builder=Builder(reference="canary:build")
        ),
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(
        tmp_path_factory.mktemp("hostile") / "tiny", study=hostile_study()
    )


@pytest.fixture
def received(place: Path, hostile: Path) -> Path:
    """The place with that study, and modules of its author that leave a trace."""
    shutil.copytree(hostile, place / "tiny")
    trace = "from pathlib import Path\nPath(__file__).with_suffix('.ran').touch()\n"
    for folder in (place, place / "tiny"):
        for module in ("canary", "jax", "typer", "numpy", "sitecustomize"):
            (folder / f"{module}.py").write_text(trace)
    return place


@pytest.mark.parametrize("arguments", READERS.values(), ids=READERS.keys())
def test_reading_runs_nothing_of_the_author_and_steers_no_terminal(
    received: Path, forked: Callable[..., Any], arguments: list[str]
):
    ended = forked(*arguments)

    assert ended.code == 0, ended.err
    assert not list(received.rglob("*.ran"))
    assert not STEERING.search(ended.out), STEERING.findall(ended.out)
    assert not STEERING.search(ended.err)


def test_tables_hold_no_formula_and_are_read_back(
    received: Path, forked: Callable[..., Any]
):
    rows = "".join(
        f"{cell(text)},0,{epoch},{0.1 * epoch},1.5\n"
        for text in STORABLE
        for epoch in (0, 1)
    )
    heading = f"{cell('=cmd()')},seed,epoch,test_accuracy,test_loss\n"
    (received / "runs.csv").write_bytes((heading + rows).encode())

    made = forked("import", "runs.csv", "--hyperparameters", "=cmd()", "--out", "other")
    assert made.code == 0, made.err
    assert forked("export", "other", "--out", "out").code == 0
    shown = forked("show", "other")

    assert not STEERING.search(shown.out + shown.err)
    for name in ("runs", "curves", "configs"):
        text = (received / "out" / f"{name}.csv").read_text("utf-8")
        cells = [c for row in csv.reader(io.StringIO(text)) for c in row]
        assert cells
        assert not [c for c in cells if c[:1] in "=+-@\t\r" and not number(c) and c]
    with (received / "out" / "runs.csv").open(newline="", encoding="utf-8") as file:
        first = {row["'=cmd()"].removeprefix("'") for row in csv.DictReader(file)}
    plain = {text.replace("\r\n", "\n").replace("\r", "\n") for text in STORABLE}
    assert {text.removeprefix("'") for text in plain} <= {
        text.removeprefix("'") for text in first
    }


def cell(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"'


def number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_exported_json_holds_the_texts_as_they_were(
    received: Path, forked: Callable[..., Any]
):
    assert forked("export", "tiny", "--out", "study.json").code == 0

    document = json.loads((received / "study.json").read_text("utf-8"))

    assert [claim["text"] for claim in document["study"]["claims"]] == STORABLE


def test_a_study_holds_no_secret_and_a_report_no_path(
    place: Path, forked: Callable[..., Any]
):
    secrets = {"API_KEY": "canary-5a1f", "HOME": str(place / "canary-home")}

    trained = forked("run", "tiny.toml", "--quiet", env=secrets, limit_s=TRAINING_S)
    assert trained.code == 0, trained.err
    reports = {"report.html": "report", "report.md": "report", "all.json": "export"}
    for name, command in reports.items():
        ended = forked(command, "studies/tiny", "--out", name, env=secrets)
        assert ended.code == 0, ended.err

    for file in (place / "studies").rglob("*"):
        assert file.is_dir() or b"canary" not in file.read_bytes(), file
    for name in reports:
        text = (place / name).read_text("utf-8")
        assert "canary" not in text
        assert str(place) not in text


def test_a_store_that_says_another_schema_runs_nothing(
    received: Path, refused: Callable[..., None]
):
    connection = sqlite3.connect(received / "tiny" / "study.db")
    connection.execute(
        "CREATE VIEW extra AS SELECT load_extension('canary') FROM study"
    )
    connection.commit()
    connection.close()

    refused(["show", "tiny"], 5, "schema", "extra")


@pytest.mark.parametrize("mask", [0o027, 0o000])
def test_files_have_the_modes_that_the_user_lets_them_have(
    place: Path, forked: Callable[..., Any], mask: int
):
    (place / "runs.csv").write_text(
        "rate,seed,epoch,test_accuracy\n1,0,0,0.1\n1,0,1,0.5\n"
    )
    before = set(place.rglob("*"))
    (place / "new").mkdir()

    for arguments in (
        ["import", "runs.csv", "--hyperparameters", "rate"],
        ["report", "studies/runs"],
        ["export", "studies/runs", "--out", "tables"],
        ["export", "studies/runs", "--out", "all.json"],
        ["check", "studies/runs", "--salvage", "saved/runs"],
        ["init", "notebook", "--out", "new/mine.toml"],
    ):
        ended = forked(*arguments, umask=mask)
        assert ended.code == 0, ended.err

    written = set(place.rglob("*")) - before - {place / "new"}
    assert {path.name for path in written} >= {"study.db", "writer.lock", "runs.csv"}
    wrong = {
        str(path.relative_to(place)): oct(found)
        for path in written
        if (found := stat.S_IMODE(path.stat().st_mode))
        != (0o777 if path.is_dir() else 0o666) & ~mask
    }
    assert wrong == {}
