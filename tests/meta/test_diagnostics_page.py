"""The study table of the page on diagnostics names diagnostics that there are."""

import re
import tomllib
from pathlib import Path

from paribus.declared import DIAGNOSTICS


PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "diagnostics.md"


def test_its_table_names_every_diagnostic():
    (table,) = re.findall(r"(?ms)^```toml\n(.*?)^```", PAGE.read_text("utf-8"))

    assert set(tomllib.loads(table)["diagnostics"]["measure"]) == set(DIAGNOSTICS)
