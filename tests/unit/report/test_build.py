import re
from dataclasses import replace

import numpy as np
import pytest
from builders import make_result, make_study
from report_builders import FULL_GRID, make_notebook_result, make_notebook_study
from tuning_builders import make_tuned_result, make_tuned_study, trained

from paribus.claims import claims_digest
from paribus.claims.catalogue import CLAIMS as CATALOGUE
from paribus.report import build_report
from paribus.report.document import Callout, Figure, Paragraph, Report, Table
from paribus.report.making import tabulate_attempts, tabulate_making
from paribus.report.text import render_markdown
from paribus.results import Replays
from paribus.status import RunStatus
from paribus.study import DeclaredClaim, Study


# One section a group of the catalogue.
CLAIMS = sorted({f"Claims about the {c.group}" for c in CATALOGUE}, reverse=True)


def headings(report: Report) -> list[str]:
    return [section.heading for section in report.sections]


def blocks(report: Report, anchor: str):
    (found,) = [section for section in report.sections if section.anchor == anchor]
    return found.blocks


def plain(markdown: str) -> str:
    """Markdown without its escapes."""
    return re.sub(r"\\([^A-Za-z0-9])", r"\1", markdown)


def table(report: Report, anchor: str) -> Table:
    return next(block for block in blocks(report, anchor) if isinstance(block, Table))


def column(found: Table, heading: str) -> list[str]:
    place = found.columns.index(heading)
    return [row[place] for row in found.rows]


@pytest.fixture(scope="module")
def notebook():
    return build_report(make_notebook_result(diverged={(2, 4): 312, (2, 5): 400}))


@pytest.fixture(scope="module")
def grid():
    study = make_notebook_study(name="mine", grids=FULL_GRID, validation=5000)
    return build_report(make_notebook_result(study))


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


def test_equal_configs_are_tied_and_none_is_the_best():
    accuracy = 0.96 + 0.001 * np.random.default_rng(5).normal(size=(2, 10))
    result = make_result(make_study(n_seeds=10), final_accuracy=accuracy)

    text = render_markdown(build_report(result))

    a, b = (f"{mean:.2%}" for mean in accuracy.mean(axis=1))
    tied = f"learning rate 0.001 (mean {a}) and learning rate 0.01 (mean {b})"
    assert f"Tied with the best: {tied}." in text
    assert "The best of" not in text
    assert "not decided with 10 seeds" in text


def test_no_failure_in_n_runs_is_said_with_its_bound():
    text = render_markdown(build_report(make_notebook_result()))

    assert "that is 0 of 10, which leaves room for a share of up to 26%" in text


def test_a_study_with_one_config_and_one_seed_has_a_report():
    result = make_result(make_study(learning_rate=(0.01,), n_seeds=1))

    report = build_report(result)

    assert headings(report) == [
        "In short",
        "Textbook claims that are not tested here",
        "What was trained",
        "How the runs ended",
        "Configs",
        "Every run",
        "Training curves",
        "All runs, to trace a number",
        "How it was made",
    ]
    assert report.title.startswith("How well does")


def test_a_best_that_no_single_seed_misses_is_said_to_be():
    accuracy = np.stack([np.full(10, 0.9), np.full(10, 0.97)])
    accuracy = accuracy + np.linspace(0, 0.001, 10)
    result = make_result(make_study(n_seeds=10), final_accuracy=accuracy)

    text = render_markdown(build_report(result))

    assert "every such study of these runs would have named it the best too" in text
    assert "averaged per config" not in text


def test_three_seeds_are_too_few_for_a_verdict():
    text = render_markdown(build_report(make_result(make_study(n_seeds=3))))

    assert "over 3 seeds, too few for a verdict." in text
    assert "Tied with the best:" not in text


def test_an_unfinished_study_says_so_before_any_number():
    result = make_notebook_result()
    status = result.status.copy()
    status[:, 5:] = RunStatus.PENDING
    curves = {name: curve.copy() for name, curve in result.curves.items()}
    for curve in curves.values():
        curve[:, 5:] = np.nan

    report = build_report(replace(result, status=status, curves=curves))

    warning = blocks(report, "summary")[0]
    assert isinstance(warning, Callout)
    assert warning.kind == "warning"
    assert warning.items[0].startswith("25 of 50 runs have no outcome yet")


@pytest.mark.parametrize("code", [RunStatus.PENDING, RunStatus.DIVERGED])
def test_a_study_without_any_value_has_a_report(code):
    result = make_notebook_result()
    curves = {name: np.full_like(c, np.nan) for name, c in result.curves.items()}
    status = np.full_like(result.status, code)

    report = build_report(replace(result, status=status, curves=curves))

    assert f"50 {code.word}" in render_markdown(report)


def test_what_failed_runs_raised_is_quoted():
    result = make_notebook_result()
    status = result.status.copy()
    status[0, 0] = RunStatus.FAILED
    result = replace(result, status=status, messages={(0, 0): "out of memory"})

    text = render_markdown(build_report(result))

    assert "Failed runs said: out of memory" in text


def test_every_figure_says_its_numbers_in_words(notebook, grid):
    for report in (notebook, grid):
        figures = report.figures()
        assert figures
        for figure in figures:
            assert figure.caption.endswith(".")
            for panel in figure.panels:
                assert re.search(r"\d", panel.description)
                assert panel.specification["description"]


def test_a_large_study_shows_the_best_and_says_what_it_leaves_out():
    rates = tuple(0.001 * k for k in range(1, 43))
    study = make_study(learning_rate=rates, n_seeds=2)
    result = make_result(study)

    report = build_report(result)

    found = table(report, "statuses")
    assert len(found.rows) == 41
    assert "counted in the last row: 2 more configs." in found.note
    assert found.is_folded
    assert len(table(report, "pairs").rows) == 45
    for figure in report.figures():
        for panel in figure.panels:
            datasets = panel.specification["datasets"].values()
            assert sum(len(rows) for rows in datasets) < 5000


def test_how_it_was_made_names_data_seeds_and_versions(notebook):
    text = render_markdown(notebook)

    for fact in ("0" * 64, "CC BY-SA 3.0", "10: 0 to 9", "3.11.2", "58 s in 1 call"):
        assert fact in text


def test_how_it_was_made_names_the_claims_and_the_seeds_that_came_late():
    result = make_notebook_result()
    claim = DeclaredClaim(
        text="0.01 is as good",
        measure="test_accuracy",
        a={"learning_rate": 0.01},
        b={"learning_rate": 0.001},
        relation="at_least",
    )
    study = replace(result.study, claims=(claim,), late_seeds=(8, 9))

    def rows(of: Study) -> dict[str, str]:
        made = tabulate_making(replace(result, study=of))
        return {row[0]: row[1] for row in made.rows}

    name = "SHA-256 of the claims declared before the first run"
    assert rows(study)[name] == claims_digest(study)
    assert rows(study)["seeds added after looking"] == "2: 8, 9"
    assert rows(result.study)[name] == "none was declared"
    assert "seeds added after looking" not in rows(result.study)


@pytest.mark.parametrize(
    ("exact", "replays", "words"),
    [
        (False, Replays(), "bit for bit in blocks of the same shape"),
        (True, Replays(), "however runs are grouped"),
        (False, Replays(n_values=640), "; 640 values computed again after interr"),
        (False, Replays(n_values=640), "had equal bits"),
        (
            True,
            Replays(n_values=640, n_different=2, largest=3e-6),
            "2 had other bits, by 3.0e-06 relative at most",
        ),
    ],
)
def test_it_says_which_numbers_repeat_and_what_was_seen_of_it(exact, replays, words):
    result = make_notebook_result()
    result = replace(result, study=replace(result.study, exact=exact), replays=replays)

    rows = {row[0]: row[1] for row in tabulate_making(result).rows}

    assert words in rows["the same numbers again"]


@pytest.mark.parametrize(("n_calls", "first_column"), [(2, "jax"), (9, "9")])
def test_every_call_that_trained_is_listed(n_calls, first_column):
    result = make_notebook_result()
    attempts = tuple(
        replace(result.attempts[0], number=k, n_runs=100 + k)
        for k in range(1, n_calls + 1)
    )

    found = tabulate_attempts(replace(result, attempts=attempts))

    assert found is not None
    assert found.rows[-1][0] == first_column
    cells = [cell for row in found.rows for cell in row]
    assert all(str(100 + k) in cells for k in range(1, n_calls + 1))


def test_equal_results_give_equal_reports():
    first, second = (build_report(make_notebook_result()) for _ in range(2))

    assert first == second


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


def test_values_are_compared_each_at_what_was_tuned_for_it():
    rates = (0.001, 0.01, 0.1, 1.0)
    study = make_tuned_study(
        learning_rate=rates, optimizer=("sgd", "adam"), n_seeds=6, batch_size=(32, 64)
    )
    best = {"sgd": 0.1, "adam": 0.01}
    is_best = [c["learning_rate"] == best[str(c["optimizer"])] for c in study.configs()]
    accuracy = {
        tuple(c.values()): 0.95 if at_best else 0.9
        for c, at_best in zip(study.configs(), is_best, strict=True)
    }
    result = make_tuned_result(study, accuracy)
    for i, config in enumerate(study.configs()):
        if is_best[i]:
            runs = np.zeros(result.status.shape, dtype=bool)
            runs[i, :6] = True
            result = trained(
                result, runs, 0.96 if config["optimizer"] == "adam" else 0.9
            )

    report = build_report(result)

    found = table(report, "optimizer")
    assert found.columns[:3] == ("batch size", "optimizer", "learning rate")
    assert [row[:3] for row in found.rows] == [
        ("32", "SGD", "0.1"),
        ("32", "Adam", "0.01"),
        ("64", "SGD", "0.1"),
        ("64", "Adam", "0.01"),
    ]
    assert "Each at the learning rate that was chosen for it." in found.note
    said = render_markdown(report).partition("## Optimizer")[2].partition("\n## ")[0]
    for batch_size in (32, 64):
        assert (
            "Adam, learning rate 0.01 has a higher mean validation accuracy "
            f"than SGD, learning rate 0.1, at batch size {batch_size}: "
            "+6"
        ) in said
