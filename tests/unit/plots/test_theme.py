import math

import numpy as np
import pytest

from paribus.plots.cells import Cell, draw_cells
from paribus.plots.theme import PALETTE, SEQUENTIAL, AccuracyAxis
from paribus.space import Config


def channels(colour):
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def luminance(colour):
    """Relative luminance as WCAG 2.2 defines it, of a name or of channels."""
    values = channels(colour) if isinstance(colour, str) else colour
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in values
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    lighter, darker = sorted([luminance(a), luminance(b)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("page", ["#ffffff", "#14171b"], ids=["light", "dark"])
@pytest.mark.parametrize("colour", PALETTE)
def test_every_colour_can_be_seen_on_both_pages(colour, page):
    assert contrast(colour, page) >= 3


@pytest.mark.parametrize("shade", np.linspace(0, 1, 21))
def test_words_in_cells_are_read_on_light_pages_and_through_the_dark_pages_filter(
    shade,
):
    cell = Cell(config=Config({"x": 1}), shade=float(shade), text="9%")
    chart = draw_cells([cell], x="x", y=None, title="mean", words={}, row_height=10)
    (rows,) = chart.to_dict()["datasets"].values()
    ink = {"white": "#ffffff", "black": "#111318"}[rows[0]["ink"]]
    stops = np.array([channels(colour) for colour in SEQUENTIAL])
    places = np.linspace(0, 1, len(stops))
    drawn = np.array([np.interp(shade, places, stop) for stop in stops.T])

    # `report.css` on dark pages: contrast(0.7), then brightness(0.9).
    for seen in (drawn, ((drawn - 0.5) * 0.7 + 0.5) * 0.9):
        assert contrast(seen, ink) >= 3.7  # WCAG asks for 3 of large text


def test_accuracies_far_apart_are_placed_by_the_log_of_their_error():
    axis = AccuracyAxis.around([0.4, 0.97, 0.99], n_examples=10_000)

    assert axis.is_log
    assert axis.place(0.97) == pytest.approx(0.03)
    assert axis.lower < axis.place(0.99)
    assert axis.place(0.4) < axis.upper <= 1


def test_accuracies_close_together_are_placed_as_they_are():
    axis = AccuracyAxis.around([0.96, 0.965, 0.97], n_examples=10_000)

    assert not axis.is_log
    assert axis.place(0.965) == 0.965
    assert axis.lower < 0.96 < 0.97 < axis.upper


def test_a_perfect_accuracy_has_a_place_on_the_log_axis():
    axis = AccuracyAxis.around([0.5, 1.0], n_examples=100)

    assert axis.place(1.0) > 0


@pytest.mark.parametrize("accuracies", [[], [math.nan], [0.5], [1.0, 1.0], [0.0, 0.0]])
def test_there_is_an_axis_for_any_accuracies(accuracies):
    axis = AccuracyAxis.around(accuracies, n_examples=100)

    assert axis.lower < axis.upper
    axis.axis("accuracy").to_dict()
