"""What a study would take to train, in words."""

from pathlib import Path

from paribus.analysis.measure_facts import measure_facts
from paribus.console.layout import Row, lay_out
from paribus.console.progress import duration_text
from paribus.counts import count
from paribus.errors import printable
from paribus.looks import look_sizes
from paribus.results.forecast import Basis, Forecast
from paribus.space import show_value
from paribus.study import Study


_BASES: dict[Basis, str] = {
    "timings": "timed in this study before",
    "attempts": "as its runs took before",
    "arithmetic": "from the operations of a step and the speed of one matrix product",
}
_GB = 1e9
# Whoever asks for more of a share has perhaps written points for a fraction.
LARGE_SHARE = 0.1


def forecast_text(forecast: Forecast, *, folder: Path, width: int | None) -> str:
    """Show configs, programs, and what training would take.

    Args:
        forecast: What there is to show.
        folder: Where results are, or would be.
        width: Columns of the terminal; None where lines may have any length.
    """
    study = forecast.study
    n_configs, n_seeds = len(study.configs()), len(study.seeds)
    head = (
        f"{study.name}: {_runs(forecast, forecast.n_runs)} of "
        f"{count(study.budget.epochs, 'epoch')}, {count(n_configs, 'config')}, "
        f"{count(n_seeds, 'seed')}"
    )
    if study.tuning is not None:
        head += f" and {len(study.tuning.seeds)} that tune"
    parts = [
        head,
        *_looks(forecast),
        *_halving(forecast),
        lay_out(_configs(forecast), width=width),
        lay_out(_programs(forecast), width=width),
        *_claims(study, width=width),
        _ending(forecast, folder),
    ]
    return "\n\n".join(parts)


def _configs(forecast: Forecast) -> list[Row]:
    names = forecast.study.space.hyperparameters()
    return [
        {name.replace("_", "\n"): show_value(config.get(name)) for name in names}
        for config in forecast.study.configs()
    ]


def _programs(forecast: Forecast) -> list[Row]:
    return [
        {
            "compiled program": group.description or "all configs",
            "configs": f"{group.n_configs:,}",
            "runs to train": f"{group.n_runs:,}",
            "roughly": "not known"
            if group.seconds is None
            else duration_text(group.seconds),
        }
        for group in forecast.groups
    ]


def _claims(study: Study, *, width: int | None) -> list[str]:
    """The study's own claims, and what it would take to decide each."""
    rows: list[Row] = []
    large: list[str] = []
    for position, claim in enumerate(study.claims, start=1):
        facts, effect = measure_facts(claim.measure), claim.smallest_effect
        words = "the default" if effect is None else f"{effect:g}"
        if effect is not None and facts.is_ratio:
            words = f"a factor of {effect:g}"
        elif effect is not None and facts.unit == "pp":
            words = f"{effect:g}, {100 * effect:g} percentage points"
            if effect > LARGE_SHARE:
                large.append(
                    f"Claim U{position}: differences below {100 * effect:g} percentage "
                    "points will count as practically absent. Is that meant?"
                )
        rows.append(
            {
                "claim": f"U{position}",
                "compares": facts.words,
                "smallest effect that matters": words,
            }
        )
    return [lay_out(rows, width=width), *large] if rows else []


def _looks(forecast: Forecast) -> list[str]:
    """At which seeds training may end, and what that saves."""
    study, most = forecast.study, forecast.n_most
    if most is None:
        return []
    sizes = [f"{n:,}" for n in look_sizes(len(study.planned_seeds), study.looks)]
    n_fewer = most - forecast.n_runs
    saved = f"saves {n_fewer:,} of at most {count(most, 'run')}"
    return [
        f"Training ends at {', '.join(sizes[:-1])} or {sizes[-1]} seeds, as soon as "
        f"{'its' if study.claims else 'the built-in'} claims are decided. What is said "
        f"here is for look {study.n_looks} of {study.looks}; to end there {saved}."
        if n_fewer
        else f"All {study.looks} looks at the claims are taken: at most {sizes[-1]} "
        "seeds."
    ]


def _halving(forecast: Forecast) -> list[str]:
    """Where values are compared, and what is saved by stopping some."""
    found = forecast.halving
    if found is None:
        return []
    at = _and([f"{rung:,}" for rung in found.rungs])
    unit = "epoch" if found.rungs == (1,) else "epochs"
    kept = "; ".join(
        f"of {count(n, 'value')} {_and([f'{k:,}' for k in rest])} go on"
        for n, *rest in found.n_values
    )
    saved = 1 - found.n_epochs / found.n_whole
    return [
        f"Values are compared after {at} {unit}: {kept}, where no two tie. To choose "
        f"takes {found.n_epochs:,} run-epochs instead of {found.n_whole:,}, "
        f"{saved:.0%} fewer."
    ]


def _and(parts: list[str]) -> str:
    head, last = ", ".join(parts[:-1]), parts[-1]
    return f"{head} and {last}" if head else last


def _ending(forecast: Forecast, folder: Path) -> str:
    memory = f"{forecast.memory_bytes / _GB:.1f} GB of memory"
    if forecast.mapped_bytes:
        mapped = f"{forecast.mapped_bytes / _GB:.1f} GB"
        memory += f", beside {mapped} of data that are read from files as needed"
    where = f"`{printable(str(folder))}`"
    if not forecast.n_to_train:
        return f"Nothing is to be trained: all runs are in {where}."
    seconds = forecast.seconds
    time = "a time that is not known beforehand"
    if seconds is not None:
        bases = ", ".join(_BASES[basis] for basis in forecast.bases)
        time = f"roughly {duration_text(seconds)} ({bases}; compilation not counted)"
    return (
        f"To train into {where}: {_runs(forecast, forecast.n_to_train)} on "
        f"{forecast.device}, {time}, and roughly {memory}. Nothing was trained or "
        "written."
    )


def _runs(forecast: Forecast, n: int) -> str:
    """So many runs, at most while tuning has yet to choose."""
    return f"{'up to ' if forecast.is_open else ''}{count(n, 'run')}"
