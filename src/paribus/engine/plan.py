"""Which blocks train which runs, in which order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from paribus.data.batches import MAX_STEPS
from paribus.engine.work import PRODUCTS_PER_S
from paribus.space import Config, show_value
from paribus.study import Run, Study


BLOCK_SECONDS = 0.5
CALL_SECONDS = 1.0
MAX_RUNS_PER_DEVICE_CPU = 64
MAX_RUNS_PER_DEVICE_GPU = 1024
EXACT_RUNS_PER_DEVICE = 32  # of an exact study, however few wait


@dataclass(frozen=True, kw_only=True)
class StaticGroup:
    """The configs that share a compiled program: they differ in traced numbers only.

    Attributes:
        configs: In the order of the study.
        key: Their common static hyperparameters.
        description: The static hyperparameters that the study varies, for progress.
        width: Runs that a block has at most, where that is less than for others of the
            group: those that go on from a rung on a GPU. None elsewhere.
    """

    configs: tuple[Config, ...]
    key: tuple[object, ...]
    description: str
    width: int | None = None


@dataclass(frozen=True, kw_only=True)
class Block:
    """Runs compiled and executed together.

    Attributes:
        group: Whose program trains them.
        runs: At most as many as the block's shape has places.
        rung: After how many evaluations it stops; None to train to the end.
    """

    group: StaticGroup
    runs: tuple[Run, ...]
    rung: int | None = None


def group_configs(study: Study) -> tuple[StaticGroup, ...]:
    """Divide a study's configs by their static hyperparameters."""
    by_key: dict[tuple[object, ...], list[Config]] = {}
    for config in study.configs():
        by_key.setdefault(study.static_part(config), []).append(config)
    return tuple(
        StaticGroup(
            configs=tuple(configs),
            key=key,
            description=_describe(study, configs[0]),
        )
        for key, configs in by_key.items()
    )


def _describe(study: Study, config: Config) -> str:
    static = dict(study.static_part(config))
    return ", ".join(
        f"{name}={show_value(config[name])}" for name in config if name in static
    )


def plan_blocks(
    study: Study,
    runs: Iterable[Run],
    *,
    places: Mapping[StaticGroup, int],
) -> tuple[Block, ...]:
    """Put runs into blocks, so that every config gets its first seed before its second.

    Args:
        study: The study. Its tuning seeds, which choose what is compared, come first;
            the order of its seeds is the order of training.
        runs: The runs to train.
        places: Runs in a block of each static group.
    """
    wanted = set(runs)
    blocks: list[tuple[int, Block]] = []
    for group, n_places in places.items():
        in_order = [
            (position, Run(config, seed))
            for position, seed in enumerate(_seeds_in_order(study))
            for config in group.configs
            if Run(config, seed) in wanted
        ]
        for first in range(0, len(in_order), n_places):
            part = in_order[first : first + n_places]
            block = Block(group=group, runs=tuple(run for _, run in part))
            blocks.append((part[0][0], block))
    # Sorting is stable: groups stay in the order of the study within a seed.
    return tuple(block for _, block in sorted(blocks, key=lambda item: item[0]))


def _seeds_in_order(study: Study) -> tuple[int, ...]:
    return (*(study.tuning.seeds if study.tuning else ()), *study.seeds)


def runs_per_device(
    *,
    n_products: float,
    n_examples: int,
    epochs: float,
    n_runs: int,
    n_devices: int,
    on_cpu: bool,
) -> int:
    """How many runs a device has in a block.

    On CPU as many as take about half a second (seconds on slow cores), since wider
    gains nothing and later blocks bring later results; on GPU all, up to 1,024.

    Args:
        n_products: Of one example, on its way forwards.
        n_examples: In the training split.
        epochs: How long each run trains.
        n_runs: Runs of the static group that wait for training.
        n_devices: How many devices share a block.
        on_cpu: Whether the devices are CPU cores.
    """
    enough = -(-n_runs // n_devices)
    if not on_cpu:
        return min(enough, MAX_RUNS_PER_DEVICE_GPU)
    work = max(n_products * n_examples * epochs, 1)
    in_time = int(BLOCK_SECONDS * PRODUCTS_PER_S / work)
    return max(1, min(in_time, enough, MAX_RUNS_PER_DEVICE_CPU))


def steps_per_call(
    *, n_products: float, batch_size: int, runs_per_device: int, on_cpu: bool
) -> int:
    """How many steps a compiled call takes at most: about a second's.

    Between calls, and only there, an interrupt is seen. On GPU a call has any number.

    Args:
        n_products: Of one example, on its way forwards.
        batch_size: Examples per step.
        runs_per_device: Runs that a device trains one after the other in a call.
        on_cpu: Whether the devices are CPU cores.
    """
    if not on_cpu:
        return MAX_STEPS
    work = n_products * batch_size * runs_per_device
    return min(max(1, int(CALL_SECONDS * PRODUCTS_PER_S / work)), MAX_STEPS)
