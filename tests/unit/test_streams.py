"""What reaches the terminal beside data."""

import warnings
from typing import Any

import pytest

from paribus.cli.streams import warns_in_words
from paribus.errors import ParibusWarning


def test_our_own_warnings_are_sentences_and_others_stay_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    others: list[str] = []

    def show(message: Any, *place: Any, **more: Any) -> None:
        others.append(str(message))

    monkeypatch.setattr(warnings, "showwarning", show)
    with warnings.catch_warnings(), warns_in_words():
        warnings.simplefilter("always")
        warnings.warn("the disk is slow\x1b[31m", ParibusWarning, stacklevel=1)
        warnings.warn("look here", UserWarning, stacklevel=1)

    assert capsys.readouterr().err == "warning: the disk is slow\\x1b[31m\n"
    assert others == ["look here"]
    assert warnings.showwarning is show
