"""How a study may grow: more configs and seeds, everything else as it was."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from paribus.code_digests import have_same_functions, is_same_code
from paribus.declared import DeclaredClaim
from paribus.errors import DataError, StudyError
from paribus.results import DataFacts
from paribus.space import SearchSpace
from paribus.study import Study


# Digests of code -> the settings that name it.
_CODE = {
    "model.source": ("model.name",),
    "task.source": ("task.loss", "task.metrics"),
}


def grown(stored: Study, wanted: Study, *, has_begun: bool = True) -> Study:
    """Unite a stored study with one that asks for more, or for less.

    What is stored keeps its place, what is new follows, and what `wanted` no longer
    names is kept. So a config or a seed never changes its position, and a claim that
    was made before the first run cannot be taken back.

    Args:
        stored: What the folder holds.
        wanted: What is asked for now.
        has_begun: Whether runs have been trained: claims that are new are then late,
            and so are seeds beyond the looks that the study planned.

    Raises:
        StudyError: If a fixed setting differs; the message names all that do.
    """
    check_fixed_settings(stored, wanted)
    _check_evaluations_stay(stored, wanted)
    _check_values_stay(stored, wanted)
    space = _united_space(stored.space, wanted.space)
    seeds = tuple(dict.fromkeys((*stored.seeds, *wanted.seeds)))
    claims = _united_claims(stored.claims, wanted.claims, has_begun=has_begun)
    if space is stored.space and seeds == stored.seeds and claims == stored.claims:
        return stored
    new = seeds[len(stored.seeds) :] if has_begun else ()
    if stored.planned_seeds:
        n_looks = max(stored.n_looks, wanted.n_looks)
    else:
        n_looks = stored.n_looks + bool(new)
    return replace(
        stored,
        seeds=seeds,
        late_seeds=stored.late_seeds + (new if n_looks > stored.looks else ()),
        n_looks=n_looks,
        space=space,
        claims=claims,
    )


def check_same_data(recorded: DataFacts, content_hash: str, *, folder: Path) -> None:
    """Refuse data that are not those a study began with.

    Args:
        recorded: The data that it began with.
        content_hash: Of the data that are there now.
        folder: The study's.

    Raises:
        DataError: If their content differs.
    """
    if content_hash != recorded.content_hash:
        raise DataError(
            f"`{recorded.name}` differs from the data recorded in `{folder}`, got "
            f"content {content_hash[:16]}, was {recorded.content_hash[:16]}",
            hint="bring the first data back, or train in another folder",
        )


def _united_space(stored: SearchSpace, wanted: SearchSpace) -> SearchSpace:
    """Add the grids that have new configs, or declare what refinement had added."""
    grids, refined = list(stored.grids), list(stored.refined)
    known, declared = set(stored.configs()), set(stored.declared().configs())
    for position, grid in enumerate(wanted.grids):
        configs = SearchSpace(grids=(grid,)).configs()
        is_refined = position in wanted.refined
        if (known if is_refined else declared).issuperset(configs):
            continue
        if is_refined:
            refined.append(len(grids))
        else:
            declared.update(configs)
        known.update(configs)
        grids.append(grid)
    if len(grids) == len(stored.grids):
        return stored
    return SearchSpace(grids=tuple(grids), refined=tuple(refined))


def _united_claims(
    stored: tuple[DeclaredClaim, ...],
    wanted: tuple[DeclaredClaim, ...],
    *,
    has_begun: bool,
) -> tuple[DeclaredClaim, ...]:
    """Add the claims that are new, marked as late if runs were seen before them."""
    known = [replace(claim, is_late=False) for claim in stored]
    new = [claim for claim in wanted if replace(claim, is_late=False) not in known]
    return (*stored, *(replace(claim, is_late=has_begun) for claim in new))


def _check_evaluations_stay(stored: Study, wanted: Study) -> None:
    """Refuse batch sizes that would change when the stored runs are evaluated."""
    if stored.budget.steps is None:
        return
    if new := sorted(set(wanted.batch_sizes()) - set(stored.batch_sizes())):
        raise StudyError(
            "`batch_size` must stay as it was in a study with `study.steps`, since all "
            f"runs are evaluated when each batch size has taken them, got {new[0]} too",
            hint="train the changed study in another folder: give it another name, "
            "or use `--out`",
        )


def _check_values_stay(stored: Study, wanted: Study) -> None:
    """Refuse other values where some were stopped because they fell behind others."""
    if stored.halving is None:
        return
    known = stored.space.declared().configs()
    got = wanted.space.declared().configs()
    if other := [c for c in (*known, *got) if c not in known or c not in got]:
        how = "without" if other[0] in known else "with"
        raise StudyError(
            "[[space]] must stay as it was in a study with `tuning.halving`, since "
            "other values would have changed which ones were stopped, got it "
            f"{how} {other[0].label()}",
            hint="train the larger study in another folder: give it another name, or "
            "use `--out`",
        )


def new_runs(stored: Study, wanted: Study) -> list[tuple[int, int]]:
    """The runs that a grown study has beside the stored ones: config, seed."""
    n_stored, n_configs = len(stored.configs()), len(wanted.configs())
    new_seeds = wanted.seeds[len(stored.seeds) :]
    of_stored = [(c, seed) for c in range(n_stored) for seed in new_seeds]
    of_new = [(c, s) for c in range(n_stored, n_configs) for s in wanted.all_seeds]
    return of_stored + of_new


def check_fixed_settings(stored: Study, wanted: Study) -> None:
    """Refuse a study whose fixed settings differ from the stored ones.

    Raises:
        StudyError: With a line for each setting that differs.
    """
    was = stored.fixed_settings()
    got = wanted.fixed_settings()
    changed = [
        _say_change(name, was, got)
        for name in dict.fromkeys((*was, *got))
        if (name not in was or name not in got or was[name] != got[name])
        and not _is_same_code(name, was, got)
    ]
    if changed:
        raise StudyError(
            "\n".join(changed),
            hint="train the changed study in another folder: give it another name, "
            "or use `--out`",
        )


def _is_same_code(name: str, was: dict[str, Any], got: dict[str, Any]) -> bool:
    """Whether a setting is a digest of code, and shows no change of it."""
    return name in _CODE and is_same_code(was.get(name, ""), got.get(name, ""))


def _say_change(name: str, was: dict[str, Any], got: dict[str, Any]) -> str:
    """What must not have changed; of code its name, since a digest says nothing."""
    named = [got.get(n) for n in _CODE.get(name, ())]
    if named and named == [was.get(n) for n in _CODE[name]]:
        texts = [
            t for each in named for t in (each if isinstance(each, list) else [each])
        ]
        code = " and ".join(f"`{text}`" for text in texts if ":" in str(text))
        if have_same_functions(was[name], got[name]):
            code += ", or what its module has or imports beside it,"
        return f"the code of {code} must stay as it was, but it has been changed"
    return (
        f"`{name}` must stay as it was, got {_show(name, got)}, was {_show(name, was)}"
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
