"""The study table of the page on diagnostics names diagnostics that there are."""

from pathlib import Path

from page_builders import REST_OF_STUDY, code_of

from paribus.declared import DIAGNOSTICS
from paribus.study_file import read_study


def test_its_table_asks_a_study_for_every_diagnostic(tmp_path: Path):
    (table,) = code_of("docs/concepts/diagnostics.md", "toml")
    # The rescue test goes on at the best learning rate, so there must be one.
    others = '[data]\nname = "mnist"\nvalidation = 5000\n[tuning]\nseeds = 2\n'
    (tmp_path / "mine.toml").write_text(others + REST_OF_STUDY + table, "utf-8")

    study = read_study(tmp_path / "mine.toml").study

    assert set(study.diagnostics) == set(DIAGNOSTICS)
