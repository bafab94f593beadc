"""Studies, data sets and environments as the JSON texts that a store holds."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from paribus.results import DataFacts
from paribus.store.rows import StudyRow
from paribus.store.starts import Starts
from paribus.study import Study


# Beside the environment of an attempt; stores of earlier programs have none.
_STARTS = "starts"


def write_json(value: Any) -> str:
    """Write strict JSON in ASCII, the same text for the same value."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def study_row(
    study: Study, data: DataFacts, *, created: str, epochs: tuple[float, ...]
) -> StudyRow:
    """Write a study as its one row."""
    return StudyRow(
        id=1,
        study=write_json(study.to_dict()),
        data=write_json(_facts(data)),
        epochs=write_json(epochs),
        created=created,
    )


def _facts(data: DataFacts) -> dict[str, Any]:
    """The facts; what older records do not know is left out where it says nothing."""
    written = asdict(data)
    return (
        written
        if data.guessing
        else {k: written[k] for k in written if k != "guessing"}
    )


def read_row(row: StudyRow) -> tuple[Study, DataFacts, tuple[float, ...]]:
    """Read a study, its data and when its runs are evaluated.

    Raises:
        ValueError: If a text is not JSON, or its values make no study.
        KeyError: If a part is missing.
        TypeError: If a part has the wrong shape.
    """
    written = json.loads(row.data)
    data = DataFacts(
        **{
            **written,
            "example_shape": tuple(written["example_shape"]),
            "notes": tuple(written["notes"]),
        }
    )
    epochs = tuple(float(epoch) for epoch in json.loads(row.epochs))
    return Study.from_dict(json.loads(row.study)), data, epochs


def write_environment(
    environment: Mapping[str, str], starts: Starts | None = None
) -> str:
    """Write an attempt's environment; text that is not Unicode is escaped.

    Args:
        environment: Versions, device and machine: name -> text.
        starts: How the seeds that it has begun began; None for no seed.
    """
    written: dict[str, Any] = {storable(k): storable(v) for k, v in environment.items()}
    return write_json(written | ({_STARTS: starts} if starts else {}))


def read_environment(text: str) -> dict[str, str]:
    """Read an attempt's environment.

    Raises:
        ValueError: If the text is not a JSON object.
    """
    written = _read_object(text)
    written.pop(_STARTS, None)
    return {name: str(value) for name, value in written.items()}


def read_starts(text: str) -> dict[str, dict[int, str]]:
    """Read how the seeds of an attempt began, from the text of its environment.

    Raises:
        ValueError: If the text is not a JSON object, or no seeds are in it.
    """
    written = _read_object(text).get(_STARTS, {})
    try:
        return {
            name: {int(seed): str(digest) for seed, digest in by_seed.items()}
            for name, by_seed in written.items()
        }
    except AttributeError as error:
        raise ValueError(f"`{_STARTS}` must be JSON objects") from error


def _read_object(text: str) -> dict[str, Any]:
    written = json.loads(text)
    if not isinstance(written, dict):
        raise ValueError("an environment must be a JSON object")
    return written


def storable(text: str) -> str:
    """Escape what SQLite could not store: halves of surrogate pairs."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
