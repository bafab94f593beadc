"""A report as data: what is said, in which order, and nothing about how it looks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


# Our own commands, options and calls; any other backtick may be part of a user's name.
COMMAND = re.compile(r"`((?:paribus |--|pb\.)[^`|]+)`")


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
        items: Sentences below it, a line each; may be empty.
        is_folded: Whether the page shows only the text until it is opened.
    """

    kind: Literal["note", "warning"]
    text: str
    items: tuple[str, ...] = ()
    is_folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of plain text, its numbers already words.

    Attributes:
        caption: What it shows; a sentence without a full stop.
        columns: The headings.
        rows: The cells; as many in each row as there are columns.
        n_labels: How many columns, from the left, say what a row is about.
        note: What a reader needs to read it; may be empty.
        anchor: Names the table in links; may be empty.
        is_folded: Whether the page shows only the caption until it is opened.
        is_facts: Whether it has names and values, which need no headings to be read.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_labels: int = 1
    note: str = ""
    anchor: str = ""
    is_folded: bool = False
    is_facts: bool = False

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


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A verdict that does not depend on seeing colours.

    Attributes:
        icon: One character whose shape tells verdicts apart.
        word: The verdict.
    """

    icon: str
    word: str


@dataclass(frozen=True, kw_only=True)
class Link:
    """A place elsewhere in the report.

    Attributes:
        text: What is there.
        anchor: Its id in the page.
    """

    text: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class Atom:
    """A part of a claim, as it is shown.

    Attributes:
        name: How the claim's chart calls it, e.g. `L1a`.
        badge: Its verdict.
        text: The part as a sentence.
        finding: What was found, a sentence; empty where the claim says it for all.
        change: What would change the verdict, a sentence; may be empty.
        details: Further sentences: tests, companions.
        links: The runs it rests on.
    """

    name: str
    badge: Badge
    text: str
    finding: str
    change: str = ""
    details: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim with its verdict and its parts.

    Attributes:
        anchor: Names the claim in links.
        badge: Its verdict.
        text: The claim as a sentence.
        summary: How its parts make the verdict, a sentence.
        figure: The parts' intervals; None if nothing was measured.
        atoms: The parts.
        others: The same parts under other budgets, modes and clocks; None if none.
        scope: What it is about, where its parts share that; may be empty.
    """

    anchor: str
    badge: Badge
    text: str
    summary: str
    figure: Figure | None
    atoms: tuple[Atom, ...]
    others: Table | None = None
    scope: str = ""


Block = Paragraph | Bullets | Callout | Table | Figure | Claim


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
        blocks = [block for section in self.sections for block in section.blocks]
        found = [
            block.figure if isinstance(block, Claim) else block for block in blocks
        ]
        return tuple(block for block in found if isinstance(block, Figure))
