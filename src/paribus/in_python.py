"""What a message says of a study file, said of a study that was made in Python."""

import re
from typing import Any


def as_python(text: str) -> str:
    """Say in Python what a message or a hint of ours says in the words of a study file.

    Every hint is written once, for study files, whose tables and options have fixed
    forms; these are the forms, with what stands for each in `pb.Study(...)`.

    Example:
        >>> as_python("to test it: --set study.epochs=15")
        'to test it: pb.Study(epochs=15)'
        >>> as_python("add `batch_size = [...]` to [[space]]")
        'add `batch_size=[...]` to `space`'
    """
    for pattern, written in _FORMS:
        text = pattern.sub(written, text)
    return text


def _setting(found: re.Match[str]) -> str:
    """`--set study.epochs=15`, as an argument of what makes that part of a study."""
    key, value = found["key"], _value(found["value"])
    table, _, name = key.rpartition(".")
    table = table.partition(".")[0]  # of a space its number
    if key == "diagnostics.measure":
        return f"pb.Study(diagnostics={value})"
    made_by = {
        "study": f"pb.Study({name}={value})",
        "space": f"pb.grid({name}={value})",
        "tuning": f"pb.tune({name}={value})",
        "data": f"{name}={value} of the data",
        "model": f"{name}={value} of the model",
        "optimizer": f"{name}={value} of the optimizer",
    }
    return made_by.get(table, f"{key}={value}")


def _value(written: str) -> str:
    """A value of TOML in Python: its own form, but for two words."""
    return {"true": "True", "false": "False"}.get(written, written)


def _table(found: re.Match[str]) -> str:
    """`[tuning]`, as the argument of `pb.Study` that it is."""
    return f"`{found['name']}`"


_FORMS: tuple[tuple[re.Pattern[str], Any], ...] = tuple(
    (re.compile(pattern), written)
    for pattern, written in (
        (r"--set '(?P<key>[\w.]+)=(?P<value>[^']*)'", _setting),
        (r"--set (?P<key>[\w.]+)=(?P<value>\"[^\"]*\"|[^\s;,)`]+)", _setting),
        (
            r"add \[tuning\] with `hyperparameter = \"(\w+)\"`",
            r'add `tuning=pb.tune("\1", seeds=3)`',
        ),
        (
            r"add \[optimizer\] with `name = \"(\w+)\"`",
            r"add `optimizer=pb.optimizers.\1()`",
        ),
        (
            r"add `(\w+) = (\d+)` to \[data\]",
            r"pass `\1=\2` to what makes the data, e.g. `pb.data.mnist(\1=\2)`",
        ),
        (r"\[task\] with `kind = \"(\w+)\"`", r'`task="\1"`'),
        (r"add `(\w+) = ([^`]*)` to \[\[", r"add `\1=\2` to [["),
        (r"\(space, \[\[space\]\] (\d+)\)", r"(part \1 of `space`)"),
        (r"\[\[space\]\] (\d+)", r"part \1 of `space`"),
        (r"\[\[(?P<name>space|claims)\]\]", _table),
        (
            r"\[(?P<name>tuning|diagnostics|optimizer|model|data|task)\]",
            _table,
        ),
        (r"`study\.(\w+)`", r"`\1`"),
        (r"with another --out", "with another folder"),
        (r"the same command", "the same study"),
        (r"`paribus run` once more", "`run()` once more"),
        (r"the same `paribus run`", "the same `run()`"),
        (r"(another folder)(?:, with|: use) `--out`", r"\1"),
        (r"name another folder with `--out`", "name another folder"),
        (r"on a local disk with `--out`", "in a folder on a local disk"),
        (r"or use `--out`", "or name another folder"),
        (r"`?--retry-failed`?", "`retry_failed=True`"),
        (r"`?--allow-env-change`?", "`allow_env_change=True`"),
    )
)
