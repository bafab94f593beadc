import json
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_study
from store_builders import make_store
from typer.testing import CliRunner

import paribus
from paribus.cli import app
from paribus.study_file import read_study


ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(make_store(tmp_path / "tiny"))


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")


def call(*arguments: str) -> str:
    """What a command that succeeds prints."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_init_alone_lists_the_built_in_studies():
    names = ["batch-size", "learning-rate", "notebook", "notebook-grid"]
    assert call("init").split() == names


def test_init_writes_the_commented_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)

    assert call("init", "notebook") == "notebook.toml\n"
    written = (tmp_path / "notebook.toml").read_text()
    assert written == (ROOT / "src/paribus/studies/notebook.toml").read_text()


@pytest.mark.parametrize("preset", ["notebook", "notebook-grid", "learning-rate"])
@pytest.mark.parametrize(
    ("file", "name"), [("mine.toml", "mine"), ("my first study.toml", "my-first-study")]
)
def test_init_names_the_study_as_its_file(
    tmp_path: Path, preset: str, file: str, name: str
):
    path = tmp_path / file

    call("init", preset, "--out", str(path))

    found = read_study(path)
    assert found.study.name == name
    assert f"studies/{name}" in found.text
    assert f"studies/{preset}" not in found.text
    built_in = read_study(preset)
    assert replace(found.study, name=preset) == built_in.study


def test_init_replaces_a_file_only_if_forced(tmp_path: Path):
    path = tmp_path / "x.toml"
    path.write_text("mine")

    refused = CliRunner().invoke(app, ["init", "notebook", "--out", str(path)])

    assert refused.exit_code == 2
    assert path.read_text() == "mine"
    call("init", "notebook", "--out", str(path), "--force")
    assert path.read_text().startswith("#")


def test_a_study_file_in_place_of_its_folder_is_told_what_trains_it(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text("")

    refused = CliRunner().invoke(app, ["show", str(path)])

    assert "must be a folder, got a file" in refused.stderr
    assert "`paribus run` trains a study file" in refused.stderr


def test_range_may_import_the_module_of_a_model_as_run_may(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text(
        (ROOT / "src/paribus/studies/notebook.toml")
        .read_text()
        .replace('name = "mlp"', 'builder = "no_such_module:build"')
        .replace("hidden = [128]", "")
        .replace('activation = "relu"', "")
    )

    without = CliRunner().invoke(app, ["range", str(path)])
    allowed = CliRunner().invoke(
        app, ["range", str(path), "--allow-module", "no_such_module"]
    )

    assert "--allow-module no_such_module" in without.stderr
    assert "--allow-module" not in allowed.stderr
    assert "ModuleNotFoundError" in allowed.stderr
    assert (without.exit_code, allowed.exit_code) == (3, 8)


def test_show_has_a_row_for_each_config(store: str):
    text = call("show", store)

    assert "learning_rate=0.001, batch_size=32" in text
    assert "learning_rate=0.01, batch_size=32" in text
    assert "1 diverged" in text


def test_show_as_json_is_one_object_with_the_documented_keys(store: str):
    record = json.loads(call("show", store, "--json"))

    assert record["schema"] == 1
    assert record["study"] == "tiny"
    assert record["protocol"]["seeds"] == [0, 1, 2, 3]
    assert record["protocol"]["fixed"]["model.hidden"] == [8]
    config = record["configs"][0]
    assert config["config"] == {"learning_rate": 0.001, "batch_size": 32}
    assert config["n_seeds"] == 4
    assert sum(config["status"].values()) == 4
    assert set(config) >= {"seconds_per_epoch", "is_tied_with_best", "train_loss"}
    accuracy = config["test_accuracy"]
    keys = {"mean", "lower", "upper", "confidence_level", "values"}
    assert set(accuracy) >= keys
    assert accuracy["confidence_level"] == 0.95
    assert len(accuracy["values"]) == 4
    known = [value for value in accuracy["values"] if value is not None]
    assert accuracy["mean"] == pytest.approx(sum(known) / len(known))


@pytest.fixture
def many_seeds(tmp_path: Path) -> str:
    """A study of which several seeds learned on both sides, and some on one."""
    return str(make_store(tmp_path / "many", study=make_study(n_seeds=16)))


def test_compare_as_json_has_the_documented_keys(many_seeds: str):
    sides = ["--a", "learning_rate=0.001", "--b", "learning_rate=0.01, batch_size=32"]

    record = json.loads(call("compare", many_seeds, *sides, "--json"))

    keys = {"difference", "lower", "upper", "confidence_level", "p_value"}
    assert set(record) >= {*keys, "n_pairs", "noise_floor", "schema", "pairs"}
    assert record["metric"] == "test_accuracy"
    assert record["a"]["learning_rate"] == 0.001
    assert record["lower"] <= record["difference"] <= record["upper"]
    assert record["n_seeds"] == 16
    assert record["is_among_learners"]
    n_bad = record["n_bad"]
    assert record["share_bad"] == {side: n / 16 for side, n in n_bad.items()}
    assert record["n_pairs"] >= 16 - sum(n_bad.values())


def test_a_mixture_as_json_has_its_share_and_its_learners_mean(many_seeds: str):
    config = json.loads(call("show", many_seeds, "--json"))["configs"][0]

    accuracy = config["test_accuracy"]
    n_bad = sum(
        n
        for word, n in config["status"].items()
        if word not in ("converged", "unconverged")
    )
    assert accuracy["is_bimodal"]
    assert config["share_bad"] == n_bad / 16
    assert config["share_bad_lower"] < n_bad / 16 < config["share_bad_upper"]
    # A run that never rose above guessing has not ended badly, and is no learner.
    assert 0 < accuracy["n_learners"] <= 16 - n_bad
    bounds = accuracy["lower_of_learners"], accuracy["upper_of_learners"]
    assert bounds[0] < accuracy["mean_of_learners"] < bounds[1]
    known = [value for value in accuracy["values"] if value is not None]
    assert accuracy["mean"] == pytest.approx(sum(known) / len(known))


def test_claims_as_json_are_a_list_with_the_documented_keys(many_seeds: str):
    records = json.loads(call("claims", many_seeds, "--json"))

    keys = {"id", "text", "verdict", "scope", "measure", "estimate", "lower", "upper"}
    keys |= {"smallest_effect", "n_seeds", "reason", "budget", "clock"}
    assert all(set(record) >= keys for record in records)
    ids = [record["id"] for record in records]
    assert len(ids) == len(set(ids))
    by_id = {record["id"]: record for record in records}
    assert by_id["L1a"]["claim"] == "L1"
    assert by_id["L1"]["atoms"] == ["L1a", "L1b", "L1c"]
    assert by_id["L3c"]["verdict"] == "untested"
    assert by_id["L3c"]["remedy"] == "paribus run learning-rate"


def test_claims_in_python_print_what_the_command_prints(many_seeds: str):
    verdicts = paribus.load(many_seeds).verdicts()

    assert f"{verdicts}\n" == call("claims", many_seeds)
    assert [claim.id for claim in verdicts][:3] == ["L1", "L2", "L3"]


def test_compare_with_the_sides_exchanged_changes_the_sign(many_seeds: str):
    a, b = "learning_rate=0.001", "learning_rate=0.01"

    forth = json.loads(call("compare", many_seeds, "--a", a, "--b", b, "--json"))
    back = json.loads(call("compare", many_seeds, "--a", b, "--b", a, "--json"))

    assert forth["difference"] == pytest.approx(-back["difference"])
    assert forth["p_value"] == pytest.approx(back["p_value"])


@pytest.mark.parametrize(
    ("option", "word"),
    [("learning_rate=7", "learning_rate=7"), ("lr=1", "`lr`")],
)
def test_compare_refuses_what_no_config_has(store: str, option: str, word: str):
    sides = ["--a", option, "--b", "learning_rate=0.01"]

    refused = CliRunner().invoke(app, ["compare", store, *sides])

    assert refused.exit_code == 2
    assert word in refused.stderr


def test_report_prints_where_it_wrote(store: str):
    path = call("report", store, "--format", "md").strip()

    assert path == f"{store}/report.md"
    assert "tiny" in Path(path).read_text()


def test_report_writes_charts_beside(store: str, tmp_path: Path):
    charts = tmp_path / "charts"

    lines = call("report", store, "--format", "md", "--charts", str(charts)).split()

    assert {path.suffix for path in charts.iterdir()} == {".png", ".svg"}
    assert len(lines) == 1 + len(list(charts.iterdir()))


def test_export_prints_what_it_wrote(store: str, tmp_path: Path):
    out = str(tmp_path / "runs.csv")

    assert call("export", store, "--out", out) == f"{out}\n"
    assert len(Path(out).read_text().splitlines()) == 9


def test_export_keeps_tables_that_are_there(store: str, tmp_path: Path):
    out = str(tmp_path / "tables")
    call("export", store, "--out", out)

    refused = CliRunner().invoke(app, ["export", store, "--out", out])

    assert refused.exit_code == 2
    assert "runs.csv" in refused.stderr
    assert len(call("export", store, "--out", out, "--force").split()) == 3


def test_check_finds_a_sound_study_sound(store: str):
    assert "8 runs" in call("check", store)


def test_check_refuses_a_damaged_study(store: str):
    from store_builders import edit

    edit(Path(store), "UPDATE run SET status = 9 WHERE status = 4")

    refused = CliRunner().invoke(app, ["check", store])

    assert refused.exit_code == 5
    assert "run" in refused.stderr
