"""What the README says of faults is what the campaign has found."""

import re

from campaign.outcome import Outcome
from campaign.page import BEGIN, END, summary, with_results
from campaign.parts import PARTS
from page_builders import read_page


PAGE = read_page("docs/reliability.md")
WRITER = "the store's writer killed at a random moment"
TRAINER = "training killed at a random moment"


def test_the_readme_quotes_the_campaign():
    assert summary(PAGE) in " ".join(read_page("README.md").split())


def test_each_part_has_a_row_and_a_machine():
    parts = set(re.findall(r"\| <!-- (\S+) -->$", PAGE, re.MULTILINE))
    machines = re.findall("^Machine of (.+?): ", PAGE, re.MULTILINE)

    assert parts == set(PARTS)
    assert sorted(", ".join(machines).split(", ")) == sorted(PARTS)


def test_a_part_replaces_its_own_results_and_keeps_the_others():
    old = Outcome(name=WRITER, n=10, unit="kills", violations=["lost"])
    new = Outcome(name=WRITER, n=3000, unit="kills", violations=[])
    other = Outcome(name=TRAINER, n=300, unit="kills", violations=[])
    page = with_results(PAGE, "writers", [old])
    page = with_results(page, "trainers", [other])
    n_broken = summary(page)

    page = with_results(page, "writers", [new])

    assert "10 kills" not in page
    assert f"| {WRITER} | 3,000 kills | 0 | at most 0.1 % (95 %) |" in page
    said = summary(page)
    assert "3,000 kills of the store's writer, 300 kills of real training" in said
    assert "0.1 % of kills of the store's writer and 1 % of kills of real" in said
    assert "1 violations" in n_broken
    assert "bounds" not in n_broken
    assert page.count("<!-- writers -->") == 1


def test_each_part_has_the_machine_on_which_it_ran():
    lines = "Machine of readers, writers: one.\nMachine of races: two.\n"
    page = f"{BEGIN}\n{END}\n\n{lines}\nMore.\n"
    found = Outcome(name="writer", n=3, unit="kills", violations=[])

    page = with_results(page, "writers", [found])

    assert "Machine of readers: one.\n" in page
    assert "Machine of races: two.\n" in page
    assert re.search(r"(?m)^Machine of writers: \w+ .* cores of .*SQLite", page)
    assert page.endswith("\n\nMore.\n")


def test_a_sample_without_violations_is_told_with_its_bound():
    found = Outcome(name="kills", n=300, unit="kills", violations=[])
    broken = Outcome(name="kills", n=300, unit="kills", violations=["lost"])
    every = Outcome(name="calls", n=9, unit="calls", violations=[], is_enumerated=True)

    assert found.bound() == "at most 1 % (95 %)"
    assert broken.bound() == "no bound"
    assert every.bound() == "every one"
