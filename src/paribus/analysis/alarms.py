"""Which configs train in a way that deserves a second look, whatever they score?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from paribus.analysis.run_measures import run_measure
from paribus.results import StudyResult
from paribus.stats.stability import (
    DEAD_UNITS_ALARM,
    EARLY_PEAK_ALARM,
    FIRST_STEP_ALARM,
    OVERSHOOT_ALARM,
    TUV_ALARM,
    UPDATE_TO_WEIGHT_ALARM,
    AlarmLevels,
)


# Their values are those of `alarming_values`.
LEVELS: Mapping[str, AlarmLevels] = {
    "dead_share": DEAD_UNITS_ALARM,
    "first_update": FIRST_STEP_ALARM,
    "early_peak": EARLY_PEAK_ALARM,
    "overshoot_share": OVERSHOOT_ALARM,
    "update_to_weight": UPDATE_TO_WEIGHT_ALARM,
    "tuv": TUV_ALARM,
}


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A measure of a config that is above one of its levels.

    Attributes:
        config: Index.
        measure: A key of `LEVELS`.
        median: Over the config's runs that have it.
        n_runs: How many those are.
        colour: The highest level that the median is above.
    """

    config: int
    measure: str
    median: float
    n_runs: int
    colour: Literal["amber", "red"]


def find_alarms(result: StudyResult) -> tuple[Alarm, ...]:
    """Find the measures above their levels, config by config in the study's order.

    Runs of all seeds count, and those that ended badly too: why they did is what this
    may tell. Medians, so that one run raises none.

    Args:
        result: Statuses as `classify_runs` gives them.
    """
    values = alarming_values(result)
    found: list[Alarm] = []
    for config in range(len(result.configs)):
        for measure, levels in LEVELS.items():
            row = values.get(measure, np.empty((0, 0)))[config : config + 1]
            known = row[np.isfinite(row)]
            if not known.size:
                continue
            median = float(np.median(known))
            colour = levels.colour(median)
            if colour != "none":
                found.append(
                    Alarm(
                        config=config,
                        measure=measure,
                        median=median,
                        n_runs=known.size,
                        colour=colour,
                    )
                )
    return tuple(found)


def alarming_values(
    result: StudyResult,
) -> dict[str, Float[np.ndarray, "config seed"]]:
    """What has levels, of each run; measures that the study lacks are left out.

    `dead_share` is that of the hidden layer with the largest, at the end; `early_peak`
    the largest mean loss of an early window over the loss before the first step;
    `update_to_weight` a median over steps. Not a number where a run has none.
    """
    measures = result.measures
    found = {
        name: measures[name]
        for name in ("first_update", "overshoot_share")
        if name in measures
    }
    if "update_ratio" in measures:
        found["update_to_weight"] = 10.0 ** measures["update_ratio"]
    if "train_dead_share" in result.curves:
        found["dead_share"] = result.final("train_dead_share")
    if "train_loss" in result.curves:
        found["tuv"] = run_measure(result, "tuv").values
        if "max_early_loss" in measures:
            at_start = result.curve("train_loss")[..., 0]
            found["early_peak"] = measures["max_early_loss"] / at_start
    return found
