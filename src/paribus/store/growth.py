"""How a study may grow: more configs and seeds, everything else as it was."""

from dataclasses import replace
from typing import Any

from paribus.errors import StudyError
from paribus.space import SearchSpace
from paribus.study import Study


def grown(stored: Study, wanted: Study) -> Study:
    """Unite a stored study with one that asks for more, or for less.

    What is stored keeps its place, what is new follows, and what `wanted` no longer
    names is kept. So a config or a seed never changes its position.

    Raises:
        StudyError: If a fixed setting differs; the message names all that do.
    """
    check_fixed_settings(stored, wanted)
    known = set(stored.configs())
    grids = list(stored.space.grids)
    for grid in wanted.space.grids:
        configs = SearchSpace(grids=(grid,)).configs()
        if not known.issuperset(configs):
            grids.append(grid)
            known.update(configs)
    seeds = tuple(dict.fromkeys((*stored.seeds, *wanted.seeds)))
    if len(grids) == len(stored.space.grids) and seeds == stored.seeds:
        return stored
    return replace(stored, seeds=seeds, space=SearchSpace(grids=tuple(grids)))


def check_fixed_settings(stored: Study, wanted: Study) -> None:
    """Refuse a study whose fixed settings differ from the stored ones.

    Raises:
        StudyError: With a line for each setting that differs.
    """
    was = stored.fixed_settings()
    got = wanted.fixed_settings()
    changed = [
        f"`{name}` must stay as it was, got {_show(name, got)}, was {_show(name, was)}"
        for name in dict.fromkeys((*was, *got))
        if name not in was or name not in got or was[name] != got[name]
    ]
    if changed:
        raise StudyError(
            "\n".join(changed),
            hint="train the changed study in another folder: give it another name, "
            "or use `--out`",
        )


def _show(name: str, settings: dict[str, Any]) -> str:
    """A value as a study file writes it."""
    if name not in settings:
        return "no such setting"
    value = settings[name]
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
