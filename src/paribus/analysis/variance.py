"""Which hyperparameters do the scores of a study vary with, and how?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from paribus.analysis.looks import looks_of
from paribus.analysis.scores import is_bad, oriented_scores
from paribus.analysis.tuned import choose_tuned
from paribus.hyperparameters import Value
from paribus.results import StudyResult
from paribus.space import Config
from paribus.stats.effects import EffectVersions, VarianceShares, effect_versions
from paribus.stats.intervals import MIN_SEEDS
from paribus.stats.value_effects import ValueEffect, value_effects


@dataclass(frozen=True, kw_only=True, eq=False)
class VarianceOfScores:
    """How the variance of the scores divides among hyperparameters and chance.

    Attributes:
        metric: Whose scores.
        names: The hyperparameters, in the order of the shares.
        values: Of each, the values that the study has.
        kept: Of each, the values that are left without those at which training
            collapses.
        versions: The shares: of all configs, without collapsed ones, and clipped.
        effects: Of each value against the best one, where training works; positions are
            those of `names` and `worked`.
        tuned: What each config has at the value that was chosen for it; None in a study
            without tuning.
    """

    metric: str
    names: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]
    kept: tuple[tuple[Value, ...], ...]
    versions: EffectVersions
    effects: tuple[ValueEffect, ...]
    tuned: str | None

    @property
    def shares(self) -> VarianceShares:
        """Where training works, or of all configs where that is no grid."""
        return self.versions.without_collapsed or self.versions.everything

    @property
    def worked(self) -> tuple[tuple[Value, ...], ...]:
        """Of each hyperparameter, the values that `shares` is about."""
        return self.kept if self.versions.without_collapsed else self.values


def divide_variance(result: StudyResult, *, metric: str) -> VarianceOfScores | None:
    """Divide the variance on a full grid of two hyperparameters or more.

    In a study that compares what it has tuned, of all others, each at the value that
    was chosen for it.

    Args:
        result: Statuses as `classify_runs` gives them.
        metric: An accuracy.

    Returns:
        The shares; None for other designs, or if a run of the grid is missing, since
        the analysis is exact on complete grids only.
    """
    places, tuned = _places(result)
    names = [
        name
        for name in result.study.space.hyperparameters()
        if len({config.get(name) for config in places}) > 1
    ]
    if len(names) < 2:
        return None
    values = tuple(
        tuple(dict.fromkeys(c[name] for c in places if name in c)) for name in names
    )
    order = _ordered(places, names, values)
    scores = oriented_scores(result, metric)
    seeds = [result.seeds.index(seed) for seed in result.study.seeds]
    if order is None or len(seeds) < MIN_SEEDS:
        return None
    if not scores.is_counted[:, seeds][order].all():
        return None
    grid = scores.values[:, seeds][order]
    versions = effect_versions(
        grid,
        is_bad(result)[:, seeds][order],
        chance=result.data.majority_share,
        rng=np.random.default_rng(0),
    )
    has_part = versions.without_collapsed is not None
    shares = versions.without_collapsed or versions.everything
    return VarianceOfScores(
        metric=metric,
        names=tuple(names),
        values=values,
        kept=tuple(
            tuple(value for value, keep in zip(of, keeps, strict=True) if keep)
            for of, keeps in zip(values, versions.kept, strict=True)
        ),
        versions=versions,
        effects=value_effects(
            grid[np.ix_(*versions.kept)] if has_part else grid,
            interacting=shares.interacting,
            looks=looks_of(result.study),
            rng=np.random.default_rng(0),
        ),
        tuned=tuned,
    )


def _places(result: StudyResult) -> tuple[dict[Config, int], str | None]:
    """What makes a place of the grid -> the position of the config that stands there.

    Where tuned values are compared, the config that was chosen, and what was tuned;
    no places while some choice is not settled.
    """
    space, tuning = result.study.space, result.study.tuning
    if tuning is None or tuning.compare == "all":
        declared = (i for i, c in enumerate(result.configs) if space.is_declared(c))
        return {result.configs[i]: i for i in declared}, None
    choices = choose_tuned(result)
    is_settled = all(choice.is_settled for choice in choices)
    chosen = {c.others: c.best_index for c in choices if c.best_index is not None}
    return chosen if is_settled else {}, tuning.hyperparameter


def _ordered(
    places: Mapping[Config, int],
    names: list[str],
    values: tuple[tuple[Value, ...], ...],
) -> Int[np.ndarray, "..."] | None:
    """Positions of configs by values; None if not every combination is there once."""
    shape = tuple(map(len, values))
    order = np.full(shape, -1)
    for config, position in places.items():
        if any(name not in config for name in names):
            return None
        order[
            tuple(
                of.index(config[name]) for name, of in zip(names, values, strict=True)
            )
        ] = position
    is_full = (order >= 0).all() and len(places) == order.size
    return order.astype(np.int64) if is_full else None
