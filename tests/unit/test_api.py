import html
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import make_blobs_study, make_facts, make_study, write_blobs
from store_builders import make_store, time_rounds, train, waiting
from typer.testing import CliRunner

import paribus as pb
from paribus.api import run_study
from paribus.cli import app
from paribus.data import load_dataset
from paribus.errors import (
    CommandError,
    DataError,
    ParibusWarning,
    SpaceError,
    StudyError,
    UnknownNameError,
)
from paribus.status import RunStatus
from paribus.store import StudyWriter
from paribus.study import Budget, DataChoice, ModelChoice, OptimizerChoice, Study


def make_python_study(**changes: object) -> pb.Study:
    parts: dict[str, object] = {
        "name": "tiny",
        "data": pb.data.mnist(),
        "model": pb.models.mlp(hidden=[8]),
        "optimizer": pb.optimizers.keras_adam(),
        "space": pb.grid(learning_rate=[0.001, 0.01], batch_size=[32]),
        "epochs": 2,
        "seeds": 4,
        "evaluate_every": 1.0,
    }
    return pb.Study(**{**parts, **changes})  # pyright: ignore[reportArgumentType]


def test_a_study_made_in_python_is_the_record_of_the_same_study():
    study, record = make_python_study(), make_study()

    assert study.to_dict() == record.to_dict()
    assert study.fixed_settings() == record.fixed_settings()


def test_a_space_may_cross_optimizers_each_with_its_own_learning_rates():
    spaces = [
        pb.grid(optimizer=["sgd"], learning_rate=[0.1, 0.3], batch_size=[32]),
        pb.grid(optimizer=["adam"], learning_rate=[0.001], batch_size=[32]),
    ]

    study = make_python_study(optimizer=None, space=spaces)

    assert study.optimizer == OptimizerChoice()
    assert [study.settings(config).optimizer_name for config in study.configs()] == [
        "sgd",
        "sgd",
        "adam",
    ]


def test_an_optimizer_that_nobody_names_is_missed():
    with pytest.raises(StudyError, match="`optimizer` is missing"):
        make_python_study(optimizer=None)


def test_choices_are_records_with_only_what_was_said():
    assert pb.data.mnist(validation=9) == DataChoice(name="mnist", validation=9)
    assert pb.data.npz("a.npz") == DataChoice(path="a.npz")
    assert pb.models.softmax() == ModelChoice(name="softmax")
    assert pb.optimizers.sgd(momentum=0.9) == OptimizerChoice(
        name="sgd", settings={"momentum": 0.9}
    )


def test_a_grid_takes_numpy_values():
    space = pb.grid(learning_rate=np.array([0.5, 0.25]), batch_size=np.arange(1, 3))

    assert space == pb.grid(learning_rate=[0.5, 0.25], batch_size=[1, 2])


def test_several_grids_are_united():
    study = make_python_study(
        space=[
            pb.grid(learning_rate=[0.1, 0.2], batch_size=[8]),
            pb.grid(learning_rate=[0.2], batch_size=[8, 16]),
        ]
    )

    assert len(study.configs()) == 3


@pytest.mark.parametrize(
    ("seeds", "expected"), [(3, (0, 1, 2)), ([5, 7], (5, 7)), (range(2), (0, 1))]
)
def test_seeds_are_a_count_or_a_list(seeds: object, expected: tuple[int, ...]):
    assert make_python_study(seeds=seeds).seeds == expected


def test_what_cannot_be_used_is_refused_where_it_is_made():
    with pytest.raises(StudyError, match=r"^`seeds` must be"):
        make_python_study(seeds=0)
    with pytest.raises(SpaceError, match="above 0"):
        make_python_study(space=pb.grid(learning_rate=[-1.0], batch_size=[8]))
    with pytest.raises(StudyError, match="65536"):
        pb.models.mlp(hidden=[0])


def test_a_study_shows_itself_in_a_notebook():
    page = make_python_study()._repr_html_()

    assert "8 runs: 2 configs, 4 seeds" in page
    assert "0.001" in page


def test_a_study_prints_as_one_line():
    tuning = pb.tune(seeds=2)
    tuned = make_python_study(data=pb.data.mnist(validation=5000), tuning=tuning)
    one = make_python_study(space=pb.grid(learning_rate=[0.1], batch_size=[8]), seeds=1)

    assert str(make_python_study()) == "<Study tiny: 8 runs: 2 configs, 4 seeds>"
    assert (
        repr(tuned) == "<Study tiny: up to 12 runs: 2 configs, 4 seeds and 2 that tune>"
    )
    assert repr(one) == "<Study tiny: 1 run: 1 config, 1 seed>"


def test_a_loaded_result_has_its_tables(tmp_path: Path):
    result = pb.load(make_store(tmp_path / "tiny"))

    assert result.table()["learning_rate"].tolist() == [0.001, 0.01]
    assert len(result.runs()) == 8
    assert set(result.runs()["seed"]) == {0, 1, 2, 3}
    assert {"epoch", "seed", "test_accuracy"} <= set(result.curves().columns)
    assert repr(result) == "<Result of tiny: 8 of 8 runs>"
    assert "<table" in result._repr_html_()


def remedies(folder: Path) -> set[str]:
    return {a.remedy for claim in pb.load(folder).verdicts() for a in claim.atoms}


def test_a_loaded_study_says_what_to_do_in_the_words_of_what_made_it(tmp_path: Path):
    sharp = pb.claim(
        "0.01 ends sharper",
        measure="asam_sharpness",
        a={"learning_rate": 0.01},
        b={"learning_rate": 0.001},
        relation="greater",
    )
    study = replace(make_study(n_seeds=4), claims=(sharp,))
    of_file = make_store(tmp_path / "file", study=study)
    of_python = replace(study, is_made_in_python=True)
    in_python = make_store(tmp_path / "python", study=of_python)

    beside = "with another --out"  # what is measured stays as it was in a folder
    assert (
        f"--set 'diagnostics.measure=[\"sharpness\"]' and --set study.seeds=5 {beside}"
    ) in remedies(of_file)
    assert (
        'pb.Study(diagnostics=["sharpness"]) and pb.Study(seeds=5) with another folder'
    ) in remedies(in_python)
    report = pb.load(in_python).report(tmp_path / "report.md").read_text()
    assert "`--set" not in report
    shown = CliRunner().invoke(app, ["claims", str(in_python), "--json"])
    assert "--set" not in shown.stdout
    with StudyWriter.open(in_python) as writer:  # a file goes on with it
        writer.grow(replace(study, seeds=(0, 1, 2, 3, 4, 5)))
        assert writer.study.is_made_in_python


def test_a_table_has_what_most_want_and_all_on_request(tmp_path: Path):
    result = pb.load(make_store(tmp_path / "tiny"))

    table, whole = result.table(), result.table(columns="all")

    assert table.columns.tolist() == [
        "learning_rate",
        "batch_size",
        "n_seeds",
        "share_bad",
        "test_accuracy",
        "test_accuracy_lower",
        "test_accuracy_upper",
        "test_accuracy_of_learners",
        "is_tied_with_best",
        "is_practically_tied",
    ]
    assert {"n_converged", "train_loss", "regret_upper"} <= set(whole.columns)
    assert whole.loc[:, table.columns].equals(table)
    with pytest.raises(StudyError, match="must be `main` or `all`, got `every`"):
        result.table(columns="every")


def test_a_comparison_is_by_the_primary_metric_if_none_is_named(tmp_path: Path):
    result = pb.load(make_store(tmp_path / "tiny"))
    sides = {"learning_rate": 0.001}, {"learning_rate": 0.01}

    assert result.compare(*sides).metric == "test_accuracy"
    assert result.compare(*sides, metric="train_loss").metric == "train_loss"
    with pytest.raises(UnknownNameError, match="tst_accuracy"):
        result.compare(*sides, metric="tst_accuracy")


def test_a_report_and_an_export_are_written_where_they_are_wanted(tmp_path: Path):
    result = pb.load(make_store(tmp_path / "tiny"))

    assert result.report(tmp_path / "r.md") == tmp_path / "r.md"
    assert result.export(tmp_path / "runs.csv") == (tmp_path / "runs.csv",)
    assert len(result.export(tmp_path / "tables")) == 3
    assert (tmp_path / "r.md").read_text().startswith("#")


def test_a_result_is_printed_as_the_command_line_prints_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    folder = make_store(tmp_path / "tiny")
    result = pb.load(folder)

    assert f"{result}\n" == printed_by("show", folder)


def test_a_comparison_is_printed_as_the_command_line_prints_it(tmp_path: Path):
    folder = make_store(tmp_path / "tiny")
    a, b = "learning_rate=0.001", "learning_rate=0.01"

    found = pb.load(folder).compare({"learning_rate": 0.001}, {"learning_rate": 0.01})

    assert f"{found}\n" == printed_by("compare", folder, "--a", a, "--b", b)


def printed_by(command: str, folder: Path, *options: str) -> str:
    ended = CliRunner().invoke(app, [command, str(folder), *options])
    assert ended.exit_code == 0
    return ended.stdout


def test_a_result_in_a_notebook_is_the_same_table(tmp_path: Path):
    result = pb.load(make_store(tmp_path / "tiny"))

    page = result._repr_html_()

    assert "<th>test_accuracy</th>" in page
    assert "<td>learning_rate=0.001, batch_size=32</td>" in page
    assert page.count("<tr>") == 3
    assert "8 of 8 runs finished" in page


def test_a_study_in_a_notebook_is_a_table_of_its_configs():
    page = make_python_study()._repr_html_()

    assert "<th>learning_rate</th><th>batch_size</th>" in page
    assert page.count("<tr>") == 1 + 2


def test_a_comparison_and_verdicts_in_a_notebook_are_what_they_print(tmp_path: Path):
    result = pb.load(make_store(tmp_path / "tiny"))
    found = result.compare({"learning_rate": 0.001}, {"learning_rate": 0.01})

    for shown in (found, result.verdicts()):
        page = shown._repr_html_()
        assert page.startswith("<pre")
        assert html.unescape(page.partition(">")[2]) == f"{shown}</pre>"
        assert "<" not in page.removesuffix("</pre>")[1:]


def test_an_unknown_format_is_refused_with_those_there_are(tmp_path: Path):
    result = pb.load(make_store(tmp_path / "tiny"))

    with pytest.raises(CommandError, match="html, md"):
        result.report(tmp_path / "r.pdf")
    with pytest.raises(CommandError, match="csv, json"):
        result.export(tmp_path / "r.xml")


def test_a_finished_study_is_read_without_loading_jax(tmp_path: Path):
    folder = make_store(tmp_path / "tiny")
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.commit_baseline(train_loss=0.5, learning_rate=0.1)
        time_rounds(writer)
    script = """
import sys
from pathlib import Path
from builders import make_study
from paribus.api import run_study

result = run_study(make_study(), Path(sys.argv[1]), data_folder=Path())
assert result.has_outcome().all()
assert not {"jax", "jaxlib", "optax"} & set(sys.modules)
"""
    started = time.monotonic()

    subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )

    assert time.monotonic() - started < 20  # a guard against hanging; the target is 1


def test_a_part_of_a_finished_study_is_finished(tmp_path: Path):
    folder = make_store(tmp_path / "tiny")
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.commit_baseline(train_loss=0.5, learning_rate=0.1)
        time_rounds(writer)
    part = make_study(learning_rate=(0.01,), n_seeds=2)

    result = run_study(part, folder, data_folder=tmp_path)

    assert len(result.configs) == 2
    assert (result.status >= RunStatus.DIVERGED).all()


def of_blobs(tmp_path: Path) -> Study:
    """A finished study of a file, though of nothing that was trained."""
    write_blobs(tmp_path / "blobs.npz")
    study = make_blobs_study()
    content = load_dataset(study.data, folder=tmp_path).content_hash()
    facts = replace(make_facts(), content_hash=content)
    with StudyWriter.create(tmp_path / "blobs", study, facts) as writer:
        writer.begin_attempt({})
        writer.commit_baseline(train_loss=0.5, learning_rate=0.1)
        train(writer, waiting(writer), seed=0)
        time_rounds(writer)
    return study


def test_a_finished_study_is_not_that_of_other_data(tmp_path: Path):
    study = of_blobs(tmp_path)
    assert run_study(study, tmp_path / "blobs", data_folder=tmp_path).configs
    arrays = dict(np.load(tmp_path / "blobs.npz"))
    arrays["y_train"] = arrays["y_train"][::-1]
    np.savez(tmp_path / "blobs.npz", allow_pickle=False, **arrays)

    with pytest.raises(DataError, match="differs from the data recorded"):
        run_study(study, tmp_path / "blobs", data_folder=tmp_path)


def test_a_finished_study_outlives_its_data(tmp_path: Path):
    study = of_blobs(tmp_path)
    (tmp_path / "blobs.npz").unlink()

    with pytest.warns(ParibusWarning, match=r"not compared with their data.*blobs"):
        result = run_study(study, tmp_path / "blobs", data_folder=tmp_path)

    assert (result.status >= RunStatus.DIVERGED).all()


def test_a_changed_fixed_setting_is_refused(tmp_path: Path):
    folder = make_store(tmp_path / "tiny")
    changed = pb.Study(
        name="tiny",
        data=pb.data.mnist(),
        model=pb.models.mlp(hidden=[8]),
        optimizer=pb.optimizers.keras_adam(),
        space=make_study().space,
        epochs=3,
        seeds=4,
        evaluate_every=1.0,
    )

    assert changed.budget == Budget(epochs=3, evaluate_every=1.0)
    with pytest.raises(StudyError, match=r"^`epochs` .* got 3, was 2"):
        changed.run(folder, progress=False)


def test_a_space_in_python_says_what_a_study_file_does(tmp_path: Path):
    table = {
        "sobol": {"n": np.int64(6), "seed": 1},
        "learning_rate": {"log": (1e-4, 0.1)},
        "batch_size": np.array([32, 64]),
    }
    path = tmp_path / "same.toml"
    path.write_text(
        '[study]\nname = "same"\nseeds = 4\nepochs = 2\n[data]\nname = "mnist"\n'
        '[model]\nname = "mlp"\n[optimizer]\nname = "keras_adam"\n[[space]]\n'
        "sobol = { n = 6, seed = 1 }\nlearning_rate = { log = [1e-4, 0.1] }\n"
        "batch_size = [32, 64]\n"
    )

    study = make_python_study(space=table)

    assert study.configs() == pb.read_study(path).study.configs()


def test_spaces_of_all_kinds_are_united_in_python():
    study = make_python_study(
        space=[
            pb.grid(learning_rate={"linear": [0.1, 0.3], "n": 3}, batch_size=[32]),
            {"configs": [{"learning_rate": 0.3, "batch_size": 32}]},
            {"configs": [{"learning_rate": 0.5, "batch_size": 32}]},
        ]
    )

    rates = [config["learning_rate"] for config in study.configs()]
    assert rates == [0.1, 0.2, 0.3, 0.5]


def test_a_mistake_in_a_dict_is_named_with_its_place():
    space = {"configs": [{"learning_rat": 0.3, "batch_size": 32}]}

    with pytest.raises(StudyError, match="configs, value 1") as raised:
        make_python_study(space=space)

    assert raised.value.hint == "did you mean `learning_rate`?"


def test_a_range_in_a_grid_is_checked():
    with pytest.raises(StudyError, match="lower bound first"):
        pb.grid(learning_rate={"log": [0.1, 0.01], "n": 3})


@pytest.mark.parametrize(
    ("part", "value", "hint"),
    [
        ("epoch", 3, "did you mean `epochs`?"),
        (
            "batch_size",
            64,
            "if it is a hyperparameter: space=pb.grid(batch_size=[64], ...)",
        ),
    ],
)
def test_a_part_that_no_study_has_is_named_with_where_it_goes(part, value, hint):
    with pytest.raises(StudyError, match=f"has no part `{part}`") as caught:
        pb.Study(
            name="mine",
            data=pb.data.mnist(),
            model=pb.models.mlp(),
            space=pb.grid(learning_rate=[0.1]),
            epochs=1,
            **{part: value},
        )

    assert caught.value.hint == hint
