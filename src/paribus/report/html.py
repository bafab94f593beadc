"""A report as one HTML file that needs nothing but a browser."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from paribus.plots import javascript
from paribus.report.document import COMMAND, Report


def render_html(report: Report) -> str:
    """Write a report as one HTML file with its styles, charts and scripts inside.

    The page requests nothing from anywhere, and its content security policy forbids it:
    scripts and styles run by the hash of their text. Words are escaped by Jinja2, chart
    specifications by `tojson`; equal reports give equal bytes.
    """
    style, starter = _asset("report.css"), _asset("report.js")
    library = javascript()
    assert "</script" not in library.lower()  # it would end its own element
    return _template().render(
        report=report,
        # Ours and constant, so not escaped: the policy holds their hashes.
        style=Markup(style),  # nosec B704
        scripts=(Markup(library), Markup(starter)),  # nosec B704
        policy=_policy(style, (library, starter)),
    )


def _policy(style: str, scripts: tuple[str, ...]) -> str:
    script_hashes = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {script_hashes}; style-src {_hash(style)}; "
        "img-src data:; connect-src 'none'; form-action 'none'; base-uri 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["spans"] = _spans
    environment.tests["row_label"] = lambda index, table: index < table.n_labels
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "allow_nan": False}
    return environment.from_string(_asset("report.html.j2"))


def _spans(text: str) -> list[tuple[str, bool]]:
    """Divide a text into spans: words, and whether they stand in backticks."""
    parts = COMMAND.split(text)
    return [(part, bool(i % 2)) for i, part in enumerate(parts) if part]


@cache
def _asset(name: str) -> str:
    return files("paribus.report").joinpath("assets", name).read_text(encoding="utf-8")
