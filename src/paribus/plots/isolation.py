"""Each value of a hyperparameter at the best of the nuisance ones."""

import altair as alt
import pandas as pd
from altair.typing import ChartType

from paribus.analysis.isolation import Isolation
from paribus.plots.rows import Rows
from paribus.plots.theme import BLUE, GREY, AccuracyAxis, metric_words
from paribus.space import Config, value_words


def draw_isolation(isolation: Isolation, *, score: str, n_examples: int) -> ChartType:
    """Draw a row for each value: its runs as dots, their mean with its interval.

    Args:
        isolation: What was isolated.
        score: The title of the accuracy.
        n_examples: Examples that it was measured on.
    """
    values = isolation.values
    rows = Rows(
        labels=tuple(
            value_words(isolation.hyperparameter, one.value) for one in values
        ),
        remarks=tuple(f"at {_words(one.chosen)}" for one in values),
    )
    everything = [s for one in values for s in one.scores]
    ends = [b for one in values for b in (one.lower, one.upper) if b is not None]
    axis = AccuracyAxis.around([*everything, *ends], n_examples=n_examples)
    runs = pd.DataFrame(
        [
            {"row": rows.marks_at(row), "at": axis.place(s), "score": s}
            for row, one in enumerate(values)
            for s in one.scores
        ]
    )
    means = pd.DataFrame(
        [
            {
                "row": rows.marks_at(row),
                "at": axis.place(one.mean),
                "score": one.mean,
                "lower": axis.place(one.mean if one.lower is None else one.lower),
                "upper": axis.place(one.mean if one.upper is None else one.upper),
                "value": value_words(isolation.hyperparameter, one.value),
            }
            for row, one in enumerate(values)
        ]
    )
    x = alt.X("at:Q", scale=axis.scale(), axis=axis.axis(score))
    tooltip = [alt.Tooltip("score:Q", format=".2%", title=score)]
    return alt.layer(
        *rows.draw_labels(),
        alt.Chart(runs)
        .mark_circle(size=34, color=GREY, opacity=0.6)
        .encode(x=x, y=rows.y(), tooltip=tooltip),
        alt.Chart(means)
        .mark_rule(strokeWidth=2.5, color=BLUE)
        .encode(x=alt.X("lower:Q", scale=axis.scale()), x2="upper:Q", y=rows.y()),
        alt.Chart(means)
        .mark_point(shape="diamond", size=90, filled=True, color=BLUE, opacity=1)
        .encode(x=x, y=rows.y(), tooltip=[alt.Tooltip("value:N"), *tooltip]),
    ).properties(height=rows.height)


def _words(chosen: Config) -> str:
    return ", ".join(
        f"{metric_words(name)} {value_words(name, value)}"
        for name, value in chosen.items()
    )
