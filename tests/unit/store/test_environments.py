"""What differs between the software and machine of an attempt and the one before."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_facts, make_study

from paribus.errors import ExecutionError, ParibusWarning
from paribus.store import StudyWriter


WAS = {"jax": "0.10.1", "device": "2 × cpu", "python": "3.11", "cores": "2"}


def study_in(folder: Path, *, exact: bool = False) -> StudyWriter:
    """A study on which three attempts have been made, the last in `WAS`."""
    study = replace(make_study(), exact=exact)
    writer = StudyWriter.create(folder, study, make_facts())
    writer.begin_attempt({"jax": "0.8"})
    writer.begin_attempt({"jax": "0.9"})
    writer.begin_attempt(WAS)
    return writer


def warned_of(writer: StudyWriter, now: Mapping[str, str], **options: bool) -> str:
    with pytest.warns(ParibusWarning) as caught:
        writer.check_environment(now, **options)
    (warning,) = caught
    return str(warning.message)


def test_all_that_differs_is_named_in_order(tmp_path: Path):
    now = {"flags": "fast", "device": "1 × gpu", "python": "3.13", "cores": "8"}

    with study_in(tmp_path / "tiny") as writer:
        said = warned_of(writer, now)

    assert said == (
        f"`{tmp_path / 'tiny'}` goes on in another environment: "
        "jax `none`, was `0.10.1`; device `1 × gpu`, was `2 × cpu`; "
        "flags `fast`, was `none`; numbers of equal runs may differ by rounding"
    )


def test_nothing_is_said_where_no_number_depends_on_it(tmp_path: Path):
    with study_in(tmp_path / "tiny", exact=True) as writer:
        writer.check_environment(WAS)
        writer.check_environment({"jax": "0.10.1", "device": "2 × cpu"})


def test_nothing_is_said_before_the_first_attempt(tmp_path: Path):
    study = replace(make_study(), exact=True)
    with StudyWriter.create(tmp_path / "tiny", study, make_facts()) as writer:
        writer.check_environment(WAS)


def test_an_exact_study_stays_in_its_environment_unless_it_is_let_go(tmp_path: Path):
    now = {**WAS, "jax": "0.11"}

    with study_in(tmp_path / "tiny", exact=True) as writer:
        with pytest.raises(ExecutionError) as refused:
            writer.check_environment(now)
        said = warned_of(writer, now, allow_change=True)

    assert str(refused.value) == (
        f"`{tmp_path / 'tiny'}` is exact, so its environment must stay the same, "
        "got jax `0.11`, was `0.10.1`"
    )
    assert refused.value.hint == (
        "go on where it began; `--allow-env-change` lets its numbers differ"
    )
    assert "jax `0.11`, was `0.10.1`" in said
