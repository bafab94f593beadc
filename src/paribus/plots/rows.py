"""Charts that are a list: one row a config or a pair, its label above its marks.

Labels inside the plot leave its whole width to the data, also on a phone.
"""

from dataclasses import dataclass

import altair as alt
import pandas as pd


_LINE = 15  # pixels
_GAP = 10
_LABEL_WIDTH = 38  # characters: what a phone has room for beside a remark


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Where things stand in a list: positions are in rows, from 0 at the top.

    Attributes:
        labels: The name of each row. One that is long is broken at its commas.
        remarks: What stands at the right of each row; may be empty.
        marks_height: Pixels for the marks of a row.
    """

    labels: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    marks_height: int = 24

    @property
    def height(self) -> int:
        """How high the chart is, in pixels."""
        return len(self.labels) * self._row_height

    def marks_at(self, row: int, fraction: float = 0.5) -> float:
        """The position of a row's mark, `fraction` of the way down its marks."""
        top = 1 - (self.marks_height + _GAP / 2) / self._row_height
        return row + top + fraction * self.marks_height / self._row_height

    def y(self, field: str = "row") -> alt.Y:
        """The vertical encoding of positions, without an axis."""
        scale = alt.Scale(
            domain=[0, max(len(self.labels), 1)], reverse=True, nice=False, zero=False
        )
        return alt.Y(f"{field}:Q", axis=None, scale=scale)

    def draw_line(self, place: float, *, scale: alt.Scale) -> alt.Chart:
        """Draw a vertical line through the marks of each row, not through its label."""
        rows = range(len(self.labels))
        ends = pd.DataFrame(
            {
                "place": [place for _ in rows],
                "top": [self.marks_at(row, 0.0) for row in rows],
                "bottom": [self.marks_at(row, 1.0) for row in rows],
            }
        )
        return (
            alt.Chart(ends)
            .mark_rule(strokeWidth=1.5, opacity=0.6)
            .encode(x=alt.X("place:Q", scale=scale), y=self.y("top"), y2="bottom:Q")
        )

    def draw_labels(self) -> list[alt.Chart]:
        """Draw each row's label on the left, its remark on the right, lines between."""
        top = (_GAP / 2 + _LINE / 2) / self._row_height
        places = [row + top for row in range(len(self.labels))]
        lines = pd.DataFrame({"row": list(range(1, len(self.labels)))})
        labels = pd.DataFrame({"row": places, "label": self._broken()})
        layers = [
            alt.Chart(lines).mark_rule(opacity=0.14).encode(y=self.y()),
            alt.Chart(labels)
            .mark_text(
                align="left",
                baseline="middle",
                fontWeight=600,
                lineBreak="\n",
                lineHeight=_LINE,
            )
            .encode(x=alt.value(0), y=self.y(), text="label:N"),
        ]
        if any(self.remarks):
            remarks = pd.DataFrame({"row": places, "remark": list(self.remarks)})
            layers.append(
                alt.Chart(remarks)
                .mark_text(align="right", baseline="middle", opacity=0.85)
                .encode(x=alt.value("width"), y=self.y(), text="remark:N")
            )
        return layers

    @property
    def _row_height(self) -> int:
        n_lines = max((label.count("\n") + 1 for label in self._broken()), default=1)
        return n_lines * _LINE + self.marks_height + _GAP

    def _broken(self) -> list[str]:
        return [break_label(label, width=_LABEL_WIDTH) for label in self.labels]


def break_label(label: str, *, width: int) -> str:
    """Break a label at its commas into lines of `width` characters where it can."""
    lines: list[str] = []
    for part in label.split(", "):
        if lines and len(lines[-1]) + len(part) + 2 <= width:
            lines[-1] = f"{lines[-1]}, {part}"
        else:
            lines.append(part)
    return ",\n".join(lines)
