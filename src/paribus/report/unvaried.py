"""Textbook claims that a study is not about, each group of them in one line."""

from collections.abc import Mapping

from paribus.report.document import Bullets, Section
from paribus.report.findings import Findings
from paribus.report.numbers import join
from paribus.report.verdicts import as_command


def arrange_unvaried(findings: Findings) -> Section:
    """A line for each group of claims about what the study does not compare."""
    return Section(
        anchor="claims-untested",
        heading="Textbook claims that are not tested here",
        blocks=(Bullets(items=say_unvaried(findings.unvaried)),)
        if findings.unvaried
        else (),
    )


def say_unvaried(groups: Mapping[str, str]) -> tuple[str, ...]:
    """Say of each group of claims that it is not tested, and what would test it.

    Args:
        groups: As `paribus.claims.unvaried_groups` finds them.
    """
    return tuple(
        f"About the {group}, of which this study compares no values."
        + (f" To test them: {as_command(remedy)}." if remedy else "")
        for group, remedy in groups.items()
    )


def say_all_unvaried(groups: Mapping[str, str]) -> str:
    """Say in one line which textbook claims are not what the study is about."""
    names = join([f"the {group}" for group in groups])
    return f"Not tested, as not compared here: the textbook claims about {names}."
