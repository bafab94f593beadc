"""Which value did tuning choose, and which runs does a tuned study therefore have?

Nothing of a choice is stored: it follows from the runs of the tuning seeds, so whoever
trains, continues or reads a study comes to the same one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool

from paribus.analysis.outcomes import classify_runs
from paribus.analysis.run_measures import values_at
from paribus.results import StudyResult
from paribus.space import Config, show_value
from paribus.stats.selection import Selection, is_bad_run, select_value, tuning_scores
from paribus.status import RunStatus


Edge = Literal["lower", "upper", "only"]

WAITING = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.INTERRUPTED)

_EDGES: dict[str, Edge] = {"lowest": "lower", "highest": "upper", "only": "only"}


@dataclass(frozen=True, kw_only=True)
class TunedChoice:
    """What tuning chose for one combination of the other hyperparameters.

    Attributes:
        others: The combination, e.g. an optimizer and a batch size.
        hyperparameter: What was tuned.
        values: The values that were tried, ascending.
        scores: Mean final score of each over the choosing seeds; diverged runs count as
            guessing. NaN for values none of whose runs have ended.
        excluded: Values of which at least half the runs did not learn.
        best_value: The chosen value; None if no run has ended or all are excluded.
        best_index: Position of the chosen config in the study; None likewise.
        edge: Which end of the grid the chosen value lies on. Then nothing is concluded:
            a better value may lie beyond. None if it is interior.
        value_to_add: What would make the choice interior; None if it is.
        spacing_decades: Distance of the chosen value to its farther neighbour, in
            powers of ten: the resolution of the choice. NaN where there is none.
    """

    others: Config
    hyperparameter: str
    values: tuple[float, ...]
    scores: tuple[float, ...]
    excluded: tuple[float, ...]
    best_value: float | None
    best_index: int | None
    edge: Edge | None
    value_to_add: float | None
    spacing_decades: float

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


@dataclass(frozen=True, kw_only=True, eq=False)
class PlannedRuns:
    """Which runs a study has, as far as tuning has come.

    Attributes:
        is_planned: Runs that the study has for certain.
        is_open: Runs of which tuning will choose some, once all choosing runs ended.
        n_expected: Runs of the finished study; while some are open, if no choice lies
            at an edge.
    """

    is_planned: Bool[np.ndarray, "config seed"]
    is_open: Bool[np.ndarray, "config seed"]
    n_expected: int


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
        for members in _combinations(result)
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

    Args:
        seen: The runs that choose, statuses told apart.
        members: Positions of the configs.
        hyperparameter: What they differ in.
        at: After how many epochs each of them is scored; None for the study's epochs.
            Runs that end before have no score.
    """
    metric = seen.primary_metric
    status = seen.status[list(members)]
    if at is None:
        final = seen.final(metric)[list(members)].astype(np.float64)
    else:
        final = np.array(
            [values_at(seen, metric, i, t) for i, t in zip(members, at, strict=True)]
        )
    scores = tuning_scores(final, status, chance=seen.data.majority_share)
    return _choice(seen.configs, members, hyperparameter, scores, is_bad_run(status))


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
        others = Config({n: v for n, v in config.items() if n != "learning_rate"})
        rate, chosen = config["learning_rate"], best.get(others)
        if chosen is not None and isinstance(rate, int | float):
            found[i] = float(rate), chosen
    return found


def plan_runs(result: StudyResult) -> PlannedRuns:
    """Tell which runs a study has, from what its tuning seeds have found so far."""
    tuning = result.study.tuning
    shape = result.status.shape
    if tuning is None:
        everything = np.full(shape, True)
        return PlannedRuns(
            is_planned=everything, is_open=~everything, n_expected=everything.size
        )
    seeds = list(result.seeds)
    choosing = [seeds.index(seed) for seed in tuning.seeds[: tuning.n_choosing]]
    targets = [seeds.index(seed) for seed in tuning.seeds[tuning.n_choosing :]]
    evaluation = [seeds.index(seed) for seed in result.study.seeds]
    planned = np.full(shape, False)
    tuned = [i for i, c in enumerate(result.configs) if tuning.tunes(c)]
    planned[np.ix_(tuned, choosing)] = True
    planned[np.ix_(_compared_anyway(result), evaluation)] = True
    if np.isin(result.status[np.ix_(tuned, choosing)], WAITING).any():
        n_open = _n_open(result, planned[:, evaluation[0]], len(targets))
        return PlannedRuns(
            is_planned=planned,
            is_open=~planned,
            n_expected=int(planned.sum()) + n_open,
        )
    choices = choose_tuned(result)
    chosen = [c.best_index for c in choices if c.is_settled]
    if tuning.compare == "tuned":
        planned[np.ix_(_whole(chosen), evaluation)] = True
    best = [choice.best_index for choice in best_by_optimizer(result).values()]
    planned[np.ix_(_whole(best), targets)] = True
    return PlannedRuns(
        is_planned=planned,
        is_open=np.full(shape, False),
        n_expected=int(planned.sum()),
    )


def mark_absent(result: StudyResult) -> StudyResult:
    """Return the result with the runs that tuning did not choose marked absent.

    While tuning goes on they are pending: which of them there will be is not known.
    Runs that were trained before the grid was extended stay, although another value may
    be chosen now.
    """
    if result.study.tuning is None:
        return result
    plan = plan_runs(result)
    is_absent = ~plan.is_planned & ~plan.is_open & np.isin(result.status, WAITING)
    status = np.where(is_absent, int(RunStatus.ABSENT), result.status)
    return replace(result, status=status)


def say_edge(result: StudyResult, choice: TunedChoice) -> str:
    """Say that a choice lies at the edge of the grid, and what to do about it.

    Example of what it returns: `learning_rate: the best value 0.1 at batch_size=32 is
    the highest that was tried; add 1: --set
    'space.1.learning_rate=[0.01, 0.1, 1]'`
    """
    assert choice.best_value is not None
    assert choice.value_to_add is not None
    name = choice.hyperparameter
    where = {"lower": "the lowest", "upper": "the highest", "only": "the only one"}
    at = f" at {choice.others.label()}" if choice.others else ""
    return (
        f"{name}: the best value {show_value(choice.best_value)}{at} is "
        f"{where[choice.edge or 'only']} that was tried, so nothing is concluded; add "
        f"{show_value(choice.value_to_add)}: {extension_option(result, choice)}"
    )


def edge_texts(result: StudyResult) -> tuple[str, ...]:
    """Say of each choice at an edge what to do; nothing while tuning goes on."""
    if result.study.tuning is None or plan_runs(result).is_open.any():
        return ()
    at_edge = (choice for choice in choose_tuned(result) if choice.edge is not None)
    return tuple(say_edge(result, choice) for choice in at_edge)


def extension_option(result: StudyResult, choice: TunedChoice) -> str:
    """The option of `paribus run` that adds the value that a choice needs.

    In a study with single configs, listed or drawn, tables of the file and grids of the
    study are not the same: there it says what to write.
    """
    assert choice.value_to_add is not None
    name = choice.hyperparameter
    grids = result.study.space.grids
    if len(grids) > 1 and any(
        all(len(values) == 1 for values in grid.values()) for grid in grids
    ):
        label = Config({**choice.others, name: choice.value_to_add}).label()
        return f"a config with {label} in [[space]]"
    for position, grid in enumerate(grids, start=1):
        if all(choice.others[n] in grid.get(n, ()) for n in choice.others):
            values = sorted({*_numbers(grid[name]), choice.value_to_add})
            written = ", ".join(map(show_value, values))
            return f"--set 'space.{position}.{name}=[{written}]'"
    raise AssertionError(choice.others)


def _choice(
    configs: Sequence[Config],
    members: Sequence[int],
    hyperparameter: str,
    scores: np.ndarray,
    is_bad: np.ndarray,
) -> TunedChoice:
    """As `choose_value`, from the scores of the members."""
    values = np.array(_numbers([configs[i][hyperparameter] for i in members]))
    order = np.argsort(values)
    members = [members[k] for k in order]
    values, scores, is_bad = values[order], scores[order], is_bad[order]
    others = {n: v for n, v in configs[members[0]].items() if n != hyperparameter}
    selection = _selection(values, scores, is_bad)
    means = dict.fromkeys(values.tolist(), float("nan"))
    excluded: tuple[float, ...] = ()
    best = edge = to_add = None
    spacing = float("nan")
    if selection is not None:
        tried = selection.values.tolist()
        means |= dict(zip(tried, selection.mean_scores.tolist(), strict=True))
        excluded = tuple(selection.values[selection.is_excluded].tolist())
        best = selection.value
        edge = None if selection.edge is None else _EDGES[selection.edge]
        to_add = next(iter(selection.values_to_add[::-1]), None)
        spacing = selection.spacing_decades
    index = None if best is None else members[values.tolist().index(best)]
    return TunedChoice(
        others=Config(others),
        hyperparameter=hyperparameter,
        values=tuple(means),
        scores=tuple(means.values()),
        excluded=excluded,
        best_value=best,
        best_index=index,
        edge=edge,
        value_to_add=to_add,
        spacing_decades=spacing,
    )


def _selection(
    values: np.ndarray, scores: np.ndarray, is_bad: np.ndarray
) -> Selection | None:
    """What the statistics choose; None while no run has ended."""
    if np.isnan(scores).all():
        return None
    return select_value(values, scores, is_bad)


def _combinations(result: StudyResult) -> list[list[int]]:
    """Positions of the configs that differ in the tuned hyperparameter only."""
    tuning = result.study.tuning
    assert tuning is not None
    members: dict[Config, list[int]] = {}
    for position, config in enumerate(result.configs):
        if tuning.tunes(config):
            name = tuning.hyperparameter
            others = Config({n: v for n, v in config.items() if n != name})
            members.setdefault(others, []).append(position)
    return list(members.values())


def _compared_anyway(result: StudyResult) -> list[int]:
    """Configs that are compared whatever tuning chooses."""
    tuning = result.study.tuning
    assert tuning is not None
    return [
        i
        for i, config in enumerate(result.configs)
        if tuning.compare == "all"
        or not tuning.tunes(config)
        or config[tuning.hyperparameter] in tuning.held
    ]


def _n_open(
    result: StudyResult, is_compared: Bool[np.ndarray, " config"], n_targets: int
) -> int:
    """How many runs choices will add: a config of each combination, and targets."""
    study = result.study
    assert study.tuning is not None
    optimizers = {study.settings(c).optimizer_name for c in result.configs}
    n_chosen = 0
    if study.tuning.compare == "tuned":
        n_chosen = sum(
            not is_compared[members].all() for members in _combinations(result)
        )
    return n_chosen * len(study.seeds) + len(optimizers) * n_targets


def _whole(indices: Sequence[int | None]) -> list[int]:
    return [index for index in indices if index is not None]


def _numbers(values: Sequence[object]) -> list[float]:
    return [float(value) for value in values if isinstance(value, int | float)]
