"""Do the tests notice when the store or the planner is changed?

Runs mutmut on the files that `[tool.mutmut]` in pyproject.toml names, or on a share of
their mutants: a larger share holds every smaller one. What has been tried is kept in
mutants/ while its function stays as it is, and what was not caught is tried again.

To mutmut's changes one is added: a statement that only does something, such as the sync
of a folder, or that refuses something, is left out. docs/decisions/0063-mutation.md.
"""

import argparse
import hashlib
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import libcst as cst
from mutmut.__main__ import cli
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.mutation.mutators import mutation_operators
from mutmut.state import state
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import get_mutant_name
from mutmut.workers.isolation import ForkServerRunner


# What a mutant's tests ended with. Those that never did may have waited for a
# processor: they are tried again next time. An error of pytest or of mutmut
# itself (2, 4, 255) says nothing, and stands as an error.
CAUGHT = (1, 3)
ENDED = (24, -24, 36, 152)
SURVIVED = (0, 5, 33)  # all tests passed, or there is none
ENDS = ("caught", "ended", "survived", "error")

# Times what its tests take, and two seconds, that a mutant may.
PATIENCE = 4

_submit = ForkServerRunner.submit


def leave_out(node: cst.Expr | cst.Raise) -> Iterator[cst.Pass]:
    """The statement that does nothing in place of one that does; docstrings stay."""
    if isinstance(node, cst.Raise) or not isinstance(node.value, cst.BaseString):
        yield cst.Pass()


def mutants_of(path: Path) -> list[str]:
    """The names of all mutants of a file, as mutmut gives them."""
    mutated = mutate_file_contents(str(path), path.read_text(encoding="utf-8"))
    return [get_mutant_name(path, name) for name in mutated.mutant_names]


def fast_first(most_s: float) -> Callable[..., None]:
    """Let mutmut's server begin with the fast tests of a mutant, which find most.

    A mutant that waits for a pipe or never ends is ended after some times what its
    tests take, not after what all tests of its file would.

    Args:
        most_s: Seconds of tests at most, since a survivor has to pass them all.
    """

    def submit(
        server: ForkServerRunner, name: str, tests: list[str], *estimates: Any
    ) -> None:
        durations = state().duration_by_test
        tests = sorted(tests, key=lambda test: durations[test])
        until = list(accumulate(durations[test] for test in tests))
        n_fast = max(sum(seconds <= most_s for seconds in until), 1)
        limit_s = PATIENCE * (until[n_fast - 1] + 2) if tests else 0
        # Of the processor; by the clock mutmut waits half as long.
        estimates = (math.ceil(2 * limit_s), *estimates[1:])
        _submit(server, name, tests[:n_fast], *estimates)

    return submit


def sample(names: Iterable[str], share: float) -> list[str]:
    """A share of a file's mutants, the same at each call and in each version of it."""
    mixed = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    return mixed[: math.ceil(share * len(mixed))]


def outcome(code: int | None) -> str:
    """What became of a mutant, by the code with which mutmut ended it."""
    if code is None:
        return "untried"
    if code in CAUGHT:
        return "caught"
    if code in ENDED:
        return "ended"
    return "survived" if code in SURVIVED else "error"


def outcomes(path: Path) -> dict[str, str]:
    """What became of each mutant of a file that was tried."""
    data = SourceFileMutationData(path=path)
    data.load()
    found = {name: outcome(code) for name, code in data.exit_code_by_key.items()}
    return {name: state for name, state in found.items() if state != "untried"}


def table(found: Mapping[str, tuple[int, Iterable[str]]]) -> str:
    """How many mutants each file has, and what became of those tried, as Markdown."""
    rows: list[tuple[str | int, ...]] = []
    for name, (n_mutants, states) in found.items():
        n = Counter(states)
        rows.append((f"`{name}`", n_mutants, n.total(), *(n[end] for end in ENDS)))
    columns = list(zip(*rows, strict=True))[1:]
    rows.append(("all", *(sum(map(int, column)) for column in columns)))
    head = f"| file | mutants | tried | {' | '.join(ENDS)} |"
    lines = [head, "| --- |" + " --- |" * (2 + len(ENDS))]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def main() -> None:
    """Try mutants, list those that were not caught, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*", help="parts of names of files; or all")
    parser.add_argument("--share", type=float, default=1.0, help="of each file's")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=math.inf, help="of tests each")
    parser.add_argument("--table", action="store_true", help="only print the table")
    asked = parser.parse_args()

    # The same examples for each mutant: one that fails is no longer remembered.
    os.environ["PARIBUS_CI"] = "1"
    # For the processes that tests start in mutants/: its sources, not those here.
    known = filter(None, ["src", os.environ.get("PYTHONPATH")])
    os.environ["PYTHONPATH"] = os.pathsep.join(known)
    mutation_operators.extend([(cst.Expr, leave_out), (cst.Raise, leave_out)])
    ForkServerRunner.submit = fast_first(asked.seconds)
    mutants = {
        path: names
        for path in sorted(walk_mutatable_files())
        if not asked.patterns or any(part in str(path) for part in asked.patterns)
        if (names := mutants_of(path))
    }
    if not asked.table:
        chosen: list[str] = []
        for path, names in mutants.items():
            before = outcomes(path)
            left = [name for name, state in before.items() if state != "caught"]
            new = [n for n in sample(names, asked.share) if n not in before]
            chosen += [*set(left).intersection(names), *new]
        arguments = ["run", "--max-children", str(asked.processes), *chosen]
        cli(arguments, standalone_mode=False)
    found = {path: outcomes(path) for path in mutants}
    for states in found.values():
        for name, end in states.items():
            if end != "caught":
                print(f"{end}: {name}")
    print(
        table(
            {
                str(path.relative_to("src/paribus")): (len(names), found[path].values())
                for path, names in mutants.items()
            }
        )
    )


if __name__ == "__main__":
    main()
