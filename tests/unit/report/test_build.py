import re
from dataclasses import replace

import numpy as np
import pytest
from report_builders import (
    FULL_GRID,
    blocks,
    column,
    headings,
    make_notebook_result,
    make_notebook_study,
    plain,
    table,
)

from paribus.claims.catalogue import CLAIMS as CATALOGUE
from paribus.report import build_report
from paribus.report.document import Figure, Paragraph, Table
from paribus.report.text import render_markdown


# One section a group of the catalogue.
CLAIMS = sorted({f"Claims about the {c.group}" for c in CATALOGUE}, reverse=True)


def test_the_sections_stand_in_the_order_of_reading(notebook):
    assert headings(notebook) == [
        "In short",
        *CLAIMS,
        "What was trained",
        "How the runs ended",
        "Task 1: learning rate",
        "Task 2: batch size",
        "Every run",
        "Training curves",
        "Where training fails",
        "What is gained and paid",
        "With the batch size",
        "Which differences are real",
        "What one seed would have told you",
        "All runs, to trace a number",
        "How it was made",
    ]


def test_the_first_lines_say_that_there_is_no_validation_split(notebook):
    assert notebook.lead[1].startswith(
        "Trained on all 60,000 images; there is no validation split, so what needs one "
        "is measured on the test split"
    )


def test_with_a_validation_split_the_lead_is_one_line(grid):
    assert grid.lead == (
        "9 configs of learning rate and batch size, 10 seeds each: 90 runs of 5 "
        "epochs.",
    )


def test_what_was_trained_says_what_a_validation_split_is_for(grid):
    model, splits = blocks(grid, "protocol")

    assert isinstance(model, Paragraph)
    assert model.text.startswith("Each run trains a multilayer perceptron (hidden")
    assert isinstance(splits, Paragraph)
    assert "5,000 held out for validation" in splits.text
    assert "Configs are compared on the validation split" in splits.text


def test_with_a_validation_split_the_test_split_stands_once_at_the_end():
    study = make_notebook_study(name="mine", grids=FULL_GRID, validation=5000)
    result = make_notebook_result(study)
    # The test split says the opposite: whatever is ranked or drawn by it shows.
    upside_down = 1 - result.curves["test_accuracy"]
    result = replace(result, curves={**result.curves, "test_accuracy": upside_down})

    report = build_report(result)

    drawn = [p for figure in report.figures() for p in figure.panels]
    assert drawn
    for panel in drawn:
        text = f"{panel.title} {panel.description} {panel.specification}"
        assert "test" not in text.replace("_", " ").lower().split()
    tables = [
        block.columns
        for section in report.sections
        if section.anchor != "all-runs"  # each run's numbers, to trace the others
        for block in section.blocks
        if isinstance(block, Table)
    ]
    assert sum("test accuracy" in heading for t in tables for heading in t) == 1
    captions = [figure.caption for figure in report.figures()]
    assert any(caption.startswith("Every run's validation acc") for caption in captions)


def test_statuses_are_counted_first_and_add_up(notebook):
    found = table(notebook, "statuses")

    assert found.rows[-1][0] == "all configs"
    assert sum(int(cell) for cell in found.rows[-1][1:]) == 50
    assert column(found, "diverged") == ["0", "0", "2", "0", "0", "2"]
    first = blocks(notebook, "statuses")[0]
    assert isinstance(first, Paragraph)
    assert first.text.startswith("Of 50 runs: 2 diverged")


def test_diverged_runs_are_named_with_their_seeds_and_first_step(notebook):
    text = render_markdown(notebook)

    assert "2 of 10 runs diverged (seeds 4, 5), the first at step 312." in text


def test_the_tasks_have_the_notebooks_numbers_beside_ours(notebook):
    first, second = table(notebook, "task-1"), table(notebook, "task-2")

    assert column(first, "learning rate") == ["0.001", "0.01", "0.1"]
    assert column(first, "the notebook's one run") == ["97.66%", "96.19%", "42.35%"]
    assert column(second, "batch size") == ["32", "64", "128"]
    assert column(second, "the notebook's one run") == ["96.63%", "96.99%", "97.09%"]
    place = r"inside, \d+% quantile|outside, (above|below) all \d+"
    for cell in column(first, "where it falls among ours"):
        assert re.fullmatch(place, cell)


def test_a_number_outside_our_range_is_said_to_be():
    result = make_notebook_result()
    result.curves["test_accuracy"][0, :, -1] = np.linspace(0.98, 0.985, 10)

    text = render_markdown(build_report(result))

    assert "97.66% at learning rate 0.001 lies below all 10 of ours" in text
    assert "outside, below all 10" in text


def test_a_mixture_is_its_share_of_bad_runs_and_its_learners_mean(notebook):
    row = table(notebook, "task-1").rows[2]

    assert row[1].endswith("among 8 learners")
    text = plain(render_markdown(notebook))
    assert "2 of 10 runs ended badly (95% interval for the share: 3% to 56%)" in text


def test_shares_of_bad_runs_are_compared_before_the_metric(notebook):
    text = plain(render_markdown(notebook))

    assert re.search(
        r"of 10 seeds, none at learning rate 0.01 and 2 at learning rate 0.1 ended "
        r"badly, −20 points \[[^]]*\], which does not decide whose share is higher; "
        r"learning rate 0.01 has a higher mean test accuracy than learning "
        r"rate 0.1 over the 8 seeds where both learned: \+",
        text,
    )
    found = table(notebook, "pairs")
    both = zip(column(found, "seeds"), column(found, "ended badly"), strict=True)
    assert set(both) == {("10", "0 and 0 of 10"), ("8", "0 and 2 of 10")}
    assert "compare how many first" in found.note


def test_another_study_has_a_table_for_each_hyperparameter_and_a_grid(grid):
    after = headings(grid).index("How the runs ended") + 1
    assert headings(grid)[after : after + 2] == ["Learning rate", "Batch size"]
    assert "The grid" in headings(grid)
    assert len(table(grid, "learning-rate").rows) == 9
    columns = table(grid, "batch-size").columns
    assert not any("notebook's" in heading for heading in columns)


def test_a_union_of_grids_has_no_heat_map(notebook):
    assert "The grid" not in headings(notebook)


def test_every_pair_has_an_interval_a_test_and_a_noise_floor(notebook):
    found = table(notebook, "pairs")

    assert len(found.rows) == 10
    assert all(cell.startswith("±") for cell in column(found, "noise floor"))
    assert all("[" in cell for cell in column(found, "simultaneous 95% interval"))
    assert all(float(cell) >= 0.0195 for cell in column(found, "p (Holm)"))


def test_pairs_without_a_test_are_not_paid_for():
    # All but one run of a config diverged: its four pairs have one seed and no test.
    diverged = dict.fromkeys([(2, seed) for seed in range(1, 10)], 100)
    found = table(build_report(make_notebook_result(diverged=diverged)), "pairs")

    assert column(found, "p (Holm)").count("–") == 4
    assert "Holm-adjusted for the 6 tests here" in found.note
    smallest = 6 * 2 / 2**10  # all signs equal, on either side
    assert f"possible here is {smallest:.3f}." in found.note


def test_only_one_member_makes_the_best(notebook):
    text = render_markdown(notebook)

    tied = column(table(notebook, "task-1"), "tied with the best")
    assert tied.count("tied") == 1
    assert "The best of the 5 configs is learning rate 0.001, batch size 32" in text


def test_every_figure_says_its_numbers_in_words(notebook, grid):
    for report in (notebook, grid):
        figures = report.figures()
        assert figures
        for figure in figures:
            assert figure.caption.endswith(".")
            for panel in figure.panels:
                assert re.search(r"\d", panel.description)
                assert panel.specification["description"]


WRONG_WORDS = [
    r"\bsignificant",
    r"\bno (difference|effect)\b",
    r"\bthe same accuracy\b",
    r"±\s*sd",
    r"neural networks?\b",
    r"\bfaster\b",
    r"\bnan\b",
    r"\bNone\b",
    r"\binf\b",
]


@pytest.mark.parametrize("pattern", WRONG_WORDS)
def test_no_report_uses_words_that_claim_too_much(notebook, grid, pattern):
    for report in (notebook, grid):
        text = render_markdown(report)
        said = re.sub("“[^”]*”", "", text)  # a claim's own words are not ours
        assert "“" in text
        assert not re.search(pattern, said)


def test_figures_have_names_of_their_own(notebook):
    names = [figure.name for figure in notebook.figures()]

    assert len(set(names)) == len(names)
    assert all(isinstance(figure, Figure) for figure in notebook.figures())
