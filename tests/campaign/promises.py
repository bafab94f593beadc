"""The promises, as questions about a study that a fault has struck.

Each function returns what is broken, in words; nothing for a sound study.
"""

import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from campaign.scenarios import (
    FAILURE,
    FILE,
    NAME,
    NEW_FILE,
    OLD_FILE,
    Scenario,
    beside,
    curves_of,
    place_of,
)

from paribus.errors import ParibusError, ParibusWarning
from paribus.results import StudyResult
from paribus.status import RunStatus
from paribus.store import check_study, read_study, study_exists
from paribus.store.folder import DATABASE
from paribus.study import Run


def broken_after(
    folder: Path, said: Sequence[str], scenario: Scenario | None = None
) -> list[str]:
    """Ask what must hold at once after a fault: nothing lost, nothing half there.

    Args:
        folder: The folder in which the scenario acted.
        said: What it had acknowledged.
        scenario: What went on there; None for one that trains.
    """
    study = folder / (scenario.study if scenario else NAME)
    look = (scenario and scenario.look) or broken_runs
    if not study_exists(study):
        return ["a study that was acknowledged is gone"] if said else []
    before = _content(study)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ParibusWarning)  # of an unfinished write
        try:
            problems = list(check_study(study).problems)
            result = read_study(study)
            problems += look(study, result, said)
        except ParibusError as error:
            return [f"the study cannot be read: {error}"]
    if (result.status == RunStatus.RUNNING).any():
        problems.append("a run is said to be running, and no process trains it")
    if _content(study) != before:
        problems.append("a reader has changed a file")
    if "baseline" in said and result.baseline_loss != 0.25:
        problems.append("the baseline is lost")
    if "finished" in said and not result.timings:
        problems.append("the timing is lost")
    if "failed" in said and "interrupted" not in said:
        is_told = FAILURE in result.messages.values()
        if not (is_told and (result.status == RunStatus.FAILED).any()):
            problems.append("a failure is lost")
    return problems + _broken_file(study, said)


def broken_at_the_end(folder: Path, scenario: Scenario, whole: dict[str, Any]) -> Any:
    """Act again to the end, and compare with a study that no fault has struck.

    Args:
        folder: Where a fault has struck.
        scenario: What went on there.
        whole: `described` of a study without a fault.
    """
    said: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ParibusWarning)
        scenario.act(folder, said.append)
    found = described(folder, scenario.study)
    problems = [
        f"{name} differ from a study without a fault"
        for name in differing(whole, found)
    ]
    return problems + broken_after(folder, said, scenario)


def described(folder: Path, study: str = NAME) -> dict[str, Any]:
    """All that a study holds, but for times, attempts and the order of its blocks.

    Args:
        folder: Where the study's folder is.
        study: The name of that; other studies beside it are told by their bytes.
    """
    result = read_study(folder / study)
    curves = {name: curve.tobytes() for name, curve in result.curves.items()}
    # An empty folder holds nothing: that of checkpoints stays once a block had any.
    names = {
        path.relative_to(folder) for path in folder.rglob("*") if not _is_empty(path)
    }
    return {
        "files": sorted(str(name) for name in names),
        "other studies": {
            path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.glob(f"*/{DATABASE}")
            if path.parent.name != study
        },
        "runs": result.status.tolist(),
        "steps of divergence": result.diverged_at.tolist(),
        "curves": curves,
        "measures": {name: m.tobytes() for name, m in result.measures.items()},
        "right answers": {
            split: np.asarray(result.correct[split]).tobytes()
            for split in result.correct
        },
        "messages": result.messages,
        "timings": [t.seconds_per_epoch for t in result.timings],
        "baseline": result.baseline_loss,
        "study": result.study.to_dict(),
    }


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What two studies that were `described` do not share, by name."""
    return [name for name in one if other.get(name) != one[name]]


def broken_runs(study: Path, result: StudyResult, said: Sequence[str]) -> list[str]:
    """Compare every run that is there with its own numbers, and miss none."""
    problems: list[str] = []
    acknowledged = {int(text.split()[1]) for text in said if text.startswith("run ")}
    stored: set[int] = set()
    has_outcome = result.has_outcome()
    for i, config in enumerate(result.configs):
        for j, seed in enumerate(result.seeds):
            run = Run(config, seed)
            place = place_of(result.study, run)
            found = {name: curve[i, j] for name, curve in result.curves.items()}
            if not has_outcome[i, j]:
                if any(not np.isnan(values).all() for values in found.values()):
                    problems.append(f"run {place} is half there")
                continue
            stored.add(place)
            written = _written(result, run)
            found |= {name: m[i, j] for name, m in result.measures.items()}
            found |= {f"{s} answers": result.correct[s][i, j] for s in result.correct}
            names = sorted(found.keys() | written.keys())
            if other := [n for n in names if not _is_same(found, written, n)]:
                what = ", ".join(other)
                problems.append(
                    f"run {place} has other numbers than were committed: {what}"
                )
            if result.diverged_at[i, j] != place % 3:
                problems.append(f"run {place} has another step of divergence")
    return problems + [f"run {place} is lost" for place in acknowledged - stored]


def _written(result: StudyResult, run: Run) -> dict[str, np.ndarray]:
    """All numbers that were committed of a run."""
    curves = {n: c[:, 0] for n, c in curves_of(result.study, run).items()}
    parts = beside([place_of(result.study, run)])
    measures = {name: values[0] for name, values in parts["measures"].items()}
    answers = {f"{s} answers": np.unpackbits(b[0]) for s, b in parts["correct"].items()}
    return {**curves, **measures, **answers}


def _is_same(
    found: dict[str, np.ndarray], written: dict[str, np.ndarray], name: str
) -> bool:
    is_known = name in found and name in written
    return is_known and np.array_equal(
        np.float32(found[name]), np.float32(written[name]), equal_nan=True
    )


def _broken_file(study: Path, said: Sequence[str]) -> list[str]:
    if not (study / FILE).exists():
        return []
    content = (study / FILE).read_text()
    if content not in (OLD_FILE, NEW_FILE):
        return ["a file is half written"]
    if "written" in said and content != NEW_FILE:
        return ["a file that was acknowledged is the old one"]
    return []


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _content(study: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in study.rglob("*")
        if path.is_file()
    }
