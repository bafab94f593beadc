"""Which configs may tuning add around best values, and a study that has some of them.

Tuning adds a config to a study when it has found the best declared value: until then
nobody knows which. What it may ever add follows from the study alone.
"""

from collections.abc import Iterable
from dataclasses import replace

from paribus.space import Config, SearchSpace
from paribus.study import Study
from paribus.tuning import refinement_values


def may_be_added(study: Study) -> tuple[Config, ...]:
    """Every config that refinement may add to a study, wherever its best values lie.

    Args:
        study: With what has been added to it so far, or without.

    Returns:
        Half and twice each tuned value, as far as its neighbours leave room, beside the
        same other hyperparameters; empty without refinement.
    """
    tuning = study.tuning
    if tuning is None or not tuning.refine:
        return ()
    name = tuning.hyperparameter
    members: dict[Config, list[Config]] = {}
    for config in study.space.declared().configs():
        if tuning.tunes(config):
            others = config.without(name)
            members.setdefault(others, []).append(config)
    return tuple(
        dict.fromkeys(
            refined
            for configs in members.values()
            for config in configs
            for refined in around(name, configs, config)
        )
    )


def around(name: str, configs: Iterable[Config], config: Config) -> tuple[Config, ...]:
    """The configs that refine one of several that differ in `name` alone.

    Args:
        name: The hyperparameter.
        configs: All that were declared.
        config: One of them.
    """
    values = [_number(one, name) for one in configs]
    found = refinement_values(values, _number(config, name))
    return tuple(Config({**config, name: value}) for value in found)


def with_added(study: Study, configs: Iterable[Config]) -> Study:
    """The study with those of some configs that refinement may add to it.

    Args:
        study: The study. What it has already is not added again.
        configs: In the order in which they are to follow the study's own, e.g. all that
            a folder holds.
    """
    known, allowed = set(study.configs()), set(may_be_added(study))
    new = [c for c in dict.fromkeys(configs) if c in allowed and c not in known]
    if not new:
        return study
    own = study.space.grids
    grids = tuple({name: (value,) for name, value in config.items()} for config in new)
    refined = (*study.space.refined, *range(len(own), len(own) + len(new)))
    return replace(study, space=SearchSpace(grids=(*own, *grids), refined=refined))


def _number(config: Config, name: str) -> float:
    value = config[name]
    assert isinstance(value, int | float)
    return float(value)
