import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from report_builders import make_notebook_result

from paribus.report import Report, build_report, render_html, write_charts
from paribus.report.document import Figure, Paragraph, Section, Table


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        self.texts.setdefault(self._open, []).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def html(notebook):
    return render_html(notebook)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_policy_holds_the_hash_of_each_script_and_style(html, page):
    (policy,) = [
        tag["content"] or ""
        for tag in page.all("meta")
        if tag.get("http-equiv") == "Content-Security-Policy"
    ]

    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    assert len(scripts) == 2
    for text in (*scripts, style):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    for rule in ("default-src 'none'", "connect-src 'none'", "form-action 'none'"):
        assert rule in policy
    assert "unsafe" not in policy


def test_nothing_refers_to_the_outside(page):
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert not {"src", "action", "style"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")


def test_no_address_stands_in_the_page_but_in_the_library(html):
    without_scripts = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)

    assert "://" not in without_scripts


def test_every_chart_has_a_place_a_specification_and_words(page, notebook):
    n_charts = sum(len(figure.panels) for figure in notebook.figures())

    places = {tag["id"] for tag in page.all("div") if tag.get("role") == "img"}
    sources = [tag for tag in page.all("script") if "data-chart" in tag]
    labels = [tag["aria-label"] for tag in page.all("div") if tag.get("role") == "img"]
    assert len(places) == n_charts
    assert {tag["data-chart"] for tag in sources} == places
    assert all(labels)
    assert len(page.all("figcaption")) == len(notebook.figures())


def test_specifications_in_the_page_are_those_of_the_report(html, notebook):
    texts = re.findall(r'data-chart="[^"]*">(.*?)</script>', html, flags=re.DOTALL)

    found = [json.loads(text) for text in texts]
    wanted = [p.specification for figure in notebook.figures() for p in figure.panels]
    assert found == wanted


def test_tables_have_a_caption_and_headings_with_a_scope(page):
    assert len(page.all("caption")) == len(page.all("table")) > 4
    assert {tag["scope"] for tag in page.all("th")} == {"col", "row"}


def test_headings_and_links_lead_to_their_sections(page, notebook):
    anchors = {f"#{section.anchor}" for section in notebook.sections}

    links = {tag["href"] for tag in page.all("a")}
    assert links - anchors == {link for link in links if link.startswith("#runs-")}
    assert anchors - {"#summary"} <= links  # the summary stands above the links
    assert len(page.all("h1")) == 1
    assert len(page.all("h2")) == len(notebook.sections)


def test_the_page_is_fit_for_phones_and_dark_rooms(html, page):
    contents = {tag.get("name"): tag.get("content") for tag in page.all("meta")}

    assert contents["viewport"] == "width=device-width, initial-scale=1"
    assert contents["color-scheme"] == "light dark"
    assert "@media print" in html


def test_equal_results_give_equal_bytes(html):
    again = render_html(
        build_report(make_notebook_result(diverged={(2, 4): 312, (2, 5): 400}))
    )

    assert again == html


def test_charts_are_written_as_pictures(notebook, tmp_path):
    (panel,) = notebook.figures()[0].panels
    figures = (
        Figure(name="one", caption="One.", panels=(panel,)),
        Figure(name="two", caption="Two.", panels=(panel, panel)),
    )
    section = Section(anchor="a", heading="A", blocks=figures)
    small = Report(study="x", title="x", lead=(), sections=(section,))

    written = write_charts(small, tmp_path / "charts")

    stems = ("one", "two-1", "two-2")
    assert [path.name for path in written] == [
        f"{stem}.{suffix}" for stem in stems for suffix in ("svg", "png")
    ]
    for path in written:
        start = path.read_bytes()[:8]
        wanted = b"<svg" if path.suffix == ".svg" else b"\x89PNG\r\n\x1a\n"
        assert start.startswith(wanted)


def test_what_stands_in_backticks_is_code_and_still_escaped():
    text = "To test it: `paribus run <b>`. A single ` stays."
    report = Report(
        study="s",
        title="t",
        lead=(),
        sections=(Section(anchor="a", heading="h", blocks=(Paragraph(text=text),)),),
    )

    page = render_html(report)

    assert "To test it: <code>paribus run &lt;b&gt;</code>. A single ` stays." in page


@pytest.mark.parametrize("is_facts", [True, False])
def test_only_tables_of_facts_hide_their_headings(is_facts: bool):
    table = Table(
        caption="A table",
        columns=("configs tried", "best"),
        rows=(("1", "90%"),),
        is_facts=is_facts,
    )
    section = Section(anchor="one", heading="One", blocks=(table,))
    report = Report(study="s", title="t", lead=(), sections=(section,))

    assert ('<table class="facts">' in render_html(report)) == is_facts
