import re

import pytest
from hostile import HOSTILE

from paribus.report.document import Bullets, Callout, Paragraph, Report, Section, Table
from paribus.report.text import escape, render_markdown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("97.66% [97.5, 97.8]", r"97.66% \[97.5, 97.8\]"),
        ("a|b", r"a\|b"),
        ("<b>", r"\<b>"),
        ("1. item", r"1\. item"),
        ("- item", r"\- item"),
        ("+1.5", "+1.5"),
        ("0.001", "0.001"),
        ("> quote", r"\> quote"),
        ("---", r"\---"),
        ("# heading", r"\# heading"),
        ("a_b: `paribus run a_b`.", r"a\_b: `paribus run a_b`."),
        ("`--set a|b` `a`", r"\`--set a\|b\` \`a\`"),
        ("two\nlines", "two lines"),
        ("back\u202ewards", "back wards"),
        ("", ""),
    ],
)
def test_text_is_escaped_where_markdown_would_read_it(text, escaped):
    assert escape(text) == escaped


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text_on_one_line(text):
    escaped = escape(text)

    assert not re.search(r"(?<!\\)[<`|\[*_~$]", escaped)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", escaped)
    assert not re.search(r"(?i)\b(https?:|www\.)", escaped)
    assert not re.match(r"(#|>|[-+=]\s|\d+[.)]\s)", escaped)


def test_every_kind_of_block_is_written():
    report = Report(
        study="x",
        title="Which?",
        lead=("First.",),
        sections=(
            Section(
                anchor="a",
                heading="One",
                blocks=(
                    Paragraph(text="Words."),
                    Bullets(items=("one", "two")),
                    Callout(kind="warning", text="Careful."),
                    Table(
                        caption="Numbers",
                        columns=("a", "b"),
                        rows=(("x|y", "1"),),
                        note="Noted.",
                    ),
                ),
            ),
        ),
    )

    assert render_markdown(report) == (
        "# Which?\n\nFirst.\n\n## One\n\nWords.\n\n- one\n- two\n\n"
        "> **Warning.** Careful.\n\n**Numbers**\n\n| a | b |\n| --- | ---: |\n"
        "| x\\|y | 1 |\n\nNoted.\n"
    )
