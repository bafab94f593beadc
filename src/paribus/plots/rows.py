"""Charts that are a list: one row a config or a pair, its label above its marks.

Labels inside the plot leave its whole width to the data, also on a phone.
"""

from collections.abc import Sequence

import altair as alt
import pandas as pd


ROW_HEIGHT = 48
LABEL_AT = -0.27
MARKS_AT = 0.17
LINE_WIDTH = 2.5


def row_position(n_rows: int) -> alt.Y:
    """The vertical encoding: field `row`, the first row on top, without an axis."""
    domain = [-0.5, n_rows - 0.5]
    return alt.Y(
        "row:Q",
        axis=None,
        scale=alt.Scale(domain=domain, reverse=True, nice=False, zero=False),
    )


def draw_row_labels(
    labels: Sequence[str], remarks: Sequence[str] = ()
) -> list[alt.Chart]:
    """Draw each row's label on the left, its remark on the right, and lines between."""
    n_rows = len(labels)
    places = [row + LABEL_AT for row in range(n_rows)]
    y = row_position(n_rows)
    lines = pd.DataFrame({"row": [row - 0.5 for row in range(1, n_rows)]})
    layers = [
        alt.Chart(lines).mark_rule(opacity=0.14).encode(y=y),
        alt.Chart(pd.DataFrame({"row": places, "label": list(labels)}))
        .mark_text(align="left", baseline="middle", fontWeight=600)
        .encode(x=alt.value(0), y=y, text="label:N"),
    ]
    if any(remarks):
        layers.append(
            alt.Chart(pd.DataFrame({"row": places, "remark": list(remarks)}))
            .mark_text(align="right", baseline="middle", opacity=0.85)
            .encode(x=alt.value("width"), y=y, text="remark:N")
        )
    return layers


def list_height(n_rows: int) -> int:
    """How high a list of `n_rows` rows is, in pixels."""
    return ROW_HEIGHT * n_rows
