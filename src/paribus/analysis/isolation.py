"""What does each value of a hyperparameter reach at the best of the others?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from paribus.analysis.scores import comparable_scores, is_accuracy, judged
from paribus.analysis.tuned import choose_tuned
from paribus.hyperparameters import Value
from paribus.results import StudyResult
from paribus.space import Config
from paribus.stats.intervals import MIN_SEEDS, mean_interval


@dataclass(frozen=True, kw_only=True)
class IsolatedValue:
    """One value of a hyperparameter at the best values of the nuisance ones.

    Attributes:
        value: The value.
        config: Position of the config that was best with it.
        chosen: The values of the nuisance hyperparameters there.
        scores: Of its runs, those that diverged with the score of guessing.
        mean: Of the scores.
        lower: Lower bound of the mean; None with fewer than 2 runs.
        upper: Upper bound; None likewise.
    """

    value: Value
    config: int
    chosen: Config
    scores: tuple[float, ...]
    mean: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, kw_only=True)
class Isolation:
    """One hyperparameter with the nuisance ones tuned away.

    Attributes:
        hyperparameter: Whose values.
        nuisance: What was chosen anew for each value.
        others: The values of the hyperparameters that are neither.
        values: One for each value that has runs.
        is_independent: Whether other seeds chose than those that are shown.
    """

    hyperparameter: str
    nuisance: tuple[str, ...]
    others: Config
    values: tuple[IsolatedValue, ...]
    is_independent: bool


def isolate(result: StudyResult, *, metric: str) -> tuple[Isolation, ...]:
    """Compare the values of each hyperparameter at the best of the nuisance ones.

    In a study that tunes, what it tunes is the nuisance hyperparameter, chosen by its
    tuning seeds; in others all but the one that is looked at are, by the mean of the
    runs that are shown.

    Args:
        result: Statuses as `classify_runs` gives them.
        metric: An accuracy.

    Returns:
        One record for each hyperparameter, and where others are held for each of their
        values; only those with at least 2 values and a nuisance hyperparameter.

    References:
        Godbole et al., Deep Learning Tuning Playbook, 2023 (isolation plots).
    """
    varied = [
        name
        for name in result.study.space.hyperparameters()
        if len({config.get(name) for config in result.configs}) > 1
    ]
    if len(varied) < 2 or metric not in result.metrics or not is_accuracy(metric):
        return ()
    if result.study.tuning is not None:
        return _isolate_tuned(result, metric, varied)
    if not result.study.space.is_full_grid():
        return ()
    means = comparable_scores(result, metric).means()
    found = []
    for name in varied:
        best: dict[Value, int] = {}
        for index, config in enumerate(result.configs):
            held = best.get(config[name])
            if means[index] > (-np.inf if held is None else means[held]):
                best[config[name]] = index
        nuisance = tuple(other for other in varied if other != name)
        found.append(
            _isolation(
                result, metric, name, nuisance, Config({}), best, is_independent=False
            )
        )
    return tuple(one for one in found if len(one.values) > 1)


def _isolate_tuned(
    result: StudyResult, metric: str, varied: Sequence[str]
) -> tuple[Isolation, ...]:
    tuning = result.study.tuning
    assert tuning is not None
    shown = judged(result)
    choices = [c for c in choose_tuned(result) if c.is_settled]
    found = []
    for name in varied:
        if name == tuning.hyperparameter:
            continue
        groups: dict[Config, dict[Value, int]] = {}
        for choice in choices:
            assert choice.best_index is not None
            if not shown.has_outcome()[choice.best_index].any():
                continue
            rest = Config({n: v for n, v in choice.others.items() if n != name})
            if name in choice.others:
                value = choice.others[name]
                groups.setdefault(rest, {})[value] = choice.best_index
        found += [
            _isolation(
                shown,
                metric,
                name,
                (tuning.hyperparameter,),
                others,
                best,
                is_independent=True,
            )
            for others, best in groups.items()
            if len(best) > 1
        ]
    return tuple(found)


def _isolation(
    result: StudyResult,
    metric: str,
    name: str,
    nuisance: tuple[str, ...],
    others: Config,
    best: Mapping[Value, int],
    *,
    is_independent: bool,
) -> Isolation:
    scores = comparable_scores(result, metric)
    values = []
    for value, index in best.items():
        is_run = scores.is_counted[index]
        own = scores.values[index, is_run]
        bounds: tuple[float | None, float | None] = (None, None)
        if len(own) >= MIN_SEEDS:
            interval = mean_interval(
                own[None],
                np.full((1, len(own)), True),
                confidence_level=0.95,
                rng=np.random.default_rng(0),
            ).within(0.0, 1.0)
            bounds = float(interval.lower[0]), float(interval.upper[0])
        config = result.configs[index]
        values.append(
            IsolatedValue(
                value=value,
                config=index,
                chosen=Config({n: config[n] for n in nuisance}),
                scores=tuple(own.tolist()),
                mean=float(own.mean()),
                lower=bounds[0],
                upper=bounds[1],
            )
        )
    return Isolation(
        hyperparameter=name,
        nuisance=nuisance,
        others=others,
        values=tuple(values),
        is_independent=is_independent,
    )
