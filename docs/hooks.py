"""What MkDocs does beside its configuration: new pages found, no other host."""

import re
from pathlib import Path
from typing import Any


DOCS = Path(__file__).parent
GROWING = {"How to": "how-to", "Concepts": "concepts", "Decisions": "decisions"}
# What a browser would fetch; a link to click is no such thing.
LOADS = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b
        [^>]*\bsrc=["']?(?:https?:)?//[^"'> ]+
    | <link\b(?![^>]*\brel=["']?canonical)[^>]*\bhref=["']?(?:https?:)?//[^"'> ]+
    | url\(\s*["']?(?:https?:)?//[^"')]+
    | @import\s+["'](?:https?:)?//[^"']+
    | https?://(?:unpkg\.com|cdn\.[\w.]+|[\w.]*jsdelivr\.net|fonts\.[\w.]+)[^"'` ]*""",
    re.VERBOSE | re.IGNORECASE,
)


def on_config(config: Any) -> Any:
    """Name every page of a folder that grows in the table of contents."""
    for entry in config.nav:
        for title, pages in entry.items() if isinstance(entry, dict) else ():
            if title in GROWING:
                pages += _pages_beside(pages, GROWING[title])
    return config


def on_post_build(config: Any) -> None:
    """Take out what the theme would fetch for diagrams, which no page has; then check.

    Raises:
        ValueError: If a page, style or script would load from another host.
    """
    site = Path(config.site_dir)
    for path in site.rglob("*.map"):
        path.unlink()
    for path in site.rglob("bundle*.js"):
        text = re.sub(r"https://unpkg\.com/[^\"'`]*", "", path.read_text("utf-8"))
        path.write_text(text, "utf-8")
    for path in sorted(site.rglob("*")):
        is_read = path.suffix in {".html", ".css", ".js", ".svg"}
        if is_read and (found := outside_loads(path.read_text("utf-8"))):
            raise ValueError(f"`{path}` loads from another host: {found[0]}")


def outside_loads(text: str) -> list[str]:
    """What a browser would fetch from another host when it shows the text."""
    return [match.group() for match in LOADS.finditer(text)]


def _pages_beside(named: list[str], folder: str) -> list[str]:
    found = sorted(DOCS.glob(f"{folder}/*.md"))
    pages = [path.relative_to(DOCS).as_posix() for path in found]
    return [page for page in pages if page not in named]
