"""Which of two hyperparameters does the score of a study vary with?"""

from dataclasses import dataclass

import numpy as np

from paribus.analysis.scores import is_bad, oriented_scores
from paribus.hyperparameters import Value
from paribus.results import StudyResult
from paribus.stats.effects import EffectVersions, effect_versions
from paribus.stats.intervals import MIN_SEEDS


@dataclass(frozen=True, kw_only=True, eq=False)
class VarianceOfScores:
    """How the variance of the scores divides among two hyperparameters and chance.

    Attributes:
        metric: Whose scores.
        names: The two hyperparameters, in the order of the shares.
        kept: Of each, the values that are left without those at which training
            collapses.
        n_values: Of each, how many values the study has.
        versions: The shares: of all configs, without collapsed ones, and clipped.
    """

    metric: str
    names: tuple[str, str]
    kept: tuple[tuple[Value, ...], tuple[Value, ...]]
    n_values: tuple[int, int]
    versions: EffectVersions


def divide_variance(result: StudyResult, *, metric: str) -> VarianceOfScores | None:
    """Divide the variance on a full grid of exactly two hyperparameters.

    Args:
        result: Statuses as `classify_runs` gives them.
        metric: An accuracy.

    Returns:
        The shares; None for other designs, or if a run of the grid is missing, since
        the analysis is exact on complete grids only.
    """
    space = result.study.space
    declared = [i for i, c in enumerate(result.configs) if space.is_declared(c)]
    configs = [result.configs[i] for i in declared]
    names = [
        name
        for name in space.hyperparameters()
        if len({config.get(name) for config in configs}) > 1
    ]
    if len(names) != 2 or not space.is_full_grid():
        return None
    scores = oriented_scores(result, metric)
    seeds = [result.seeds.index(seed) for seed in result.study.seeds]
    if len(seeds) < MIN_SEEDS or not scores.is_counted[np.ix_(declared, seeds)].all():
        return None
    first, second = (tuple(dict.fromkeys(c[name] for c in configs)) for name in names)
    order = np.array(
        [
            [result.config_index({names[0]: a, names[1]: b}) for b in second]
            for a in first
        ]
    )
    versions = effect_versions(
        scores.values[:, seeds][order],
        is_bad(result)[:, seeds][order],
        chance=result.data.majority_share,
        rng=np.random.default_rng(0),
    )
    kept = (
        tuple(v for v, keep in zip(first, versions.kept_first, strict=True) if keep),
        tuple(v for v, keep in zip(second, versions.kept_second, strict=True) if keep),
    )
    return VarianceOfScores(
        metric=metric,
        names=(names[0], names[1]),
        kept=kept,
        n_values=(len(first), len(second)),
        versions=versions,
    )
