import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from study_texts import study_text

from paribus.errors import CommandError, ParibusError, as_toml
from paribus.study_file import StudyFile, read_study
from paribus.study_file.overrides import parse_overrides


TABLES = ("study", "data", "model", "optimizer", "space", "other")
ODD = "ab .=[]{}\"'\\#\n\t\x00é\u202e😀"
KEYS = (
    *("name", "seeds", "epochs", "evaluate_every", "path", "validation", "hidden"),
    *("activation", "learning_rate", "batch_size", "momentum", "b1", "log", "n"),
)

texts = st.text(alphabet=ODD, max_size=8)
words = st.sampled_from(["mlp", "adam", "sgd", "mnist", "tiny", "relu", "auto", "a/b"])
scalars = st.one_of(
    words,
    st.booleans(),
    st.integers(-3, 70_000),
    st.integers(),
    st.floats(),
    texts,
)
items = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    ),
    max_leaves=6,
)
documents = st.dictionaries(
    st.sampled_from(TABLES),
    st.one_of(
        st.dictionaries(st.sampled_from(KEYS), items, max_size=5),
        st.lists(st.dictionaries(st.sampled_from(KEYS), items, max_size=3), max_size=2),
        items,
    ),
)


def written(value: object) -> str:
    """A value as TOML text, tables inline."""
    if isinstance(value, dict):
        pairs = (f"{key} = {written(item)}" for key, item in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, str):
        escaped = "".join(f"\\U{ord(char):08X}" for char in value)
        return f'"{escaped}"'
    return str(value).lower() if isinstance(value, bool) else repr(value)


def read(folder: Path, content: bytes) -> StudyFile | ParibusError:
    path = folder / "study.toml"
    path.write_bytes(content)
    try:
        return read_study(path)
    except ParibusError as error:
        return error


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studies")


@settings(max_examples=500)
@given(document=documents)
@example(document={"study": {"seeds": 10**18, "epochs": 1, "name": "x"}})
@example(document={"study": {"epochs": 0, "evaluate_every": -(10**400)}})
@example(document={"space": [{"learning_rate": {"log": [10**400, 1], "n": 2}}]})
def test_any_document_is_a_study_or_a_user_error(
    folder: Path, document: dict[str, object]
):
    check_document(folder, document)


@pytest.mark.long
@settings(max_examples=2000)
@given(document=documents)
def test_many_documents_are_studies_or_user_errors(
    folder: Path, document: dict[str, object]
):
    check_document(folder, document)


def check_document(folder: Path, document: dict[str, object]) -> None:
    text = "\n".join(f"{key} = {written(item)}" for key, item in document.items())

    found = read(folder, text.encode("utf-8", "replace"))

    if isinstance(found, ParibusError):
        assert found.exit_code == 3
        assert "study.toml" in str(found)


@pytest.mark.long
@settings(max_examples=2000)
@given(content=st.binary(max_size=2000))
def test_many_bytes_are_studies_or_user_errors(folder: Path, content: bytes):
    found = read(folder, content)

    assert isinstance(found, StudyFile) or found.exit_code == 3


@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_study_or_a_user_error(folder: Path, content: bytes):
    found = read(folder, content)

    assert isinstance(found, StudyFile) or found.exit_code == 3


@given(
    # Two that are one float32 are refused: training would not tell them apart.
    rates=st.lists(
        st.floats(min_value=1e-12, max_value=1e6),
        min_size=1,
        max_size=4,
        unique_by=np.float32,
    ),
    sizes=st.lists(st.integers(1, 4096), min_size=1, max_size=3, unique=True),
    seeds=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=4, unique=True),
)
def test_a_study_says_what_its_file_says(
    folder: Path, rates: list[float], sizes: list[int], seeds: list[int]
):
    text = study_text(
        study=f"seeds = {seeds}\nepochs = 1",
        data='name = "mnist"',
        space=f"learning_rate = {rates}\nbatch_size = {sizes}",
    )

    found = read(folder, text.encode())

    assert isinstance(found, StudyFile)
    assert found.study.seeds == tuple(seeds)
    grid = [(rate, size) for rate in rates for size in sizes]
    configs = found.study.configs()
    assert [(c["learning_rate"], c["batch_size"]) for c in configs] == grid


@settings(max_examples=500)
@given(value=scalars.filter(lambda value: value == value))
def test_setting_a_value_reads_what_was_printed(value: object):
    (override,) = parse_overrides([f"study.name={written(value)}"])

    assert override.key == ("study", "name")
    assert override.value == value


@settings(max_examples=500)
@given(text=st.text(alphabet=ODD + "study.name=123", max_size=20))
def test_any_setting_is_one_assignment_or_a_command_error(text: str):
    try:
        (override,) = parse_overrides([text])
    except CommandError:
        return
    assert text.startswith(f"{override.option.removeprefix('--set ')}=")


@given(value=st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False)))
def test_values_in_messages_are_toml(value: object):
    assert tomllib.loads(f"value = {as_toml(value)}")["value"] == value
