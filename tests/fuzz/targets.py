"""Readers that atheris feeds: any bytes are understood or refused, nothing else.

    python tests/fuzz/targets.py study -max_total_time=60

Each target starts from inputs that are sound, so that the first mutations get past the
first check. A crash is written as `crash-*` to the current folder: it becomes a named
test of tests/badinput.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


def main() -> None:
    """Feed the target that is named until the time is over or it raises."""
    from importlib import import_module

    atheris = import_module("atheris")  # a group of its own, which few install

    sys.path.append(str(Path(__file__).parents[1]))
    import fuzz_readers

    name, *options = sys.argv[1:]
    target = fuzz_readers.TARGETS[name]
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        for number, seed in enumerate(fuzz_readers.seeds(name)):
            (seeds / str(number)).write_bytes(seed)
        with atheris.instrument_imports(include=["paribus"]):
            read = target(Path(folder))
        atheris.Setup(
            [
                sys.argv[0],
                str(seeds),
                "-max_len=200000",
                "-rss_limit_mb=4000",
                *options,
            ],
            lambda content: _feed(read, content),
        )
        atheris.Fuzz()


def _feed(read: Callable[[bytes], object], content: bytes) -> None:
    read(content)


if __name__ == "__main__":
    main()
