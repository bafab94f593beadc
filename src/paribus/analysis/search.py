"""How good is the best of k configs that a search would have tried?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from paribus.analysis.scores import comparable_scores, judged
from paribus.analysis.tuned import choose_tuned
from paribus.results import StudyResult
from paribus.space import Config
from paribus.stats.best_of_k import expected_best


# Of fewer configs there is no curve: up to half of them is 1 and 2.
MIN_CONFIGS = 4
# A space that is no grid is taken for a search from here on, not for a few picks.
MIN_SEARCHED = 8


@dataclass(frozen=True, kw_only=True)
class SearchCurve:
    """What the best of k configs scores on average, over all choices of k.

    Attributes:
        others: What all of these configs share and those of other curves do not.
        n_configs: How many were tried.
        n_seeds: Over how many seeds the mean of each is taken, at least.
        expected: For k = 1, 2, ..., half of `n_configs`.
        best: The best of all of them.
    """

    others: Config
    n_configs: int
    n_seeds: int
    expected: tuple[float, ...]
    best: float


def search_curves(result: StudyResult) -> tuple[SearchCurve, ...]:
    """Describe what searches of fewer configs would have found.

    In a study that tunes, among the declared values of each combination of the others,
    by the seeds that choose. In another, among the configs of each optimizer; of a full
    grid under one optimizer nobody asks.

    Args:
        result: Statuses as `classify_runs` gives them. Configs are scored by the mean
            over their seeds of the final accuracy, or R2, on the split that decides; a
            diverged run has the score of guessing.

    Returns:
        A curve for each group of at least 4 configs, or 8 where nothing is tuned; none
        for a group of which configs were stopped early.

    Assumes:
        As `paribus.stats.best_of_k.expected_best`, for configs that are drawn from
        those that were tried. Seeds are few: the best of many is a lucky one, too.
    """
    groups = _tuned_groups(result) if result.study.tuning else _searched_groups(result)
    return tuple(groups)


def _tuned_groups(result: StudyResult) -> Iterable[SearchCurve]:
    tuning = result.study.tuning
    assert tuning is not None
    is_declared = result.study.space.is_declared
    choosing = result.of_seeds(tuning.seeds[: tuning.n_choosing])
    n_ended = choosing.has_outcome().sum(axis=1)
    choices = choose_tuned(result)
    told_apart = _varying([choice.others for choice in choices])
    for choice in choices:
        if choice.pruned:  # what has a final score was selected
            continue
        members = [
            (i, score)
            for i, score in zip(choice.members, choice.scores, strict=True)
            if is_declared(result.configs[i]) and np.isfinite(score)
        ]
        if len(members) >= MIN_CONFIGS:
            yield _curve(
                Config({n: v for n, v in choice.others.items() if n in told_apart}),
                [score for _, score in members],
                n_seeds=min(int(n_ended[i]) for i, _ in members),
            )


def _searched_groups(result: StudyResult) -> Iterable[SearchCurve]:
    metric = result.score_metric
    has_optimizers = "optimizer" in _varying(result.configs)
    is_search = has_optimizers or not result.study.space.is_full_grid()
    if not is_search or metric not in result.metrics:
        return
    scores = comparable_scores(judged(result), metric)
    means, n_ended = scores.means(), scores.is_counted.sum(axis=1)
    groups: dict[Config, list[int]] = {}
    for i, config in enumerate(result.configs):
        own = {"optimizer": config["optimizer"]} if has_optimizers else {}
        if np.isfinite(means[i]):
            groups.setdefault(Config(own), []).append(i)
    for others, members in groups.items():
        if len(members) >= MIN_SEARCHED:
            n_seeds = int(n_ended[members].min())
            yield _curve(others, means[members].tolist(), n_seeds=n_seeds)


def _curve(others: Config, scores: Sequence[float], *, n_seeds: int) -> SearchCurve:
    return SearchCurve(
        others=others,
        n_configs=len(scores),
        n_seeds=n_seeds,
        expected=tuple(expected_best(np.array(scores)).tolist()),
        best=max(scores),
    )


def _varying(configs: Sequence[Config]) -> set[str]:
    """Names whose values are not the same in all configs."""
    names = {name for config in configs for name in config}
    return {n for n in names if len({config.get(n) for config in configs}) > 1}
