"""Which configs of a study stand for "small", "large" and "the best"."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from paribus.analysis.halving import stopped_after
from paribus.analysis.tuned import TunedChoice, choose_value
from paribus.claims.evidence import (
    BudgetKind,
    Choice,
    Evidence,
    Mode,
    is_same_value,
)
from paribus.hyperparameters import Value
from paribus.results import StudyResult
from paribus.space import Config, show_value
from paribus.status import RunStatus


LEARNING_RATES: Mapping[str, float] = {"small": 0.001, "medium": 0.01, "large": 0.1}
BATCH_SIZES: Mapping[str, int] = {"small": 32, "medium": 64, "large": 128}

# Where several batch sizes allow the learning-rate atoms: the design's own comes first.
_PREFERRED_BATCH_SIZE = 64


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
        only_tuned: Roles whose config has only runs that chose a value.
        stopped: Those of them whose value was stopped early -> its config.
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
    only_tuned: frozenset[str] = frozenset()
    stopped: Mapping[str, int] = field(default_factory=dict)
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
            words["best"] = f"the best learning rate ({show_value(choice.value)})"
            choices["best"] = choice
        found.append(
            Arms(
                optimizer=optimizer,
                others=others,
                configs=configs,
                words=words,
                choices=choices,
                designed=frozenset({*configs, "best"}),
                only_tuned=_only_tuned(evidence, members).difference(configs),
                stopped=_stopped(evidence, members),
            )
        )
    return _primary_first(_labelled(found), _learning_rate_preference)


def _only_tuned(evidence: Evidence, members: tuple[int, ...]) -> frozenset[str]:
    """The roles whose learning rate is among those that one is chosen from."""
    tuning = evidence.whole.study.tuning
    configs = [evidence.judged.configs[i] for i in members]
    return frozenset(
        role
        for role, value in LEARNING_RATES.items()
        if tuning is not None
        and any(
            is_same_value(config["learning_rate"], value) and tuning.tunes(config)
            for config in configs
        )
    )


def _stopped(evidence: Evidence, members: tuple[int, ...]) -> dict[str, int]:
    """The roles whose learning rate fell behind in the choice of the best."""
    return {
        role: i
        for i in sorted(stopped_after(evidence.whole).keys() & set(members))
        for role, value in LEARNING_RATES.items()
        if is_same_value(evidence.judged.configs[i]["learning_rate"], value)
    }


def _labelled(found: Sequence[Arms]) -> list[Arms]:
    """Name each set of arms by what not all of them share."""
    shared = {
        name
        for arms in found
        for name, value in arms.others.items()
        if all(other.others.get(name) == value for other in found)
    }
    return [
        replace(arms, label=arms.others.label(without=("optimizer", *shared)))
        for arms in found
    ]


def _learning_rate_preference(arms: Arms) -> tuple[int, ...]:
    return (
        len(arms.configs.keys() & LEARNING_RATES.keys()),
        int(arms.others.get("schedule", "constant") == "constant"),
        int(arms.others.get("batch_size") == _PREFERRED_BATCH_SIZE),
    )


def choose(
    evidence: Evidence,
    others: Config,
    members: tuple[int, ...],
    *,
    at: Sequence[float] | None = None,
) -> Choice | None:
    """Find the best learning rate among configs that differ in nothing else.

    By the tuning seeds that choose; in a study without tuning by all its seeds, and
    then the choice is not independent of what it is compared with.

    Args:
        evidence: The study.
        others: The other hyperparameters of the configs.
        members: Positions of the configs.
        at: After how many epochs each is scored; None for the study's epochs.

    Returns:
        The choice; None without an accuracy or a finished run, if at every value half
        the runs did not learn, or if the study does not tune these configs.
    """
    tuning = evidence.whole.study.tuning
    is_independent = tuning is not None and tuning.hyperparameter == "learning_rate"
    seen = evidence.choosing if is_independent else evidence.judged
    metric = seen.score_metric
    if tuning is not None and is_independent and not tuning.tunes(others):
        return None
    if metric not in seen.metrics:
        return None
    found = choose_value(seen, members, "learning_rate", at=at)
    return choice_among(seen, found, is_independent=is_independent)


def choice_among(
    seen: StudyResult, found: TunedChoice, *, is_independent: bool
) -> Choice | None:
    """A choice with what guards ask of it; None if nothing was chosen.

    Args:
        seen: The runs that chose.
        found: What they chose.
        is_independent: Whether none of them judges.
    """
    if found.best_index is None or found.best_value is None:
        return None
    space = seen.study.space
    was_tried = seen.has_outcome() | (seen.status == RunStatus.PRUNED)
    counts: dict[bool, list[int]] = {True: [], False: []}
    for i in found.members:
        n = int(was_tried[i].sum())
        counts[space.is_declared(seen.configs[i])].append(n)
    return Choice(
        config=found.best_index,
        value=found.best_value,
        others=found.others,
        edge="lower" if found.edge == "only" else found.edge,
        value_to_add=found.value_to_add,
        spacing_decades=found.spacing_decades,
        n_runs=tuple(counts[True]),
        is_independent=is_independent,
        n_refining=tuple(counts[False]),
        passed_over=found.passed_over,
        pruned_beside=found.pruned_beside,
        by=found.by,
    )


def chosen_again(
    evidence: Evidence, arms: Arms, at: Mapping[int, float]
) -> tuple[Arms, tuple[str, ...]]:
    """Choose the learning rates of tuned arms anew, by their scores at another budget.

    Args:
        evidence: The study.
        arms: As the study's epochs choose them.
        at: For configs of these arms, after how many epochs the budget is spent. Roles
            none of whose configs are named stay as they are.

    Returns:
        The arms, with what the budget chooses where judging seeds were trained with it;
        and where they were not, a sentence that says so.
    """
    configs, words = dict(arms.configs), dict(arms.words)
    choices, notes = dict(arms.choices), list[str]()
    for role, first in arms.choices.items():
        members = tuple(i for i in at if first.others == _others(evidence, i))
        if not members:
            continue
        found = choose(evidence, first.others, members, at=[at[i] for i in members])
        if found is None:
            notes.append(f"No tuning run tells which rate is best for {words[role]}.")
        elif evidence.judged.has_outcome()[found.config].any():
            configs[role], choices[role] = found.config, found
            words[role] = reworded(words[role], first, found)
        else:
            notes.append(
                f"By its score at this budget, learning rate {show_value(found.value)} "
                f"would be chosen for {words[role]}; no run that judges has it."
            )
    return replace(arms, configs=configs, words=words, choices=choices), tuple(notes)


def reworded(words: str, first: Choice, found: Choice) -> str:
    """The words for an arm that has another learning rate than it had first."""
    before, _, after = words.rpartition(show_value(first.value))
    return f"{before}{show_value(found.value)}{after}"


def members_of(evidence: Evidence, choice: Choice) -> tuple[int, ...]:
    """The configs that a learning rate was chosen among."""
    n = len(evidence.judged.configs)
    return tuple(i for i in range(n) if _others(evidence, i) == choice.others)


def _others(evidence: Evidence, config: int) -> Config:
    values = evidence.judged.configs[config]
    return Config({n: v for n, v in values.items() if n != "learning_rate"})


def is_designed(result: StudyResult, config: Config) -> bool:
    """Whether the study's own seeds are to be trained at a config, whatever comes out.

    So the size of the confirmatory family does not depend on what tuning chose.
    """
    tuning = result.study.tuning
    if not result.study.space.is_declared(config):
        return False
    if tuning is None or tuning.compare == "all" or not tuning.tunes(config):
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
            others = config.without(varied)
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
