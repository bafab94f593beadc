"""Every code block of the documentation is run by a test that is named here."""

import ast
import re

import pytest
from page_builders import ROOT, blocks_of


# Page -> language -> the tests of this folder that run its blocks, or why none does.
RUN_BY = {
    "README.md": {
        "sh": (
            "test_readme::test_a_command_of_the_readme_works",
            "test_readme::test_a_size_of_the_readme_is_planned",
            "test_readme::test_every_line_for_a_shell_is_a_command_or_a_verb_of_ci",
            "test_readme::test_runs_of_another_tool_are_imported_as_the_readme_says",
            "test_readme::test_what_the_readme_trains_works_at_a_smaller_size",
        ),
        "toml": (
            "test_readme::"
            "test_the_claim_of_the_readme_can_be_added_to_the_study_it_makes",
        ),
        "python": ("test_readme::test_the_python_of_the_readme_runs",),
    },
    "docs/tutorial.md": {
        "sh": (
            "test_tutorial_page::test_what_reads_works",
            "test_tutorial_page::test_what_trains_works_at_a_smaller_size",
        ),
        "toml": (
            "test_tutorial_page::test_its_claim_can_be_added_to_the_file_that_it_makes",
        ),
        "python": ("test_tutorial_page::test_its_python_runs",),
    },
    "docs/how-to/search-spaces.md": {
        "toml": ("test_search_spaces_page::test_a_space_of_the_page_can_be_read",),
        "python": ("test_search_spaces_page::test_the_python_of_the_page_runs",),
        "sh": ("test_search_spaces_page::test_a_command_of_the_page_works",),
    },
    "docs/how-to/stop-when-decided.md": {
        "toml": (
            "test_stop_when_decided_page::"
            "test_the_study_of_the_page_looks_when_it_says",
        ),
        "python": ("test_stop_when_decided_page::test_the_python_of_the_page_runs",),
    },
    "docs/how-to/tune-first.md": {
        "toml": ("test_tune_first_page::test_both_ways_make_the_same_study",),
        "python": ("test_tune_first_page::test_both_ways_make_the_same_study",),
    },
    "docs/how-to/stop-values-early.md": {
        "toml": (
            "test_stop_values_early_page::"
            "test_the_study_of_the_page_compares_where_it_says",
        ),
        "text": (
            "test_stop_values_early_page::test_a_dry_run_says_what_the_page_shows",
        ),
        "python": ("test_stop_values_early_page::test_the_python_of_the_page_runs",),
    },
    "docs/how-to/your-data.md": {
        "python": ("test_your_data_page::test_its_python_runs",),
        "toml": ("test_your_data_page::test_its_study_files_are_understood",),
    },
    "docs/how-to/your-model.md": {
        "python": (
            "test_readme::test_the_python_of_a_how_to_page_runs_from_top_to_bottom",
        ),
        "toml": (
            "test_your_model_page::test_its_study_file_trains_by_the_command_beside_it",
        ),
        "sh": (
            "test_your_model_page::test_its_study_file_trains_by_the_command_beside_it",
        ),
    },
    "docs/how-to/your-task.md": {
        "python": (
            "test_your_task_page::test_its_python_makes_a_study_that_can_be_trained",
        ),
        "toml": ("test_your_task_page::test_its_study_files_are_understood",),
    },
    "docs/concepts/diagnostics.md": {
        "toml": (
            "test_diagnostics_page::test_its_table_asks_a_study_for_every_diagnostic",
        ),
    },
    "docs/reference/optimizers.md": {
        "toml": (
            "test_optimizers_page::test_the_tables_on_the_page_are_those_of_a_study",
        ),
    },
}
NOT_RUN = {
    (
        "docs/reference/cli.md",
        "text",
    ): "usage, written by the commands themselves",
    ("CONTRIBUTING.md", "text"): "the picture of the layers, which lint-imports holds",
}
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
]


def test_every_block_has_a_test_or_a_reason():
    found = {(page, language) for page in PAGES for language, _ in blocks_of(page)}

    run = {(page, language) for page, by in RUN_BY.items() for language in by}
    assert found == run | set(NOT_RUN)


def test_no_block_hides_from_the_count():
    """Each fence is one that `blocks_of` sees, and no block is made by indenting."""
    for page in PAGES:
        text = (ROOT / page).read_text("utf-8")
        assert len(re.findall(r"(?m)^\s*(?:```|~~~)", text)) == 2 * len(blocks_of(page))
        outside = re.sub(r"(?ms)^```\w*\n.*?^```$", "", text)
        assert not re.findall(r"(?m)^(?: {4,}|\t)(?:import |from |paribus )", outside)


@pytest.mark.parametrize(
    ("page", "language", "test"),
    [(p, lang, test) for p, by in RUN_BY.items() for lang in by for test in by[lang]],
)
def test_the_test_is_there_and_reads_these_blocks(page: str, language: str, test: str):
    file, name = test.split("::")
    source = (ROOT / "tests" / "meta" / f"{file}.py").read_text("utf-8")
    module = ast.parse(source)

    functions = {n.name for n in module.body if isinstance(n, ast.FunctionDef)}
    constants = {n.value for n in ast.walk(module) if isinstance(n, ast.Constant)}

    assert name in functions
    assert {page.removeprefix("docs/how-to/"), page} & constants
    assert language in constants
