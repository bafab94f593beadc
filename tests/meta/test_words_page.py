"""The page of words has every status, with what it means."""

from page_builders import read_page

from paribus.status import STATUS_MEANINGS, RunStatus


PAGE = "docs/concepts/words.md"


def test_it_says_of_every_status_what_the_report_says():
    rows = [line for line in read_page(PAGE).splitlines() if line.startswith("| `")]
    text = "\n".join(rows)

    for status in RunStatus:
        if status is not RunStatus.ABSENT:  # no run at all
            assert f"`{status.word}`" in text
        if status.has_outcome:
            row = next(line for line in rows if f"| `{status.word}` " in line)
            assert f"| {STATUS_MEANINGS[status]} |" in row
