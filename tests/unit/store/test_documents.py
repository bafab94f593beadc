"""A study as the texts of its one row, and back."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from builders import make_facts, make_study

from paribus.store.documents import read_row, study_row, write_json


EPOCHS = (0.5, 1.0)


@pytest.mark.parametrize("guessing", [{}, {"rmse": 1.5}], ids=["none", "one"])
def test_what_is_written_of_a_study_is_read(guessing: Mapping[str, float]):
    facts = replace(make_facts(), guessing=guessing)

    row = study_row(make_study(), facts, created="2026-11-26", epochs=EPOCHS)

    assert (row.id, row.created) == (1, "2026-11-26")
    assert read_row(row) == (make_study(), facts, EPOCHS)
    # As older programs have written it, which did not know of the last field.
    assert ("guessing" in json.loads(row.data)) == bool(guessing)


def test_json_is_strict_and_without_blanks():
    assert write_json({"a": [1, 0.5], "ü": None}) == '{"a":[1,0.5],"\\u00fc":null}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(math.nan)
