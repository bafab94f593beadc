"""`kill -9` of real training at a marked phase, and again before it gets any further.

A random moment is seldom one of those that take microseconds: here each phase is struck
on one of its own passes, the first or a later one.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from campaign import forking, training
from campaign.kills import after_a_kill, timed, unless
from campaign.outcome import Outcome
from campaign.promises import differing
from campaign.scenarios import NAME

import paribus.engine.keeper
import paribus.engine.session
import paribus.engine.train
import paribus.results.files
import paribus.store.checkpoints
import paribus.store.progress
import paribus.store.writer
from paribus.engine.block import CompiledEpochs, Compiler
from paribus.errors import ParibusWarning
from paribus.store import ledger
from paribus.store.ledger import Ledger
from paribus.store.schema import CHECKPOINT, CHUNK
from paribus.store.snapshot import read_snapshot


SEED = 20261126
FINISHED_EACH = 5  # after so many kills a study is trained to its end
REPORT = ("report", NAME, "--out", "report.html", "--force")
# Where each pass is, or how the passes of a phase are made to strike.
_Strike = Callable[[], None]


def _before(owner: Any, name: str) -> Callable[[_Strike], None]:
    """Strike whenever a function is about to be called."""

    def mark(strike: _Strike) -> None:
        original = getattr(owner, name)

        def called(*arguments: Any, **options: Any) -> Any:
            strike()
            return original(*arguments, **options)

        setattr(owner, name, called)

    return mark


def _returned(owner: Any, name: str) -> Callable[[_Strike], None]:
    """Strike whenever a function has returned: of JAX, while it still computes."""

    def mark(strike: _Strike) -> None:
        original = getattr(owner, name)

        def called(*arguments: Any, **options: Any) -> Any:
            returned = original(*arguments, **options)
            strike()
            return returned

        setattr(owner, name, called)

    return mark


def _compiling(strike: _Strike) -> None:
    """Strike in the threads that compile."""
    request = Compiler.request

    def asked(self: Compiler, key: Any, compile_it: Callable[[], Any]) -> Any:
        return request(self, key, lambda: (strike(), compile_it())[1])

    Compiler.request = asked


def _writing_states(strike: _Strike) -> None:
    """Strike between the pieces of a file."""
    owner: Any = paribus.store.checkpoints
    original = owner.write_tensors

    def pieces(*arguments: Any) -> Iterator[bytes]:
        for piece in original(*arguments):
            strike()
            yield piece

    owner.write_tensors = pieces


def _half_written(strike: _Strike) -> None:
    """Strike when half of a file that people keep is written."""
    owner: Any = paribus.results.files
    original = owner._write_new

    def write(path: Path, data: bytes) -> None:
        original(path, data[: len(data) // 2])
        strike()
        path.unlink()
        original(path, data)

    owner._write_new = write


PHASES: Mapping[str, Callable[[_Strike], None]] = {
    "data": _before(paribus.engine.train, "load_dataset"),
    "plan": _before(paribus.engine.session, "plan_runs"),
    "compilation": _compiling,
    "steps": _returned(CompiledEpochs, "train"),
    "copy to the host": _before(paribus.engine.keeper, "pack"),
    "writing a state": _writing_states,
    "naming a state": _before(Path, "replace"),
    "commit": _before(Ledger, "_update_totals"),
    "sync after a commit": _before(ledger, "sync_folder"),
    "deletion of states": _before(paribus.store.progress, "remove_checkpoints"),
    "deletion at the end": _before(paribus.store.writer, "remove_checkpoints"),
    "report": _half_written,
}
# Ten moments before anything new is stored of a block, and the pass of each: the first
# commit begins the attempt, the second goes on with the block, which then has died.
EARLY: Sequence[tuple[str, int]] = (
    ("import", 1),
    ("data", 1),
    *[("plan", 1)] * 2,
    ("commit", 1),
    ("commit", 2),
    ("sync after a commit", 1),
    *[("sync after a commit", 2)] * 3,
)
DEATHS = "processes have died while they trained"

# Counts the imports of JAX and what it needs, and dies at one of them.
_DIES_IMPORTING = """
import os, signal, sys
left = int(sys.argv.pop(1))
def hook(event, arguments):
    global left
    if event == "import" and arguments[0].startswith(("jax", "optax")):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
from paribus.__main__ import main
main()
"""
N_IMPORTS = 150  # JAX has more


class Killer:
    """Marks phases in a process that has not begun, and kills it at a pass of one."""

    def __init__(self, tallies: Path, at: Mapping[str, int]) -> None:
        """Say when.

        Args:
            tallies: A folder, where each phase has a file that gets a byte a pass.
            at: Phases of `PHASES`, each with the pass that kills, from 1; 0 for none.
        """
        self._tallies = tallies
        self._at = at

    def __call__(self) -> None:
        training.keep_at_once()
        for phase, at in self._at.items():
            PHASES[phase](self._striking(phase, at))

    def _striking(self, phase: str, at: int) -> _Strike:
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
        tally = os.open(self._tallies / phase, flags)
        n = 0

        def strike() -> None:
            nonlocal n
            n += 1
            os.write(tally, b".")
            if n == at:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)  # another thread may be the one that was asked

        return strike


def kill_at_phases(n_each: int) -> Iterator[Outcome]:
    """Kill training at each phase, go on to the next, and compare what has finished."""
    started = time.monotonic()
    rng = random.Random(SEED)
    broken: list[str] = []
    n_kills = 0
    with training.workplace() as place:
        whole, _, _ = timed(place)
        n_passes = _passes(place)
        for turn in range(n_each):
            phases = rng.sample(list(n_passes), len(n_passes))
            for number, phase in enumerate(phases):
                at = 1 if turn % 5 == 1 else rng.randint(1, n_passes[phase])
                if not number % FINISHED_EACH:
                    shutil.rmtree(place / NAME, ignore_errors=True)
                found = _killed(place, phase, at, whole)
                n_kills += 1
                if number % FINISHED_EACH == FINISHED_EACH - 1:
                    found += _finished(place, whole)
                where = f"turn {turn}, {phase}, pass {at} of {n_passes[phase]}"
                broken += [f"{where}: {text}" for text in found]
            broken += _finished(place, whole)
    yield Outcome(
        name="training killed at a marked phase",
        n=n_kills,
        unit="kills",
        violations=broken,
        is_sample=False,
        seconds=time.monotonic() - started,
    )


def _passes(place: Path) -> dict[str, int]:
    """How often a clean run passes each phase."""
    shutil.rmtree(place / NAME, ignore_errors=True)
    (place / "tallies").mkdir(exist_ok=True)
    apart = {"compilation": 4, "report": 1, "import": N_IMPORTS}
    known = dict.fromkeys((phase for phase in PHASES if phase not in apart), 0)
    killer = Killer(place / "tallies", known)
    if training.finish(place, at_first=killer):
        raise RuntimeError(training.errors_of(place))
    counted = {phase: (place / "tallies" / phase).stat().st_size for phase in known}
    if not all(counted.values()):
        raise RuntimeError(f"no pass of a phase is seen: {counted}")
    return counted | apart


def _killed(place: Path, phase: str, at: int, whole: dict[str, Any]) -> list[str]:
    """Kill once; where what was left to do does not come so far, do all of it anew."""
    if phase == "report":
        broken = _finished(place, whole)
        return broken + _killed_at(place, phase, at)
    _, n_before = after_a_kill(place, 0)
    code = _struck(place, phase, at)
    if code == 0:
        broken = _finished(place, whole)
        shutil.rmtree(place / NAME)
        return broken + _killed_at(place, phase, at)
    return _after(place, code, n_before)


def _killed_at(place: Path, phase: str, at: int) -> list[str]:
    _, n_before = after_a_kill(place, 0)
    return _after(place, _struck(place, phase, at), n_before)


def _after(place: Path, code: int, n_before: int) -> list[str]:
    """What must hold at once after a kill, where so many runs were there before."""
    broken = [] if code == -9 else [f"was not killed, ended with {code}"]
    found, _ = after_a_kill(place, n_before)
    return broken + found


def _struck(place: Path, phase: str, at: int) -> int:
    """Run what a kill is to strike; how it ended."""
    if phase == "import":
        command = [sys.executable, "-c", _DIES_IMPORTING, str(at), *training.RUN]
        return subprocess.run(command, cwd=place, capture_output=True).returncode
    words = REPORT if phase == "report" else training.RUN
    killer = Killer(place / "tallies", {phase: at})
    with _nothing_compiled(place) if phase == "compilation" else nullcontext():
        return training.finish(place, *words, at_first=killer)


@contextmanager
def _nothing_compiled(place: Path) -> Iterator[None]:
    """Without compiled programs, which would be read; afterwards those are back.

    What was left half-written stays as it is.
    """
    cache, aside = place / "cache", place / "aside"
    cache.rename(aside)
    yield
    shutil.copytree(cache, aside, dirs_exist_ok=True)
    shutil.rmtree(cache)
    aside.rename(cache)


def _finished(place: Path, whole: dict[str, Any], *, says: str = "") -> list[str]:
    """The same command to its end; what it does not say, and what is left otherwise."""
    broken = unless(0, training.finish(place), training.errors_of(place))
    if says not in training.errors_of(place):
        broken.append(f"it does not say: {says}")
    broken += unless(0, training.finish(place, *REPORT), training.errors_of(place))
    left = [path.name for path in place.iterdir() if path.name.startswith(".")]
    broken += [f"`{name}` is left" for name in left]
    found = forking.ask(partial(training.trained, place))
    return broken + [f"it has other {name}" for name in differing(whole, found)]


def kill_in_chains(n_chains: int) -> Iterator[Outcome]:
    """Kill training, and then ten times what would go on, before it stores anything."""
    started = time.monotonic()
    rng = random.Random(SEED)
    broken: list[str] = []
    with training.workplace() as place:
        whole, _, _ = timed(place)
        n_passes = _passes(place)["naming a state"]
        for chain in range(n_chains):
            shutil.rmtree(place / NAME, ignore_errors=True)
            at = rng.randint(2, n_passes)
            found = _killed_at(place, "naming a state", at)
            found += _chain(place, rng.sample(EARLY, len(EARLY)))
            found += _finished(place, whole, says=DEATHS)
            broken += [f"chain {chain}: {text}" for text in found]
    yield Outcome(
        name="training killed eleven times in a row",
        n=n_chains,
        unit="chains",
        violations=broken,
        is_sample=False,
        seconds=time.monotonic() - started,
    )


def _chain(place: Path, moments: Sequence[tuple[str, int]]) -> list[str]:
    """Kill each that goes on; what is stored must never become less."""
    broken: list[str] = []
    before = forking.ask(partial(_progress, place / NAME))
    for kill, (phase, at) in enumerate(moments):
        found = _killed_at(place, phase, at)
        now = forking.ask(partial(_progress, place / NAME))
        found += [
            f"{name} went from {n} to {now[name]}"
            for name, n in before.items()
            if now[name] < n
        ]
        files = [path.name[:10] for path in (place / NAME).glob("checkpoints/block-*")]
        found += [
            f"{name} has more than two" for name in files if files.count(name) > 2
        ]
        before = now
        broken += [f"kill {kill}, {phase} {at}: {text}" for text in found]
    return broken


def _progress(study: Path) -> dict[str, int]:
    """How far a study is: what may grow, and never shrink."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ParibusWarning)  # of an unfinished write
        return read_snapshot(study, _stored)


def _stored(opened: Ledger) -> dict[str, int]:
    chunks = [chunk for chunk in opened.read(CHUNK) if not chunk.is_superseded]
    states = opened.read(CHECKPOINT)
    return {
        "what is evaluated": sum(
            chunk.n_evaluations * chunk.n_runs for chunk in chunks
        ),
        "the newest states": sum(
            max(
                (state.evaluation for state in states if state.block == block),
                default=0,
            )
            for block in {state.block for state in states}
        ),
    }
