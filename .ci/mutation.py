"""Do the tests notice when the store or the planner is changed?

Runs mutmut on the files that `[tool.mutmut]` in pyproject.toml names, or on a share of
their mutants that a seed fixes: a larger share holds every smaller one. What has been
tried is kept in mutants/, and only new mutants and those that survived are tried again.

To mutmut's changes one is added: a statement that only does something, such as the sync
of a folder, or that refuses something, is left out. docs/decisions/0063-mutation.md.
"""

import argparse
import math
import os
import random
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


SEED = 63
# What a mutant's tests ended with. A loop that never ends is noticed too; an error of
# pytest or of mutmut itself (2, 4, 255) says nothing, and stands as an error.
CAUGHT = (1, 3, 24, -24, 36, 152)
SURVIVED = (0, 5, 33)  # all tests passed, or there is none

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

    Args:
        most_s: Seconds of tests at most, since a survivor has to pass them all.
    """

    def submit(
        server: ForkServerRunner, name: str, tests: list[str], *limits: Any
    ) -> None:
        durations = state().duration_by_test
        tests = sorted(tests, key=lambda test: durations[test])
        until = accumulate(durations[test] for test in tests)
        fast = [t for t, s in zip(tests, until, strict=True) if s <= most_s]
        _submit(server, name, fast or tests[:1], *limits)

    return submit


def sample(names: list[str], share: float) -> list[str]:
    """A share of a file's mutants, at least one: the same at each call."""
    shuffled = random.Random(SEED).sample(names, len(names))
    return shuffled[: math.ceil(share * len(names))]


def outcome(code: int | None) -> str:
    """What became of a mutant, by the code with which mutmut ended it."""
    if code is None:
        return "untried"
    if code in CAUGHT:
        return "caught"
    return "survived" if code in SURVIVED else "error"


def outcomes(path: Path) -> dict[str, str]:
    """What became of each mutant of a file."""
    data = SourceFileMutationData(path=path)
    data.load()
    return {name: outcome(code) for name, code in data.exit_code_by_key.items()}


def table(found: Mapping[str, Iterable[str]]) -> str:
    """What became of the mutants of each file, as Markdown."""
    counts = {f"`{name}`": Counter(states) for name, states in found.items()}
    counts["all"] = sum(counts.values(), Counter())
    rows = [
        (name, n.total(), n["caught"], n["survived"], n["error"] + n["untried"])
        for name, n in counts.items()
    ]
    head = [
        "| file | mutants | caught | survived | unknown |",
        "| --- |" + " --- |" * 4,
    ]
    return "\n".join([*head, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def main() -> None:
    """Try mutants, list the survivors, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*", help="parts of names of files; or all")
    parser.add_argument("--share", type=float, default=1.0, help="of each file's")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=math.inf, help="of tests each")
    parser.add_argument("--table", action="store_true", help="only print the table")
    asked = parser.parse_args()

    # For the processes that tests start in mutants/: its sources, not those here.
    known = filter(None, ["src", os.environ.get("PYTHONPATH")])
    os.environ["PYTHONPATH"] = os.pathsep.join(known)
    mutation_operators.extend([(cst.Expr, leave_out), (cst.Raise, leave_out)])
    ForkServerRunner.submit = fast_first(asked.seconds)
    chosen = {
        path: sample(names, asked.share)
        for path in sorted(walk_mutatable_files())
        if not asked.patterns or any(part in str(path) for part in asked.patterns)
        if (names := mutants_of(path))
    }
    if not asked.table:
        known = {n: state for path in chosen for n, state in outcomes(path).items()}
        names = [n for own in chosen.values() for n in own if known.get(n) != "caught"]
        cli(
            ["run", "--max-children", str(asked.processes), *names],
            standalone_mode=False,
        )
    found: dict[str, list[str]] = {}
    for path, names in chosen.items():
        known = outcomes(path)
        found[str(path.relative_to("src/paribus"))] = [known[name] for name in names]
        for name in names:
            if known[name] != "caught":
                print(f"{known[name]}: {name}")
    print(table(found))


if __name__ == "__main__":
    main()
