"""Where a benchmark's tables stand in the docs: between two marks, replaced whole."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


DOCS = Path(__file__).parents[1] / "docs"
BEGIN = "<!-- made by {script}: do not edit -->"
END = "<!-- end of what {script} made -->"


def put_block(document: Path, script: str, text: str) -> None:
    """Replace what `script` wrote into a document before.

    Args:
        document: A Markdown file that has the two marks of the script.
        script: As a reader would run it, e.g. `benchmarks/published.py`.
        text: What to put between the marks.
    """
    before, _, after = _parts(document, script)
    document.write_text(before + _framed(script, text) + after)


def read_block(document: Path, script: str) -> str:
    """What stands between the marks of `script`."""
    return _parts(document, script)[1]


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table, one line a row."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def machine_line(record: dict[str, Any], script: str) -> str:
    """Script, date, machine and versions of a result, as a sentence."""
    versions = ", ".join(f"{k} {v}" for k, v in record["versions"].items())
    return (
        f"`{script}`, {record['date']}; {record['cpu']}, {record['cores']} cores; "
        f"Python {record['python']}, {versions}."
    )


def _parts(document: Path, script: str) -> tuple[str, str, str]:
    text = document.read_text()
    before, begin, rest = text.partition(BEGIN.format(script=script))
    block, end, after = rest.partition(END.format(script=script))
    assert begin, f"{document} lacks the first mark of {script}"
    assert end, f"{document} lacks the last mark of {script}"
    return before, block.strip(), after


def _framed(script: str, text: str) -> str:
    begin, end = BEGIN.format(script=script), END.format(script=script)
    return f"{begin}\n\n{text.strip()}\n\n{end}"
