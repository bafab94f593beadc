"""The JavaScript of a page, bundled once and kept."""

from pathlib import Path

import pytest
import vl_convert

from paribus.plots import render


BUNDLE = "window.vegaEmbed = vegaEmbed; // ünïcode"


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often something was bundled, with an empty cache folder."""
    calls: list[str] = []

    def bundle(snippet: str, **_: str) -> str:
        calls.append(snippet)
        return BUNDLE

    monkeypatch.setattr(vl_convert, "javascript_bundle", bundle)
    monkeypatch.setattr(render, "_bundle_path", lambda: tmp_path / "c" / "vega.js")
    return calls


def bundle() -> str:
    """What a new process would get."""
    return render.javascript.__wrapped__()


def test_the_bundle_is_made_once_and_kept(bundled: list[str]):
    assert bundle() == bundle() == BUNDLE
    assert len(bundled) == 1


@pytest.mark.parametrize("damage", [b"", b"\xff", b"0\nalert(1)"])
def test_a_kept_bundle_that_does_not_verify_is_made_anew(
    bundled: list[str], tmp_path: Path, damage: bytes
):
    bundle()
    kept = tmp_path / "c" / "vega.js"
    kept.write_bytes(damage or kept.read_bytes() + b" ")

    assert bundle() == BUNDLE
    assert len(bundled) == 2
    assert bundle() == BUNDLE
    assert len(bundled) == 2


def test_without_a_place_to_keep_it_it_is_bundled(bundled: list[str], tmp_path: Path):
    (tmp_path / "c").write_text("a file where the folder would be")

    assert bundle() == BUNDLE


def test_another_version_has_another_file(monkeypatch: pytest.MonkeyPatch):
    first = render._bundle_path()
    monkeypatch.setattr(render, "version", lambda _: "99.0")

    assert render._bundle_path() != first
    assert "99.0" in render._bundle_path().name
