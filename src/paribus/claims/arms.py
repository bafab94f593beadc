"""Which configs of a study stand for "small", "large" and "the best"."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from paribus.analysis.scores import is_accuracy
from paribus.claims.evidence import (
    BudgetKind,
    Choice,
    Evidence,
    Mode,
    is_same_value,
)
from paribus.errors import TooFewSeedsError
from paribus.hyperparameters import Value
from paribus.results import StudyResult
from paribus.space import Config, show_value
from paribus.stats.selection import is_bad_run, select_value, tuning_scores
from paribus.status import RunStatus


LEARNING_RATES: Mapping[str, float] = {"small": 0.001, "medium": 0.01, "large": 0.1}
BATCH_SIZES: Mapping[str, int] = {"small": 32, "medium": 64, "large": 128}

_EDGES = {"lowest": "lower", "highest": "upper", "only": "lower", None: None}
# Where several batch sizes allow the learning-rate atoms: the design's own comes first.
_PREFERRED_BATCH_SIZE = 64
_PREFERRED_LEARNING_RATE = 0.01


@dataclass(frozen=True, kw_only=True)
class Arms:
    """The configs that one set of atoms is about, all else equal.

    Attributes:
        optimizer: What they were trained with.
        others: The hyperparameters that all of them share.
        configs: Role -> position of its config; a role without a config is missing.
        words: Role -> how a sentence names it.
        choices: Role -> the choice it rests on, for those that tuning chose.
        designed: Roles that the study was designed to have, found or not yet.
        mode: Whether each arm has its own learning rate.
        budget: What is held equal where final quality is compared.
        label: What tells it from the other arms of the study; empty for the first.
    """

    optimizer: str
    others: Config
    configs: Mapping[str, int]
    words: Mapping[str, str]
    choices: Mapping[str, Choice] = field(default_factory=dict)
    designed: frozenset[str] = frozenset()
    mode: Mode = ""
    budget: BudgetKind = "epochs"
    label: str = ""

    def lacks(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the roles that no config of the study has."""
        return tuple(role for role in roles if role not in self.configs)


def learning_rate_arms(evidence: Evidence, optimizer: str) -> tuple[Arms, ...]:
    """The arms of the learning-rate atoms: the primary ones, then all others.

    One set for each combination of the other hyperparameters. Primary is the one with
    most of the three learning rates; of equals, the one with a constant schedule and
    batch size 64.
    """
    groups = _groups(evidence, optimizer, "learning_rate")
    found: list[Arms] = []
    for others, members in groups.items():
        configs, words = _roles(evidence, members, "learning_rate", LEARNING_RATES)
        choice = choose(evidence, others, members)
        choices = {}
        if choice is not None:
            configs["best"] = choice.config
            words["best"] = f"the best learning rate, {show_value(choice.value)}"
            choices["best"] = choice
        found.append(
            Arms(
                optimizer=optimizer,
                others=others,
                configs=configs,
                words=words,
                choices=choices,
                designed=frozenset({*configs, "best"}),
                label=others.label(without=("optimizer",)),
            )
        )
    return _primary_first(found, _learning_rate_preference)


def _learning_rate_preference(arms: Arms) -> tuple[int, ...]:
    return (
        len(arms.configs.keys() & LEARNING_RATES.keys()),
        int(arms.others.get("schedule", "constant") == "constant"),
        int(arms.others.get("batch_size") == _PREFERRED_BATCH_SIZE),
    )


def choose(
    evidence: Evidence, others: Config, members: tuple[int, ...]
) -> Choice | None:
    """Find the best learning rate among configs that differ in nothing else.

    By the tuning seeds that choose; in a study without tuning by all its seeds, and
    then the choice is not independent of what it is compared with.

    Args:
        evidence: The study.
        others: The other hyperparameters of the configs.
        members: Positions of the configs.

    Returns:
        The choice; None without an accuracy or a finished run, or if at every value
        half the runs did not learn.
    """
    tuning = evidence.whole.study.tuning
    is_independent = tuning is not None and tuning.hyperparameter == "learning_rate"
    result = evidence.judged
    if tuning is not None and is_independent:
        result = evidence.of_seeds(tuning.seeds[: tuning.n_choosing])
    metric = result.primary_metric
    if metric not in result.metrics or not is_accuracy(metric):
        return None
    rows = list(members)
    values = np.array([_rate(result.configs[i]) for i in rows])
    status = result.status[rows]
    scores = tuning_scores(
        result.final(metric)[rows].astype(np.float64),
        status,
        chance=result.data.majority_share,
    )
    try:
        selection = select_value(values, scores, is_bad_run(status))
    except TooFewSeedsError:
        return None
    if selection.best is None or selection.value is None:
        return None
    to_add = selection.values_to_add
    return Choice(
        config=rows[int(np.flatnonzero(values == selection.value)[0])],
        value=selection.value,
        others=others,
        edge=_EDGES[selection.edge],
        value_to_add=to_add[0] if to_add else None,
        spacing_decades=selection.spacing_decades,
        n_runs=tuple(int(n) for n in (~np.isnan(scores)).sum(axis=1)),
        is_independent=is_independent,
    )


def is_designed(result: StudyResult, config: Config) -> bool:
    """Whether the study's own seeds are to be trained at a config, whatever comes out.

    So the size of the confirmatory family does not depend on what tuning chose.
    """
    tuning = result.study.tuning
    if tuning is None or tuning.compare == "all":
        return True
    value = config.get(tuning.hyperparameter)
    return any(is_same_value(value, held) for held in tuning.held)


def _groups(
    evidence: Evidence, optimizer: str, varied: str
) -> dict[Config, tuple[int, ...]]:
    """Configs of an optimizer that differ in one hyperparameter only."""
    groups: dict[Config, tuple[int, ...]] = {}
    for i, config in enumerate(evidence.judged.configs):
        if varied in config and evidence.optimizer(config) == optimizer:
            others = Config({n: v for n, v in config.items() if n != varied})
            groups[others] = (*groups.get(others, ()), i)
    return groups


def _roles(
    evidence: Evidence,
    members: tuple[int, ...],
    name: str,
    values: Mapping[str, Value],
) -> tuple[dict[str, int], dict[str, str]]:
    configs: dict[str, int] = {}
    words: dict[str, str] = {}
    for role, value in values.items():
        for i in members:
            config = evidence.judged.configs[i]
            is_absent = (evidence.judged.status[i] == RunStatus.ABSENT).all()
            if not is_same_value(config[name], value) or is_absent:
                continue
            if is_designed(evidence.whole, config):
                configs[role] = i
                words[role] = f"{name.replace('_', ' ')} {show_value(value)}"
    return configs, words


def _primary_first(
    found: list[Arms], preference: Callable[[Arms], tuple[int, ...]]
) -> tuple[Arms, ...]:
    if not found:
        return ()
    first = max(found, key=preference)
    return (first, *(arms for arms in found if arms is not first))


def _rate(config: Config) -> float:
    rate = config["learning_rate"]
    assert isinstance(rate, float)
    return rate
