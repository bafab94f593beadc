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
SAID = {
    "syscalls": "system calls killed or failed one by one",
    "writers": "kills of the store's writer",
    "trainers": "kills of real training",
    "power": "states of a disk after a power cut",
    "damage": "damaged stores",
    "races": "races of two writers",
    "poison": "runs poisoned beside others",
    "bad-inputs": "bad inputs",
    "fuzz": "examples of fuzzing",
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
    counts: dict[str, int] = {}
    n_violations = 0
    for row, part in _results(page):
        counts[part] = counts.get(part, 0) + int(row[1].split()[0].replace(",", ""))
        n_violations += int(row[2])
    done = {part: what for part, what in SAID.items() if part in counts}
    said = ", ".join(f"{counts[part]:,} {what}" for part, what in done.items())
    bounds = " and ".join(
        f"{300 / counts[part]:.2g} % of {what}"
        for part, what in done.items()
        if "kills" in what
    )
    return f"{said}: {n_violations} violations. That bounds losses at {bounds} (95 %)."


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
