"""Studies, data sets and environments as the JSON texts that a store holds."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from math import isfinite
from typing import Any, NamedTuple

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
    with _bounded():
        written = loads(row.data)
        data = DataFacts(
            **{
                **written,
                "example_shape": tuple(written["example_shape"]),
                "notes": tuple(written["notes"]),
            }
        )
        epochs = tuple(_read_epoch(epoch) for epoch in loads(row.epochs))
        return Study.from_dict(loads(row.study)), data, epochs


def _read_epoch(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError(f"an epoch must be a number, got {value!r}")
    return float(value)


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


class AttemptFacts(NamedTuple):
    """What an attempt has said of itself: its environment, how its seeds began."""

    environment: dict[str, str]
    starts: dict[str, dict[int, str]]


def read_attempt_facts(text: str) -> AttemptFacts:
    """Read an attempt's environment, and the starts that are beside it.

    Raises:
        ValueError: If the text is not a JSON object, or no seeds are in its starts.
    """
    with _bounded():
        written = loads(text)
        if not isinstance(written, dict):
            raise ValueError("an environment must be a JSON object")
        starts = _read_starts(written.pop(_STARTS, {}))
        environment = {name: str(value) for name, value in written.items()}
    return AttemptFacts(environment, starts)


def _read_starts(written: Any) -> dict[str, dict[int, str]]:
    try:
        return {
            name: {_read_seed(seed): str(digest) for seed, digest in by_seed.items()}
            for name, by_seed in written.items()
        }
    except AttributeError as error:
        raise ValueError(f"`{_STARTS}` must be JSON objects") from error


def _read_seed(text: str) -> int:
    """Read a seed from the one way in which it is written: so none is there twice."""
    seed = int(text)
    if str(seed) != text:
        raise ValueError(f"`{_STARTS}` must name seeds, got {text!r}")
    return seed


def loads(text: str) -> Any:
    """Read strict JSON, whose numbers are finite.

    Raises:
        ValueError: If the text is anything else, or nested too deeply.
    """
    with _bounded():
        return json.loads(text, parse_constant=_read_real, parse_float=_read_real)


def _read_real(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"a number must be finite, got {text}")
    return value


@contextmanager
def _bounded() -> Iterator[None]:
    """Make a ValueError of what is too deep or too large for Python."""
    try:
        yield
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except OverflowError as error:
        raise ValueError(f"a number is too large: {error}") from error


def storable(text: str) -> str:
    """Escape what SQLite could not store: halves of surrogate pairs."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
