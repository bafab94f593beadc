"""The study table of the page on diagnostics names diagnostics that there are."""

import tomllib

from page_builders import code_of

from paribus.declared import DIAGNOSTICS


def test_its_table_names_every_diagnostic():
    (table,) = code_of("docs/concepts/diagnostics.md", "toml")

    assert set(tomllib.loads(table)["diagnostics"]["measure"]) == set(DIAGNOSTICS)
