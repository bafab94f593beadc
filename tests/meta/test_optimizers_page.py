"""The page of optimizers says what the catalogue has."""

import re
import typing
from pathlib import Path

import pytest
from page_builders import REST_OF_STUDY, code_of, read_page

from paribus import optimizers
from paribus.optimizer_catalogue import COMMON, OPTIMIZERS, SCHEDULE
from paribus.optimizers.schedules import scale_at
from paribus.space import show_value
from paribus.study_file import read_study


PAGE = "docs/reference/optimizers.md"


def rows_of(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading, by the name in their first cell."""
    section = read_page(PAGE).split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    return {first.strip("` |"): rest for first, *rest in rows}


def written(value: object) -> str:
    if isinstance(value, float) and not value.is_integer():
        return f"{value:g}"
    return show_value(value)  # pyright: ignore[reportArgumentType]


def test_the_page_has_every_optimizer():
    assert list(rows_of("Optimizers")) == list(OPTIMIZERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_page_gives_an_optimizer_its_hyperparameters_and_defaults(name: str):
    known = OPTIMIZERS[name]
    own = {n: h for n, h in known.items() if COMMON.get(n) != h}

    cell = rows_of("Optimizers")[name][-1]

    said = dict(re.findall(r"`(\w+)` ([^,|]+)", cell))
    assert {n: v.strip() for n, v in said.items()} == {
        n: written(h.default) for n, h in own.items()
    }


def test_the_page_has_what_all_of_them_have_with_its_defaults():
    rows = rows_of("What all of them have")

    said = {name: cells[0] for name, cells in rows.items()}
    defaults = {n: h.default for n, h in COMMON.items()}
    assert said == {
        n: "must be said" if value is None else written(value)
        for n, value in defaults.items()
    }


def test_the_page_has_every_schedule():
    assert tuple(rows_of("Schedules")) == SCHEDULE.choices


@pytest.mark.parametrize("schedule", SCHEDULE.choices[1:])
def test_every_schedule_begins_somewhere(schedule: str):
    numbers = {n: h.default for n, h in COMMON.items() if schedule in h.schedules}

    assert 0 < float(scale_at(schedule, 0, 0.0, 10.0, numbers)) <= 1


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_python_takes_the_hyperparameters_of_the_catalogue(name: str):
    choose = getattr(optimizers, name)
    (settings,) = typing.get_args(typing.get_type_hints(choose)["settings"])

    assert set(typing.get_type_hints(settings)) == set(OPTIMIZERS[name])
    assert choose(learning_rate=0.1).settings == {"learning_rate": 0.1}


def test_every_optimizer_is_chosen_by_a_function_of_its_name():
    assert set(optimizers.__all__) == set(OPTIMIZERS)


def test_the_tables_on_the_page_are_those_of_a_study(tmp_path: Path):
    (tables,) = code_of(PAGE, "toml")
    rest = REST_OF_STUDY.partition("[optimizer]")[0] + '[data]\nname = "mnist"\n'
    (tmp_path / "mine.toml").write_text(rest + tables, "utf-8")

    study = read_study(tmp_path / "mine.toml").study

    assert set(study.optimizer.settings) <= set(COMMON)
    chosen = {study.settings(config).optimizer_name for config in study.configs()}
    assert chosen == {"sgd", "adam"}
