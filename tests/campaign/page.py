"""The page of results: rows between two marks, each with its date and machine."""

import os
import platform
import re
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from campaign.outcome import Outcome


BEGIN, END = "<!-- results -->", "<!-- end of results -->"
COLUMNS = ("what was done", "how many", "violations", "others like it", "when")
# What the README says of the rows whose name matches.
SAID = {
    "killed at a system call": "system calls killed in their place",
    "E.* at a system call": "system calls failed",
    "the store's writer killed": "kills of the store's writer",
    "training killed at a random moment": "kills of real training",
    "states of a disk after a power cut": "states of a disk after a power cut",
    "stores |a changed value": "damaged stores",
    "states that were damaged": "damaged states of training",
    "two writers": "races of two writers",
    "two at once": "calls at which a second process came",
    "runs poisoned .* 1 at once": "runs poisoned beside others",
    "tests of the corpus of bad input": "tests of bad input",
    "drawn by Hypothesis": "examples of fuzzing",
}
_ROW = re.compile(r"\| (.*) \| <!-- (.*) -->")
_MACHINES = re.compile(r"(?m)(?:^Machine of .+\n)+")


def with_results(page: str, part: str, outcomes: Sequence[Outcome]) -> str:
    """Put the results of a part in the place of its older ones.

    Args:
        page: The page as it is.
        part: Whose results they are; hidden in each row.
        outcomes: The results.
    """
    before, _, rest = page.partition(BEGIN)
    table, _, after = rest.partition(END)
    mark = f"<!-- {part} -->"
    rows = [line for line in table.splitlines() if line.endswith("-->")]
    rows = [row for row in rows if not row.endswith(mark)]
    rows += [f"{_row(outcome)} {mark}" for outcome in outcomes]
    head = [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    middle = "\n".join(["", *head, *sorted(rows), ""])
    after = _MACHINES.sub(lambda lines: _machines(lines[0], part), after)
    return f"{before}{BEGIN}\n{middle}\n{END}{after}"


def summary(page: str) -> str:
    """What the README says of the table: the numbers of its parts, in one sentence."""
    rows = [cells for cells, _ in _results(page)]
    said: list[str] = []
    bounds: list[str] = []
    for name, what in SAID.items():
        mine = [row for row in rows if re.match(name, row[0])]
        if mine:
            n = sum(int(row[1].split()[0].replace(",", "")) for row in mine)
            said.append(f"{n:,} {what}")
        if "kills" in what:
            found = (re.match(r"at most (\S+ %)", row[3]) for row in mine)
            bounds += [f"{bound[1]} of {what}" for bound in found if bound]
    n_violations = sum(int(row[2]) for row in rows)
    counts = f"{', '.join(said)}: {n_violations} violations."
    if not bounds or n_violations:
        return counts
    return f"{counts} That bounds losses at {' and '.join(bounds)} (95 %)."


def _results(page: str) -> list[tuple[list[str], str]]:
    """The cells of each row, and the part it belongs to."""
    table = page.partition(BEGIN)[2].partition(END)[0]
    found = (_ROW.fullmatch(line) for line in table.splitlines())
    return [(row[1].split(" | "), row[2]) for row in found if row]


def _row(outcome: Outcome) -> str:
    today = datetime.now(UTC).date().isoformat()
    n = f"{outcome.n:,} {outcome.unit}"
    return _line(
        [outcome.name, n, str(len(outcome.violations)), outcome.bound(), today]
    )


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _machines(lines: str, part: str) -> str:
    """Say which parts ran on which machine, with a part now on this one."""
    found = {part: _machine()}
    for line in lines.splitlines():
        parts, _, machine = line.removeprefix("Machine of ").partition(": ")
        found = dict.fromkeys(parts.split(", "), machine) | found
    parts_of: dict[str, list[str]] = {}
    for name in sorted(found):
        parts_of.setdefault(found[name], []).append(name)
    return "".join(
        f"Machine of {', '.join(names)}: {machine}\n"
        for machine, names in parts_of.items()
    )


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    cpu = names[0] if names else platform.machine()
    return (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores of {cpu}, "
        f"CPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}."
    )
