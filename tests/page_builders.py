"""Functions that read the pages of the documentation for tests; they assert nothing."""

import re
from pathlib import Path


ROOT = Path(__file__).parents[1]

# A study file but for what a page says of data, or of what is predicted.
REST_OF_STUDY = """
[study]
name = "mine"
seeds = 2
epochs = 1
[model]
name = "softmax"
[optimizer]
name = "adam"
[[space]]
learning_rate = [0.01]
batch_size = [16]
"""


def read_page(page: str) -> str:
    """The text of a page, by its path within the project."""
    return (ROOT / page).read_text("utf-8")


def blocks_of(page: str) -> list[tuple[str, str]]:
    """The code blocks of a page: language, empty where none is named, and code."""
    return re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", read_page(page))


def code_of(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return [code for written, code in blocks_of(page) if written == language]
