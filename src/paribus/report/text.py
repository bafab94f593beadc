"""A report as Markdown, for pull requests and terminals."""

import re

from paribus.report.document import (
    COMMAND,
    Atom,
    Badge,
    Block,
    Bullets,
    Callout,
    Claim,
    Figure,
    Paragraph,
    Report,
    Table,
)


_SPECIAL = re.compile(r"([\\`*_\[\]<|~$&#])")
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_BLOCK_START = re.compile(r"^(?=[-+=>](?:\s|$)|[-=]+$|>)")
_NUMBERED_START = re.compile(r"^(\d+)([.)])(?=\s|$)")
# What Markdown readers turn into links without being asked.
_LINKED = re.compile(r"(?i)\b(?:https?|ftp|www)(?=[:.])|@")


def render_markdown(report: Report) -> str:
    """Write a report as Markdown: its words and tables, and each chart in words.

    Every name is escaped, so that no text of a study becomes a link, an image or HTML.
    """
    parts = [f"# {escape(report.title)}"]
    parts += [escape(text) for text in report.lead]
    for section in report.sections:
        parts.append(f"## {escape(section.heading)}")
        parts += [_render_block(block) for block in section.blocks]
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Write text so that Markdown shows it as it is, on one line.

    Control characters, and marks that change the direction of writing, become spaces.
    """
    one_line = _CONTROL.sub(" ", text).strip()
    parts = COMMAND.split(one_line)  # every other one is a command
    unlinked = "".join(
        f"`{part}`" if i % 2 else _without_marks(part) for i, part in enumerate(parts)
    )
    plain = _NUMBERED_START.sub(r"\1\\\2", unlinked)
    return _BLOCK_START.sub(r"\\", plain)


def _without_marks(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\1", text)
    return _LINKED.sub(lambda found: f"{found[0]}\u200b", escaped)


def _render_block(block: Block) -> str:
    match block:
        case Paragraph():
            return escape(block.text)
        case Bullets():
            return "\n".join(f"- {escape(item)}" for item in block.items)
        case Callout():
            first = f"> **{block.kind.capitalize()}.** {escape(block.text)}"
            return "\n".join([first, *(f"> - {escape(item)}" for item in block.items)])
        case Table():
            return _render_table(block)
        case Figure():
            return _render_figure(block)
        case Claim():
            return _render_claim(block)


def _render_claim(claim: Claim) -> str:
    head = f"### {_stamp(claim.badge)} {escape(claim.text)}"
    parts = [head, escape(claim.summary)]
    if claim.figure:
        parts.append(_render_figure(claim.figure))
    parts.append("\n".join(line for atom in claim.atoms for line in _atom_lines(atom)))
    if claim.others:
        parts.append(_render_table(claim.others))
    if claim.scope:
        parts.append(escape(claim.scope))
    return "\n\n".join(parts)


def _atom_lines(atom: Atom) -> list[str]:
    """The atom, then what belongs to it as a list below it."""
    change = f"What would change this: {atom.change}" if atom.change else ""
    runs = "; ".join(link.text for link in atom.links)
    below = [atom.finding, change, *atom.details, f"The runs: {runs}." if runs else ""]
    return [
        f"- {_stamp(atom.badge)} {escape(atom.name)}: {escape(atom.text)}",
        *(f"  - {escape(text)}" for text in below if text),
    ]


def _stamp(badge: Badge) -> str:
    return f"{escape(badge.icon)} **{badge.word}**"


def _render_table(table: Table) -> str:
    sides = ["---" if i < table.n_labels else "---:" for i in range(len(table.columns))]
    lines = [table.columns, sides, *table.rows]
    rows = [[*map(escape, line)] if line is not sides else sides for line in lines]
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    note = f"\n\n{escape(table.note)}" if table.note else ""
    return f"**{escape(table.caption)}**\n\n{body}{note}"


def _render_figure(figure: Figure) -> str:
    lines = [f"**Figure.** {escape(figure.caption)}"]
    for panel in figure.panels:
        title = f"*{escape(panel.title)}.* " if panel.title else ""
        lines.append(f"- {title}{escape(panel.description)}")
    return "\n\n".join([lines[0], "\n".join(lines[1:])])
