"""Where a benchmark ran, and where its result goes."""

import datetime as dt
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


OURS = ("paribus", "jax", "jaxlib", "numpy", "scipy")
THEIRS = ("keras", "scikit-learn", "tensorflow-cpu", "torch")


def describe_machine() -> dict[str, Any]:
    """Date, device, load and versions; no names of hosts."""
    versions = {}
    for package in OURS + THEIRS:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": versions,
    }


def save_result(name: str, result: dict[str, Any]) -> None:
    """Write a benchmark's result to `benchmarks/results/<name>.json`."""
    path = Path(__file__).parent / "results" / f"{name}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")


def _cpu_name() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1] for line in lines if line.startswith("model name")]
    return names[0].strip() if names else platform.processor()
