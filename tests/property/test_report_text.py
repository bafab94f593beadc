"""What holds for the report of any study, whatever its texts and numbers."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from builders import make_result, make_study
from hostile import HOSTILE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paribus.report import Report, build_report, render_html, render_markdown
from paribus.results import Attempt
from paribus.status import RunStatus


def tags_of(html: str) -> list[str]:
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append(" ".join([tag, *sorted(name for name, _ in attrs)]))

    Reader().feed(html)
    return found


def report_saying(texts: tuple[str, ...]) -> Report:
    """A report of a result that has `texts` wherever text from outside can be."""
    result = make_result(make_study(n_seeds=len(texts)))
    status = result.status.copy()
    status[0] = RunStatus.FAILED
    attempts = tuple(
        Attempt(number=1, started=text, environment={"x": text}, n_runs=9, seconds=1.0)
        for text in texts
    )
    labelled = Attempt(
        number=2,
        started="",
        environment={f"{i}{text}": "" for i, text in enumerate(texts)},
        n_runs=1,
        seconds=1.0,
    )
    everything = " ".join(texts)
    return build_report(
        replace(
            result,
            data=replace(result.data, name=everything, source=everything, notes=texts),
            status=status,
            messages={(0, seed): text for seed, text in enumerate(texts)},
            attempts=(*attempts, labelled),
        )
    )


@pytest.fixture(scope="module")
def hostile():
    return report_saying(HOSTILE)


@pytest.fixture(scope="module")
def harmless():
    return report_saying(tuple(f"harmless {i}" for i in range(len(HOSTILE))))


def test_no_text_changes_the_structure_of_the_page(hostile, harmless):
    pages = [tags_of(render_html(report)) for report in (hostile, harmless)]

    # A long cell has a class of its own.
    plain = [[t.replace("th class scope", "th scope") for t in page] for page in pages]
    assert plain[0] == plain[1]


def test_no_text_adds_a_line_to_the_markdown(hostile, harmless):
    written = [render_markdown(report).split("\n") for report in (hostile, harmless)]

    assert len(written[0]) == len(written[1])


@pytest.fixture(scope="module")
def plain() -> tuple[list[str], int]:
    """The tags of a page whose texts are harmless, and the lines of its Markdown."""
    report = report_saying(("harmless",))
    return plain_tags(report), len(render_markdown(report).split("\n"))


def plain_tags(report: Report) -> list[str]:
    """The tags; a long cell has a class of its own."""
    tags = tags_of(render_html(report))
    return [tag.replace("th class scope", "th scope") for tag in tags]


def check_text(text: str, plain: tuple[list[str], int]) -> None:
    """A text in every field of a study stays a text, in each form of its report."""
    report = report_saying((text,))

    assert plain_tags(report) == plain[0]
    assert len(render_markdown(report).split("\n")) == plain[1]


ANY_TEXT = st.text(st.characters(), min_size=1, max_size=60).filter(
    lambda text: bool(text.strip())
)
PIECES = st.lists(
    st.sampled_from(
        [*HOSTILE[:40], "<", ">", "&", '"', "'", "`", "|", "\n", "\\", "]]"]
    ),
    min_size=1,
    max_size=5,
).map("".join)


@settings(max_examples=5)
@given(text=st.one_of(ANY_TEXT, PIECES.filter(lambda text: bool(text.strip()))))
def test_a_text_in_any_field_stays_a_text(text: str, plain: tuple[list[str], int]):
    check_text(text, plain)


@pytest.mark.long
@settings(max_examples=800)
@given(text=st.one_of(ANY_TEXT, PIECES.filter(lambda text: bool(text.strip()))))
def test_any_text_in_any_field_stays_a_text(text: str, plain: tuple[list[str], int]):
    check_text(text, plain)


accuracies = st.one_of(
    st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.1124]), st.just(float("nan"))
)
three_runs = st.lists(accuracies, min_size=3, max_size=3)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    values=st.lists(
        st.lists(accuracies, min_size=3, max_size=3), min_size=2, max_size=2
    ),
    codes=st.lists(st.sampled_from(list(RunStatus)), min_size=6, max_size=6),
    loss=st.sampled_from([0.0, 1e-30, 1.0, 1e30, float("nan")]),
)
def test_any_outcome_has_a_report_with_strict_charts(values, codes, loss):
    study = make_study(n_seeds=3)
    final = np.array(values)
    status = np.array(codes, dtype=np.int64).reshape(2, 3)
    result = make_result(study, final_accuracy=final, status=status)
    result.curves["train_loss"][0, 0, -1] = loss

    report = build_report(result)

    assert "nan" not in render_markdown(report).lower()
    for figure in report.figures():
        for panel in figure.panels:
            json.dumps(panel.specification, allow_nan=False)
