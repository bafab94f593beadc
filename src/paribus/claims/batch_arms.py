"""Which configs stand for the small, medium, large and largest batch, in both modes."""

from paribus.claims.arms import (
    BATCH_SIZES,
    Arms,
    choose,
    chosen_again,
    is_designed,
    members_of,
)
from paribus.claims.evidence import Choice, Evidence
from paribus.claims.guards.designs import is_large_batch
from paribus.space import Config, show_value


# The learning rate that is held for all batch sizes where the study holds several.
HELD_LEARNING_RATE = 0.01

Group = dict[int, tuple[int, ...]]


def batch_size_arms(
    evidence: Evidence, optimizer: str
) -> tuple[Arms | None, tuple[Arms, ...]]:
    """The arms of the batch-size atoms: tuned, and with one learning rate for all.

    Args:
        evidence: The study.
        optimizer: Which of its optimizers.

    Returns:
        The primary arms, each batch size at its own best learning rate; None if the
        study does not tune it. Then the arms of the untuned mode, one for each learning
        rate that two batch sizes share; the first is .01 if it is among them.
    """
    groups = _groups(evidence, optimizer)
    if not groups:
        return None, ()
    # The other settings with most batch sizes: the design's own.
    others, group = max(groups.items(), key=lambda item: len(item[1]))
    tuning = evidence.whole.study.tuning
    tuned = None
    if tuning is not None and tuning.hyperparameter == "learning_rate":
        tuned = _tuned(evidence, optimizer, others, group)
    return tuned, _untuned(evidence, optimizer, others, group)


def at_budget(
    evidence: Evidence, arms: Arms, roles: tuple[str, ...]
) -> tuple[Arms, tuple[str, ...]]:
    """Tuned arms with the learning rates that their budget chooses.

    Equal seconds end with the first of the compared runs, so the roles matter.

    Returns:
        As `chosen_again`; untuned arms, and those of equal epochs, as they are.
    """
    if arms.mode != "tuned" or arms.budget not in ("steps", "seconds"):
        return arms, ()
    members = tuple(
        i for role in roles for i in members_of(evidence, arms.choices[role])
    )
    epochs = evidence.epochs_at(arms.budget, members)
    return chosen_again(evidence, arms, dict(zip(members, epochs, strict=True)))


def _groups(evidence: Evidence, optimizer: str) -> dict[Config, Group]:
    """For all other settings: batch size -> its configs, one a learning rate."""
    groups: dict[Config, Group] = {}
    for i, config in enumerate(evidence.judged.configs):
        size = config.get("batch_size")
        is_own = evidence.optimizer(config) == optimizer
        if not isinstance(size, int) or "learning_rate" not in config or not is_own:
            continue
        rest = config.without("batch_size", "learning_rate")
        group = groups.setdefault(rest, {})
        group[size] = (*group.get(size, ()), i)
    return groups


def _sizes(group: Group) -> dict[str, int]:
    """Role -> batch size."""
    sizes = {f"batch-{r}": b for r, b in BATCH_SIZES.items() if b in group}
    if max(group) > BATCH_SIZES["medium"]:
        sizes["batch-largest"] = max(group)
    return sizes


def _designed(evidence: Evidence, sizes: dict[str, int]) -> frozenset[str]:
    """Roles that the study was made for: 128 is not what is called a large batch."""
    n_train = evidence.judged.data.n_train
    return frozenset(
        role
        for role, size in sizes.items()
        if role != "batch-largest" or is_large_batch(size, n_train)
    )


def _tuned(evidence: Evidence, optimizer: str, others: Config, group: Group) -> Arms:
    configs: dict[str, int] = {}
    words: dict[str, str] = {}
    choices: dict[str, Choice] = {}
    sizes = _sizes(group)
    for role, size in sizes.items():
        at = Config({**others, "batch_size": size})
        choice = choose(evidence, at, group[size])
        if choice is None:
            continue
        configs[role], choices[role] = choice.config, choice
        rate = show_value(choice.value)
        words[role] = f"batch size {size} (learning rate {rate})"
    return Arms(
        optimizer=optimizer,
        others=others,
        configs=configs,
        words=words,
        choices=choices,
        designed=_designed(evidence, sizes),
        mode="tuned",
    )


def _untuned(
    evidence: Evidence, optimizer: str, others: Config, group: Group
) -> tuple[Arms, ...]:
    sizes = _sizes(group)
    by_rate: dict[float, dict[str, int]] = {}
    for role, size in sizes.items():
        for i in group[size]:
            config = evidence.judged.configs[i]
            rate = config["learning_rate"]
            assert isinstance(rate, float)
            if is_designed(evidence.whole, config):
                by_rate.setdefault(rate, {})[role] = i
    found = [
        Arms(
            optimizer=optimizer,
            others=Config({**others, "learning_rate": rate}),
            configs=configs,
            words={role: f"batch size {sizes[role]}" for role in configs},
            designed=frozenset(configs),
            mode="untuned",
            label=f"learning_rate={show_value(rate)}",
        )
        for rate, configs in by_rate.items()
        if len(configs) > 1
    ]
    found.sort(key=lambda arms: arms.others["learning_rate"] != HELD_LEARNING_RATE)
    return tuple(found)
