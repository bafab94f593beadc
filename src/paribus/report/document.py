"""A report as data: what is said, in which order, and nothing about how it looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Bullets:
    """A list of sentences, each about one thing."""

    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Callout:
    """A paragraph that must not be overlooked.

    Attributes:
        kind: `note` for what a reader should know, `warning` for a reason not to trust
            the numbers yet.
        text: Plain text.
    """

    kind: Literal["note", "warning"]
    text: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of plain text, its numbers already words.

    Attributes:
        caption: What it shows; a sentence without a full stop.
        columns: The headings.
        rows: The cells; as many in each row as there are columns.
        n_labels: How many columns, from the left, say what a row is about.
        note: What a reader needs to read it; may be empty.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_labels: int = 1
    note: str = ""

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One chart of a figure.

    Attributes:
        title: What tells it from the figure's other charts; may be empty.
        description: The gist of the chart in words, with its numbers.
        specification: Vega-Lite, as `paribus.plots.to_specification` writes it.
    """

    title: str
    description: str
    specification: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One or several charts under one caption.

    Attributes:
        name: Names its files: lower-case words joined by `-`.
        caption: What is drawn and how to read it.
        panels: The charts.
    """

    name: str
    caption: str
    panels: tuple[Panel, ...]


Block = Paragraph | Bullets | Callout | Table | Figure


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and what stands under it.

    Attributes:
        anchor: Names the section in links: lower-case words joined by `-`.
        heading: The heading.
        blocks: What stands under it.
    """

    anchor: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report.

    Attributes:
        study: The study's name.
        title: The question.
        lead: The first lines: how the question was put to the data.
        sections: In the order of reading.
    """

    study: str
    title: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]

    def figures(self) -> tuple[Figure, ...]:
        """All figures, in order."""
        return tuple(
            block
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Figure)
        )
