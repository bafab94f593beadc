"""Which changes of a user's code are noticed, and which are none."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module, invalidate_caches
from pathlib import Path

import pytest

from paribus.code_digests import have_same_functions, is_same_code, source_digest


CODE = """
import json
import helper
SCALE = 1.0

def apply(weights, inputs):
    return SCALE * helper.scaled(inputs)

def loss(outputs, labels):
    from more.deep import part
    return part.of(outputs, labels)
"""
FILES = {
    "mymodel.py": CODE,
    "helper.py": "import json\ndef scaled(x):\n    return x\n",
    "more/__init__.py": "",
    "more/deep/__init__.py": "from ..beside import UNIT\n",
    "more/deep/part.py": "from . import other\ndef of(x, y):\n    return x\n",
    "more/deep/other.py": "RATE = 1\n",
    "more/beside.py": "UNIT = 1\n",
    "alone.py": "RATE = 1\n",
    "lib/site-packages/json.py": "RATE = 1\n",
}

MODULES = (
    "mymodel",
    "helper",
    "more",
    "more.beside",
    "more.deep",
    "more.deep.other",
    "more.deep.part",
)

Digest = Callable[..., str]


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Digest]:
    """Write the files anew, some of them changed, and digest a function."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def digested(changes: dict[str, str] | None = None, name: str = "apply") -> str:
        for path, text in (FILES | (changes or {})).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        forget()
        invalidate_caches()
        return source_digest(getattr(import_module("mymodel"), name))

    yield digested
    forget()


def forget() -> None:
    for module in MODULES:
        sys.modules.pop(module, None)


@pytest.mark.parametrize(
    "change",
    [
        {"mymodel.py": CODE.replace("SCALE = 1.0", "SCALE = 50.0")},
        {"helper.py": "def scaled(x):\n    return 2 * x\n"},
        {"more/__init__.py": "A = 1\n"},
        {"more/deep/__init__.py": "from ..beside import UNIT as U\n"},
        {"more/deep/part.py": "from . import other\ndef of(x, y):\n    return y\n"},
        {"more/deep/other.py": "RATE = 2\n"},
        {"more/beside.py": "UNIT = 2\n"},
        {"more/beside.py": "UNIT = \n"},
    ],
    ids=str,
)
def test_what_lies_or_is_imported_beside_a_function_is_part_of_it(
    digest: Digest, change: dict[str, str]
):
    before = digest()

    after = digest(change)

    assert not is_same_code(before, after)
    assert have_same_functions(before, after)


@pytest.mark.parametrize(
    "change",
    [
        {"mymodel.py": CODE.replace("SCALE =", "# why\nSCALE =")},
        {"mymodel.py": CODE.replace("SCALE * helper", "SCALE \\\n * helper")},
        {"helper.py": "import json\n\n\ndef scaled(x):  # scaled\n    return (x)\n"},
        {"alone.py": "RATE = 2\n"},
        {"lib/site-packages/json.py": "RATE = 2\n"},
    ],
    ids=["comment", "layout", "layout of an import", "not imported", "a library"],
)
def test_comments_layout_and_other_files_change_nothing(
    digest: Digest, change: dict[str, str]
):
    assert digest(change) == digest()


def test_a_change_of_a_function_is_one_of_its_file_too(digest: Digest):
    before = digest()

    after = digest({"mymodel.py": CODE.replace("SCALE * ", "")})

    assert not is_same_code(before, after)
    assert not have_same_functions(before, after)


def test_a_digest_does_not_depend_on_what_else_was_imported(digest: Digest):
    before = digest()

    import_module("more.deep.part")
    after = source_digest(import_module("mymodel").apply)

    assert after == before


def test_all_functions_of_a_file_have_its_digest(digest: Digest):
    one, two = digest(), digest(name="loss")

    both = source_digest(
        *(getattr(import_module("mymodel"), n) for n in ("apply", "loss"))
    )

    assert one.partition("/")[2] == two.partition("/")[2] == both.partition("/")[2]
    assert both.partition("/")[0] == f"{one[:12]}+{two[:12]}"


def test_of_an_installed_package_only_its_own_files_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "site-packages"
    (folder / "mypackage").mkdir(parents=True)
    (folder / "mypackage" / "__init__.py").write_text("")
    (folder / "mypackage" / "model.py").write_text(
        "import mypackage.part, itslibrary\ndef build():\n    return 1\n"
    )
    (folder / "mypackage" / "part.py").write_text("RATE = 1\n")
    (folder / "itslibrary.py").write_text("RATE = 1\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    build = import_module("mypackage.model").build
    before = source_digest(build)

    (folder / "itslibrary.py").write_text("RATE = 2\n")
    of_library = source_digest(build)
    (folder / "mypackage" / "part.py").write_text("RATE = 2\n")
    of_own = source_digest(build)

    assert of_library == before
    assert not is_same_code(of_own, before)


def test_code_of_a_notebook_is_its_functions_alone(monkeypatch: pytest.MonkeyPatch):
    def build(units: int = 3) -> int:
        return units

    of_file = source_digest(build)
    monkeypatch.setattr(build, "__module__", "__main__")

    assert "/" in of_file
    assert len(source_digest(build)) == 12


@pytest.mark.parametrize("function", [len, "text".join, int])
def test_code_of_python_itself_has_no_digest(function: Callable[..., object]):
    assert source_digest(function) == ""


@pytest.mark.parametrize(
    ("was", "got", "is_same"),
    [
        ("f1", "f1/a", True),
        ("f1", "f2/a", False),
        ("f1/a", "f1/a", True),
        ("f1/a", "f1/b", False),
        ("/a", "/b", False),
        ("f1", "/b", True),
        ("", "f1/b", True),
    ],
)
def test_kinds_of_digests_are_compared_by_what_both_have(
    was: str, got: str, is_same: bool
):
    assert is_same_code(was, got) == is_same_code(got, was) == is_same


def test_a_digest_is_the_same_on_each_python(digest: Digest):
    """Python 3.12 has added fields to functions, 3.13 has left empty ones out."""
    code = 'def apply(w, x=None, *, y: int = 1):\n    return f"{w!r}" if x else -y\n'

    assert digest({"mymodel.py": code}).partition("/")[2] == "87febcce8924"


def test_a_file_may_hold_an_expression_of_many_parts(digest: Digest):
    long = CODE + "TOTAL = " + " + ".join(["1"] * 2000) + "\n"

    assert digest({"mymodel.py": long}) != digest()
