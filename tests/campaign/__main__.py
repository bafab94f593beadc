"""The reliability campaign: `python -m campaign --size ci|release [PART...]`.

Each part runs in a process of its own, one on each core. With `--page` the numbers go
into `docs/reliability.md`, beside those of parts that ran before.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from campaign.page import with_results
from campaign.parts import PARTS
from campaign.run import run_part


PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def main() -> int:
    """Run parts, and print what they found; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__)
    parser.add_argument("--size", choices=("ci", "release"), default="ci")
    parser.add_argument("--page", action="store_true", help="write docs/reliability.md")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    asked = parser.parse_args()
    n_broken = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = asked.parts or list(PARTS)
        running = {pool.submit(run_part, part, asked.size): part for part in parts}
        for ended in as_completed(running):
            try:
                outcomes = ended.result()
            except RuntimeError as error:  # the others go on
                n_broken += 1
                _say(f"{running[ended]}: {error}")
                continue
            for outcome in outcomes:
                n_broken += len(outcome.violations)
                _say(outcome.line())
                for text in outcome.violations[:20]:
                    _say(f"    {text}")
            if asked.page:
                page = with_results(PAGE.read_text("utf-8"), running[ended], outcomes)
                PAGE.write_text(page, "utf-8")
    _say(f"{n_broken} violations")
    return min(n_broken, 1)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


sys.exit(main())
