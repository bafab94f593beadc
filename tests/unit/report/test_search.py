"""The best of k configs, in the words of a report."""

import numpy as np
from search_builders import make_search, make_tuned_search

from paribus.report.build import build_report
from paribus.report.document import Figure, Paragraph, Table
from paribus.report.findings import gather_findings
from paribus.report.search import arrange_search
from paribus.report.text import render_markdown


def test_a_search_has_words_a_chart_and_a_table():
    accuracy = np.linspace(0.5, 0.9, 8)[:, None] * np.ones((8, 2))
    result = make_search(accuracy)

    paragraph, figure, table = arrange_search(gather_findings(result))

    assert isinstance(paragraph, Paragraph)
    assert paragraph.text.startswith(
        "Had a search tried only k of the 8 configs, drawn at random, this is what the "
        "best of them would have scored on average. Each config's score is its mean "
        "test accuracy over at least 2 seeds. A description without a verdict:"
    )
    assert isinstance(figure, Figure)
    assert "70.00% with 1, " in figure.panels[0].description
    assert isinstance(table, Table)
    assert table.columns == ("configs tried", "best")
    # The mean of all; then those of the best of pairs, of which 7 have the highest.
    assert table.rows[0] == ("1", "70.00%")
    pairs = np.mean(
        np.maximum.outer(accuracy[:, 0], accuracy[:, 0])[np.triu_indices(8, 1)]
    )
    assert table.rows[1] == ("2", f"{pairs:.2%}")
    assert [row[0] for row in table.rows] == ["1", "2", "3", "4", "all"]
    assert table.rows[-1] == ("all", "90.00%")


def test_two_points_are_a_table_and_no_chart():
    blocks = arrange_search(gather_findings(make_tuned_search()))

    assert [type(block) for block in blocks] == [Paragraph, Table]
    paragraph, table = blocks
    assert isinstance(paragraph, Paragraph)
    assert "k of the 5 learning rates of each batch size, drawn at" in paragraph.text
    assert "over at least 2 seeds that chose." in paragraph.text
    assert isinstance(table, Table)
    assert table.columns == ("configs tried", "batch size 32", "batch size 64")


def test_the_section_stands_only_where_there_was_a_search():
    search = render_markdown(build_report(make_tuned_search()))
    picks = render_markdown(build_report(make_search(np.full((5, 2), 0.9))))

    assert "## What trying more finds" in search
    assert "## What trying more finds" not in picks


def test_many_groups_show_those_with_the_best_config():
    sizes = tuple(2**power for power in range(3, 13))

    (paragraph, table) = arrange_search(
        gather_findings(make_tuned_search(batch_size=sizes))
    )

    assert isinstance(paragraph, Paragraph)
    assert paragraph.text.endswith("The 8 of 10 groups with the best config.")
    assert isinstance(table, Table)
    assert table.columns[1:3] == ("batch size 8", "batch size 16")
    assert len(table.columns) == 9
