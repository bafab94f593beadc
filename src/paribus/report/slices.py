"""Which configs differ in one hyperparameter only, and so can stand side by side."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from paribus.hyperparameters import Value
from paribus.space import Config, value_words
from paribus.study import Study
from paribus.tasks import spoken


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Configs that are equal but for one hyperparameter.

    Attributes:
        varied: The hyperparameter in which they differ.
        fixed: The values of the others that vary elsewhere in the study.
        configs: Indices of the configs, by the value of `varied`.
    """

    varied: str
    fixed: Mapping[str, Value]
    configs: tuple[int, ...]


def varying(study: Study) -> tuple[str, ...]:
    """The hyperparameters that have more than one value in the study."""
    configs = study.configs()
    return tuple(
        name
        for name in study.space.hyperparameters()
        if len({config.get(name) for config in configs}) > 1
    )


def slices(
    study: Study, *, varied: str, chosen: Collection[int] = ()
) -> tuple[Slice, ...]:
    """Every group of at least two configs that differ in `varied` alone.

    Args:
        study: Whose configs they are.
        varied: A hyperparameter.
        chosen: The configs that tuning chose: only these, and they differ in what was
            tuned for them too. Empty to take all configs as they are.
    """
    apart = {varied}
    if chosen and study.tuning is not None:
        apart.add(study.tuning.hyperparameter)
    others = [name for name in varying(study) if name not in apart]
    groups: dict[Config, list[int]] = {}
    for index, config in enumerate(study.configs()):
        fixed = Config({n: config[n] for n in others if n in config})
        members = groups.setdefault(fixed, [])
        if not chosen or index in chosen:
            members.append(index)
    return tuple(
        Slice(
            varied=varied,
            fixed=dict(fixed),
            configs=tuple(_by_value(study.configs(), indices, varied)),
        )
        for fixed, indices in groups.items()
        if len(indices) > 1
    )


def covering_slices(study: Study) -> tuple[Slice, ...]:
    """Few slices that hold every config that is in any slice, in the study's order."""
    chosen: list[Slice] = []
    covered: set[int] = set()
    for name in varying(study):
        for candidate in slices(study, varied=name):
            if not covered.issuperset(candidate.configs):
                chosen.append(candidate)
                covered.update(candidate.configs)
    return tuple(chosen)


def words(name: str) -> str:
    """The name of a hyperparameter or metric in a sentence: `"learning rate"`."""
    return _WORDS.get(name) or spoken(name)


_WORDS = {
    "examples_per_s": "examples per second",
    "train_dead_share": "share of dead ReLU units",
    "train_always_on_share": "share of ReLU units that are always on",
}


def noun(name: str) -> str:
    """What a hyperparameter is called where `the` stands before it.

    Example:
        >>> noun("hidden"), noun("learning_rate")
        ('width of the hidden layers', 'learning rate')
    """
    return _NOUNS.get(name, words(name))


_NOUNS = {
    "hidden": "width of the hidden layers",
    "channels": "number of channels",
    "units": "number of units",
    "l2": "L2 penalty",
}


def label_values(values: Mapping[str, Value], names: Sequence[str] = ()) -> str:
    """Name values in words: `"SGD, learning rate 0.001, constant schedule"`.

    Args:
        values: Hyperparameter -> value.
        names: Which of them; all where empty.
    """
    return ", ".join(
        _label(name, value_words(name, value))
        for name, value in values.items()
        if not names or name in names
    )


def _label(name: str, value: str) -> str:
    """A value with its name, where it does not name itself: `"SGD"`."""
    if name == "optimizer":
        return value
    return f"{value} schedule" if name == "schedule" else f"{words(name)} {value}"


def label_config(study: Study, config: Config) -> str:
    """Name a config by what tells it from the study's others."""
    return label_values(config, varying(study))


def _by_value(configs: Sequence[Config], indices: list[int], name: str) -> list[int]:
    values = [configs[index][name] for index in indices]
    if all(isinstance(value, int | float) for value in values):
        return sorted(indices, key=lambda index: _number(configs[index][name]))
    return indices


def _number(value: Value) -> float:
    assert isinstance(value, int | float)
    return float(value)
