"""What is known to be unsafe, in our source and in what is installed beside it.

Runs bandit over src/, and pip-audit over the packages of this environment. pip-audit
asks an index for advisories; where none answers, it says so and is left out.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any


LIMIT_S = 25  # for pip-audit, which asks once for each package

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def main(run: Run = subprocess.run) -> int:
    """Check both; 0 if neither found anything."""
    source = run(
        [sys.executable, "-m", "bandit", "-q", "-c", "pyproject.toml", "-r", "src"]
    )
    print(
        "bandit:",
        "found something, see above" if source.returncode else "nothing found",
    )
    code, words = audit(run)
    print("pip-audit:", words)
    return source.returncode or code


def audit(run: Run) -> tuple[int, str]:
    """Ask for advisories on every installed package: an exit code, and what to say."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--skip-editable"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "5"]
    try:
        ended = run(command, capture_output=True, text=True, timeout=LIMIT_S)
        packages = json.loads(ended.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return 0, f"left out, the index did not answer in {LIMIT_S} s"
    except (ValueError, KeyError):
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return 0, f"left out, no index of advisories can be asked: {last}"
    return verdict(packages)


def verdict(packages: list[dict[str, Any]]) -> tuple[int, str]:
    """What pip-audit's list of packages comes to: an exit code, and what to say."""
    asked = [package for package in packages if "vulns" in package]
    if not asked:
        return (
            0,
            f"left out, the index has no advisories on any of {len(packages)} packages",
        )
    found = [
        f"{package['name']} {package['version']}: {flaw['id']}"
        + f" (mended in {', '.join(flaw['fix_versions']) or 'no version'})"
        for package in asked
        for flaw in package["vulns"]
    ]
    if found:
        return 1, "\n  ".join([f"{len(found)} known holes:", *found])
    return 0, f"none of {len(asked)} packages has a known hole"


if __name__ == "__main__":
    sys.exit(main())
