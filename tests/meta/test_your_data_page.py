"""What docs/how-to/your-data.md shows works as it stands there."""

from pathlib import Path

import pytest
from page_builders import REST_OF_STUDY, code_of, read_page

import paribus as pb
from paribus.data.sources import NAMES
from paribus.study_file import read_study


PAGE = "docs/how-to/your-data.md"
PYTHON = code_of(PAGE, "python")
TABLES = code_of(PAGE, "toml")


def test_its_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    names: dict[str, object] = {}
    exec(compile("\n".join(PYTHON), "your-data.md", "exec"), names)

    study = names["study"]
    assert isinstance(study, pb.Study)
    splits = pb.data.load_dataset(study.data, folder=tmp_path).splits
    assert {n: len(s) for n, s in splits.items()} == {
        "train": 120,
        "test": 40,
        "validation": 40,
    }


def test_its_study_files_are_understood(tmp_path: Path):
    (tmp_path / "mydata.py").write_text("def load():\n    return [[0], [1]], [0, 1]")
    table, loader = TABLES
    (tmp_path / "table.toml").write_text(table + REST_OF_STUDY)
    (tmp_path / "loader.toml").write_text(loader + REST_OF_STUDY)

    of_table = read_study(tmp_path / "table.toml").study.data
    of_loader = read_study(
        tmp_path / "loader.toml", allow_modules=["mydata"]
    ).study.data

    assert (of_table.path, of_table.target) == ("flowers.csv", "kind")
    assert of_loader.given() == ([[0], [1]], [0, 1])


@pytest.mark.parametrize("name", sorted({*pb.data.__all__, *NAMES}))
def test_it_names_every_way(name: str):
    text = read_page(PAGE)
    if name not in {"Dataset", "Split", "load_dataset", "npz", "file"}:
        assert f"pb.data.{name}(" in text or f"`{name}`" in text
