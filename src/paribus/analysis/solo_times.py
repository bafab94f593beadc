"""Which programs of a study are still to be timed alone?"""

from collections.abc import Iterable

import numpy as np

from paribus.results import StudyResult
from paribus.results.timings import N_ROUNDS, common_rounds
from paribus.space import Config
from paribus.status import RunStatus
from paribus.study import Run


def missing_rounds(result: StudyResult, configs: Iterable[Config]) -> int:
    """How many rounds of timings a study lacks.

    Only rounds in which all programs were timed count: where one has joined, all are
    timed again, since seconds of another hour are not comparable.

    Args:
        result: What was trained and timed so far.
        configs: Those that are asked for; those without a finished run do not count.
    """
    static_part = result.study.static_part
    has_ended = {
        config
        for config, of_seeds in zip(result.configs, result.has_outcome(), strict=True)
        if of_seeds.any()
    }
    parts = {static_part(config) for config in has_ended.intersection(configs)}
    timed = {static_part(timing.config): timing for timing in result.timings}
    if not parts <= timed.keys():
        return N_ROUNDS
    common = common_rounds([timed[part] for part in parts])
    return N_ROUNDS - len(common) if parts else 0


def run_to_time(result: StudyResult, configs: Iterable[Config]) -> Run | None:
    """A finished run of one of some configs, if there is one.

    One that did not diverge, if possible: what diverges is trained by other programs.
    """
    members = set(configs)
    has_ended = result.has_outcome()
    is_sound = has_ended & (result.status != RunStatus.DIVERGED)
    for is_fit in (is_sound, has_ended):
        for i in np.flatnonzero(is_fit.any(axis=1)):
            if (config := result.configs[i]) in members:
                return Run(config, result.seeds[int(is_fit[i].argmax())])
    return None
