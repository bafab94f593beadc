"""The report in a real browser, without a network."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import HOSTILE
from needs import need
from report_builders import FULL_GRID, make_notebook_result, make_notebook_study

from paribus.declared import DeclaredClaim
from paribus.report import build_report, render_html


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--proxy-server=127.0.0.1:9",  # where nobody listens
    "--virtual-time-budget=10000",
    "--enable-logging=stderr",
    "--v=0",
)

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def browser() -> None:
    need("chromium: apt-get install chromium", is_there=BROWSER is not None)


def browse(page: Path, *options: str) -> tuple[str, list[str]]:
    """Open a page: its document after all scripts ran, and the console's lines."""
    assert BROWSER
    done = subprocess.run(
        [
            BROWSER,
            *QUIET,
            f"--user-data-dir={page.parent / 'profile'}",
            *options,
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return done.stdout, console


def charts_in(document: str) -> list[str]:
    """The drawing of each chart of a page; empty where there is none."""
    parts = re.split(r'<div class="chart[^"]*" id="chart-\d+"', document)[1:]
    drawings = [re.search(r"<svg.*?</svg>", part, flags=re.DOTALL) for part in parts]
    return [found[0] if found else "" for found in drawings]


@pytest.fixture(scope="module")
def notebook():
    result = make_notebook_result(diverged={(2, 4): 312})
    return build_report(
        replace(
            result, data=replace(result.data, notes=HOSTILE, source="".join(HOSTILE))
        )
    )


@pytest.fixture
def page(tmp_path, notebook):
    path = tmp_path / "report.html"
    html = render_html(notebook)
    path.write_text(html, encoding="utf-8", errors="backslashreplace")
    return path


def test_every_chart_is_drawn_and_the_console_is_silent(page, notebook):
    document, console = browse(page)

    assert console == []
    drawings = charts_in(document)
    assert len(drawings) == sum(len(f.panels) for f in notebook.figures())
    for drawing in drawings:
        marks = re.findall(r'class="mark-(?:symbol|line|rule|rect|area)', drawing)
        assert marks
        assert len(re.findall(r"<(?:path|line|rect)\b", drawing)) > 5
    assert "<title>notebook: What do the learning rate" in document
    assert "NaN" not in "".join(drawings)


def test_a_grid_is_drawn_in_dark_mode_on_a_phone(tmp_path):
    study = make_notebook_study(grids=FULL_GRID, n_seeds=5, validation=5000)
    report = build_report(make_notebook_result(study))
    page = tmp_path / "grid.html"
    page.write_text(render_html(report))

    document, console = browse(
        page, "--window-size=390,800", "--blink-settings=preferredColorScheme=0"
    )

    assert console == []
    drawings = charts_in(document)
    assert len(drawings) == sum(len(f.panels) for f in report.figures())
    assert all(drawings)


def test_claims_and_names_from_anybody_run_nothing(tmp_path):
    claims = tuple(
        DeclaredClaim(
            text=text,
            measure="test_accuracy",
            a={"learning_rate": 0.001},
            b={"learning_rate": 0.01},
            relation="greater",
        )
        for text in HOSTILE
        if text.strip()
    )
    study = replace(make_notebook_study(), claims=claims)
    result = make_notebook_result(study)
    everything = "".join(HOSTILE)
    result = replace(
        result,
        data=replace(result.data, name=everything, source=everything),
        attempts=(replace(result.attempts[0], environment={everything: everything}),),
    )
    page = tmp_path / "claims.html"
    page.write_text(
        render_html(build_report(result)), encoding="utf-8", errors="backslashreplace"
    )

    document, console = browse(page)

    assert console == []
    assert "<title>notebook: " in document
    assert "&lt;script&gt;document.title='owned'" in document
    assert all(charts_in(document))


def test_what_the_policy_forbids_is_noticed_here(tmp_path, page):
    """The checks above can fail: a page that does wrong is caught."""
    html = page.read_text()
    wrong = html.replace("</footer>", '</footer><img src="http://127.0.0.1:9/x.png">')
    page.write_text(wrong)

    _, console = browse(page)

    assert any("Content Security Policy" in line for line in console)


# A table of 1,000 pixels, as a column of 920 does not hold: `<shown> <whole> <page>`.
_WIDE = """
<script>
const wide = document.createElement("div");
wide.className = "table";
wide.innerHTML = "<div style='width: 1000px'>wide</div>";
document.querySelector("main section").append(wide);
const page = document.documentElement;
document.title = [wide.clientWidth, wide.scrollWidth, page.scrollWidth].join(" ");
</script>
"""


@pytest.mark.parametrize(("width", "shown"), [(1200, 1000), (800, 760)])
def test_a_wide_table_takes_the_room_that_is_beside_the_text(page, width, shown):
    html = page.read_text(encoding="utf-8").replace("Content-Security-Policy", "any")
    before, after = html.rsplit("</body>", 1)
    page.write_text(f"{before}{_WIDE}</body>{after}", encoding="utf-8")

    document, _ = browse(page, f"--window-size={width},900", "--hide-scrollbars")

    title = re.search(r"<title>(\d+) (\d+) (\d+)</title>", document)
    assert title is not None
    assert [int(size) for size in title.groups()] == [shown, 1000, width]
