"""A chart as a specification, a picture, and the JavaScript that draws it in a page."""

import hashlib
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert
from altair.typing import ChartType

from paribus.errors import ParibusError
from paribus.plots.theme import theme_config
from paribus.results.files import write_atomically


STATIC_WIDTH = 640
_STATIC_FONT = "sans-serif"


def to_specification(chart: ChartType, *, description: str) -> dict[str, Any]:
    """Write a chart as a Vega-Lite specification with the house theme.

    Args:
        chart: What to draw. Its width follows the page.
        description: The chart in words, for those who do not see it.

    Returns:
        A specification of plain JSON values: equal charts give equal ones.
    """
    specification = chart.to_dict(validate=False)
    del specification["$schema"]  # an address; the page says what the format is
    return {
        **specification,
        "description": description,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": theme_config(),
    }


def to_svg(specification: dict[str, Any]) -> str:
    """Draw a specification as an SVG picture for a light page."""
    return vl_convert.vegalite_to_svg(_static(specification), vl_version=_version())


def to_png(specification: dict[str, Any], *, scale: float = 2.0) -> bytes:
    """Draw a specification as a PNG picture on white.

    Args:
        specification: What `to_specification` returned.
        scale: Pixels per unit; 2 is sharp on most screens and in print.
    """
    return vl_convert.vegalite_to_png(
        _static(specification), vl_version=_version(), scale=scale
    )


@cache
def javascript() -> str:
    """The JavaScript that draws specifications, once per page: sets `vegaEmbed`.

    Vega, Vega-Lite and Vega-Embed from inside vl-convert: nothing is fetched. Bundling
    takes seconds, so the result is kept in the user's cache folder, by versions, with
    its digest; what does not verify is bundled anew. Where nothing can be kept, each
    call of the program bundles.
    """
    path = _bundle_path()
    kept = _kept_bundle(path)
    if kept is not None:
        return kept
    text = vl_convert.javascript_bundle(
        "window.vegaEmbed = vegaEmbed", vl_version=_version()
    )
    with suppress(ParibusError):
        write_atomically(path, f"{_digest(text)}\n{text}")
    return text


def _bundle_path() -> Path:
    from platformdirs import user_cache_path

    bundler = version("vl-convert-python")
    return user_cache_path("paribus") / f"vega-{_version()}-from-{bundler}.js"


def _kept_bundle(path: Path) -> str | None:
    """The bundle in the cache; None if there is none, or not as it was written."""
    try:
        digest, _, text = path.read_bytes().decode().partition("\n")
    except (OSError, ValueError):
        return None
    return text if _digest(text) == digest else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _version() -> str:
    """Altair's Vega-Lite version as vl-convert writes it: `"6.4"`."""
    return ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])


def _static(specification: dict[str, Any]) -> dict[str, Any]:
    """The specification with what only a page can supply filled in."""
    config = specification["config"]
    config = {**config, "background": "#ffffff", "font": _STATIC_FONT}
    return {**specification, "width": STATIC_WIDTH, "config": config}
