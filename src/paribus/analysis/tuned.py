"""Which value did tuning choose?

Nothing of a choice is stored: it follows from the runs of the tuning seeds, so whoever
trains, continues or reads a study comes to the same one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from paribus.analysis.halving import is_pruned
from paribus.analysis.outcomes import classify_runs
from paribus.analysis.run_measures import values_at
from paribus.refinement import around
from paribus.results import StudyResult
from paribus.space import Config
from paribus.stats.selection import Selection, is_bad_run, select_value, tuning_scores


Edge = Literal["lower", "upper", "only"]
ChosenBy = Literal["score", "time"]

_EDGES: dict[str, Edge] = {"lowest": "lower", "highest": "upper", "only": "only"}


@dataclass(frozen=True, kw_only=True)
class TunedChoice:
    """What tuning chose for one combination of the other hyperparameters.

    Attributes:
        others: The combination, e.g. an optimizer and a batch size.
        hyperparameter: What was tuned.
        members: Positions of the configs it was chosen among: all declared ones, then
            those that refine the best of them. What refined an earlier best value is
            none of them: everything compared has an equal tuning budget.
        values: The values that were tried, ascending.
        scores: Mean final score of each over the choosing seeds; diverged runs count as
            guessing. NaN for values none of whose runs have ended, and for those that
            were pruned.
        excluded: Values of which at least half the runs did not learn.
        pruned: Values that were stopped early, having fallen behind at a rung.
        best_value: The chosen value; None if no run has ended or all are excluded.
        best_index: Position of the chosen config in the study; None likewise.
        edge: Which end of the grid the chosen value lies on. Then nothing is concluded:
            a better value may lie beyond. None if it is interior.
        value_to_add: What would make the choice interior; None if it is.
        spacing_decades: Distance of the chosen value to its farther neighbour, in
            powers of ten: the resolution of the choice. NaN where there is none.
        pruned_beside: As `Selection` has it.
        by: What was best: the final score, or the time to a target. Then `scores` are
            minus the mean log steps, and runs that did not get there count as excluded
            as well as those that did not learn.
    """

    others: Config
    hyperparameter: str
    members: tuple[int, ...]
    values: tuple[float, ...]
    scores: tuple[float, ...]
    excluded: tuple[float, ...]
    pruned: tuple[float, ...]
    best_value: float | None
    best_index: int | None
    edge: Edge | None
    value_to_add: float | None
    spacing_decades: float
    pruned_beside: tuple[float, ...] = ()
    by: ChosenBy = "score"

    @property
    def is_settled(self) -> bool:
        """Whether a value was chosen, and not for want of values beyond it."""
        return self.best_index is not None and self.edge is None

    @property
    def best_score(self) -> float:
        """The mean that chose; worse than every score where nothing was chosen."""
        if self.best_value is None:
            return -np.inf
        return self.scores[self.values.index(self.best_value)]

    @property
    def passed_over(self) -> tuple[float, float] | None:
        """The best excluded value that scored higher than the chosen one; by how much.

        None where there is no such value.
        """
        by_score = dict(zip(self.values, self.scores, strict=True))
        value = max(self.excluded, key=lambda tried: by_score[tried], default=None)
        if value is None or self.best_value is None:
            return None
        lead = by_score[value] - self.best_score
        return (value, lead) if lead > 0 else None


class Tried(NamedTuple):
    """What tuning knows of some values, a row each: as `select_value` takes it."""

    scores: np.ndarray
    is_bad: np.ndarray
    is_pruned: np.ndarray


def choose_tuned(result: StudyResult) -> tuple[TunedChoice, ...]:
    """Choose a value for each combination of the other hyperparameters.

    The choice depends on the choosing seeds alone, whatever else was trained.

    Args:
        result: Of a study with tuning. Statuses are told apart here.

    Returns:
        In the order in which the study names the combinations.
    """
    tuning = result.study.tuning
    assert tuning is not None
    seen = choosing_runs(result)
    return tuple(
        choose_value(seen, members, tuning.hyperparameter)
        for members in combinations(result)
    )


def choosing_runs(result: StudyResult) -> StudyResult:
    """The runs by which a study with tuning chooses, statuses told apart."""
    tuning = result.study.tuning
    assert tuning is not None
    return classify_runs(result.of_seeds(tuning.seeds[: tuning.n_choosing]))


def choose_value(
    seen: StudyResult,
    members: Sequence[int],
    hyperparameter: str,
    *,
    at: Sequence[float] | None = None,
) -> TunedChoice:
    """Choose among configs that differ in one hyperparameter.

    Where tuning has refined the best declared value, its half and its double take part.

    Args:
        seen: The runs that choose, statuses told apart.
        members: Positions of the configs.
        hyperparameter: What they differ in.
        at: After how many epochs each of them is scored; None for the study's epochs.
            Runs that end before have no score.
    """
    compared = tried_together(seen, members, hyperparameter)
    if at is not None:
        at = [at[members.index(i)] for i in compared]
    choice = _choose_among(seen, compared, hyperparameter, at=at)
    if choice.edge is None:
        return choice
    # At the spacing of the declared grid, whatever was added beside its end.
    declared = _declared(seen, compared)
    at = None if at is None else at[: len(declared)]
    grid = _choose_among(seen, declared, hyperparameter, at=at)
    return replace(choice, value_to_add=grid.value_to_add)


def tried_together(
    seen: StudyResult, members: Sequence[int], hyperparameter: str
) -> tuple[int, ...]:
    """Those of some configs that a value is chosen among, as `TunedChoice.members`.

    It depends on the scores after the study's epochs alone: at other budgets the same
    values are compared, so that each has as many.

    Args:
        seen: As for `choose_value`.
        members: Positions of configs that differ in one hyperparameter.
        hyperparameter: Which.
    """
    declared = _declared(seen, members)
    if len(declared) == len(members):
        return tuple(members)
    refined = _around_best(seen, declared, hyperparameter)
    return (*declared, *(i for i in members if seen.configs[i] in refined))


def refinements(result: StudyResult) -> tuple[Config, ...]:
    """The configs that refine the best declared values; they may be in the study.

    Args:
        result: All runs with declared values and choosing seeds have ended.

    Returns:
        None around a best value at the edge of its grid, where nothing is concluded.
    """
    tuning = result.study.tuning
    if tuning is None or not tuning.refine:
        return ()
    seen = choosing_runs(result)
    return tuple(
        config
        for members in declared_members(result)
        for config in _around_best(seen, members, tuning.hyperparameter)
    )


def declared_members(result: StudyResult) -> list[list[int]]:
    """Positions of the declared configs that differ in the tuned value only."""
    return [_declared(result, members) for members in combinations(result)]


def _declared(result: StudyResult, members: Sequence[int]) -> list[int]:
    is_declared = result.study.space.is_declared
    return [i for i in members if is_declared(result.configs[i])]


def _around_best(
    seen: StudyResult, declared: Sequence[int], hyperparameter: str
) -> tuple[Config, ...]:
    choice = _choose_among(seen, declared, hyperparameter)
    if choice.best_index is None or not choice.is_settled:
        return ()
    configs = [seen.configs[i] for i in declared]
    return around(hyperparameter, configs, seen.configs[choice.best_index])


def _choose_among(
    seen: StudyResult,
    members: Sequence[int],
    hyperparameter: str,
    *,
    at: Sequence[float] | None = None,
) -> TunedChoice:
    metric = seen.score_metric
    status = seen.status[list(members)]
    if at is None:
        final = seen.final(metric)[list(members)].astype(np.float64)
    else:
        final = np.array(
            [values_at(seen, metric, i, t) for i, t in zip(members, at, strict=True)]
        )
    scores = tuning_scores(final, status, chance=seen.data.majority_share)
    stopped = is_pruned(seen)[list(members)]
    if at is not None:  # until it was stopped, a value takes part
        stopped &= np.isnan(scores).all(axis=1)
    grid = Tried(scores, is_bad_run(status), stopped)
    return choice_of(seen.configs, members, hyperparameter, grid)


def best_by_optimizer(result: StudyResult) -> dict[str, TunedChoice]:
    """For each optimizer the combination with the best score, among settled choices."""
    best: dict[str, TunedChoice] = {}
    for choice in choose_tuned(result):
        if choice.best_index is None or not choice.is_settled:
            continue
        config = result.configs[choice.best_index]
        optimizer = result.study.settings(config).optimizer_name
        if optimizer not in best or choice.best_score > best[optimizer].best_score:
            best[optimizer] = choice
    return best


def best_tuned(result: StudyResult) -> TunedChoice | None:
    """The combination with the best score of all; None where no choice is settled."""
    choices = best_by_optimizer(result).values()
    return max(choices, key=lambda choice: choice.best_score, default=None)


def best_rates(result: StudyResult) -> dict[int, tuple[float, float]]:
    """The learning rate of each config, and the best for its other hyperparameters.

    Args:
        result: As for `choose_tuned`.

    Returns:
        Config index -> its learning rate and the chosen one; only where tuning settled
        a learning rate.
    """
    tuning = result.study.tuning
    if tuning is None or tuning.hyperparameter != "learning_rate":
        return {}
    best = {c.others: c.best_value for c in choose_tuned(result) if c.is_settled}
    found: dict[int, tuple[float, float]] = {}
    for i, config in enumerate(result.configs):
        others = config.without("learning_rate")
        rate, chosen = config["learning_rate"], best.get(others)
        if chosen is not None and isinstance(rate, int | float):
            found[i] = float(rate), chosen
    return found


def choice_of(
    configs: Sequence[Config],
    members: Sequence[int],
    hyperparameter: str,
    tried: Tried,
) -> TunedChoice:
    """Choose among configs by the scores of their runs, as `select_value` does.

    Args:
        configs: All of the study.
        members: Positions of those that are compared.
        hyperparameter: What they differ in.
        tried: A row a member.
    """
    values = np.array(numbers([configs[i][hyperparameter] for i in members]))
    order = np.argsort(values)
    members = [members[k] for k in order]
    values, grid = values[order], Tried(*(part[order] for part in tried))
    others = {n: v for n, v in configs[members[0]].items() if n != hyperparameter}
    selection = _selection(values, grid)
    means = dict.fromkeys(values.tolist(), float("nan"))
    excluded: tuple[float, ...] = ()
    best = edge = to_add = None
    spacing = float("nan")
    beside: tuple[float, ...] = ()
    if selection is not None:
        found = selection.values.tolist()
        means |= dict(zip(found, selection.mean_scores.tolist(), strict=True))
        excluded = tuple(selection.values[selection.is_excluded].tolist())
        best = selection.value
        edge = None if selection.edge is None else _EDGES[selection.edge]
        to_add = next(iter(selection.values_to_add[::-1]), None)
        spacing = selection.spacing_decades
        beside = selection.pruned_beside
    index = None if best is None else members[values.tolist().index(best)]
    return TunedChoice(
        others=Config(others),
        hyperparameter=hyperparameter,
        members=tuple(members),
        values=tuple(means),
        scores=tuple(means.values()),
        excluded=excluded,
        pruned=tuple(values[grid.is_pruned].tolist()),
        best_value=best,
        best_index=index,
        edge=edge,
        value_to_add=to_add,
        spacing_decades=spacing,
        pruned_beside=beside,
    )


def _selection(values: np.ndarray, tried: Tried) -> Selection | None:
    """What the statistics choose; None while no run has ended."""
    if np.isnan(tried.scores).all() or tried.is_pruned.all():
        return None
    return select_value(values, *tried)


def combinations(result: StudyResult) -> list[list[int]]:
    """Positions of the configs that differ in the tuned hyperparameter only."""
    tuning = result.study.tuning
    assert tuning is not None
    members: dict[Config, list[int]] = {}
    for position, config in enumerate(result.configs):
        if tuning.tunes(config):
            others = config.without(tuning.hyperparameter)
            members.setdefault(others, []).append(position)
    return list(members.values())


def numbers(values: Sequence[object]) -> list[float]:
    """Values of a grid as floats; those that are no numbers left out."""
    return [float(value) for value in values if isinstance(value, int | float)]
