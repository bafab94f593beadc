"""What the blocks of a study need: their data on the devices, and their programs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from paribus.data import Dataset
from paribus.declared import RESCUE
from paribus.engine.block import BlockShape, CompiledEpochs, Compiler
from paribus.engine.devices import data_bytes_limit
from paribus.engine.epochs import traced_values
from paribus.engine.feed import Feed
from paribus.engine.feeding import EpochShards, WholeSplit, place, place_whole
from paribus.engine.memory import bytes_per_run, runs_that_fit, state_of
from paribus.engine.models import Models
from paribus.engine.plan import (
    EXACT_RUNS_PER_DEVICE,
    Block,
    StaticGroup,
    group_configs,
    plan_blocks,
    runs_per_device,
    steps_per_call,
)
from paribus.engine.prober import Prober
from paribus.engine.probes import PROBED_EXAMPLES, ProbeData
from paribus.engine.recipe import Arrays, Recipe
from paribus.engine.work import products_per_example
from paribus.errors import ResourceError
from paribus.study import Run, Study


class Trainer:
    """Makes the driver of each static group, and plans the blocks."""

    def __init__(
        self,
        study: Study,
        dataset: Dataset,
        devices: tuple[Any, ...],
        compiler: Compiler,
        models: Models | None = None,
    ) -> None:
        self.study = study
        self._models = models or Models(study, dataset)
        self.compiler = compiler
        self.n_examples = len(dataset.train)
        self._dataset = dataset
        self._devices = devices
        self.on_cpu = devices[0].platform == "cpu"
        groups = group_configs(study)
        self._groups = {config: group for group in groups for config in group.configs}
        self._shapes: dict[StaticGroup, BlockShape] = {}
        self._drivers: dict[StaticGroup, CompiledEpochs] = {}
        self._probers: dict[StaticGroup, Prober] = {}
        self._most: dict[StaticGroup, int] = {}

    def blocks(self, waiting: Sequence[Run]) -> tuple[Block, ...]:
        """Put runs into blocks.

        A group keeps the shape that its first runs gave it, so that what tuning asks
        for later compiles nothing.
        """
        n_waiting = Counter(self._groups[run.config] for run in waiting)
        for group, n_runs in n_waiting.items():
            if group not in self._shapes:
                self._shapes[group] = self.shape(group, n_runs)
        in_order = dict.fromkeys(self._groups.values())
        places = {g: self._shapes[g].n_runs for g in in_order if g in n_waiting}
        return plan_blocks(self.study, waiting, places=places)

    def block_of(self, runs: Sequence[Run]) -> Block | None:
        """The block of runs that were trained together; None if they no longer can be.

        Call `blocks` first: it gives groups their shapes.
        """
        groups = {self._groups.get(run.config) for run in runs}
        if len(groups) != 1 or (group := groups.pop()) not in self._shapes:
            return None
        if group is None or len(runs) > self._shapes[group].n_runs:
            return None
        return Block(group=self._narrowed(group, len(runs)), runs=tuple(runs))

    def _narrowed(self, group: StaticGroup, n_runs: int) -> StaticGroup:
        """The group whose program is as wide as what is left of a block.

        On a GPU every place of a block costs time. On a CPU an idle one costs none, and
        an exact study keeps its shape: then it is the group itself.
        """
        whole = self._shapes[group]
        width = 1 << (n_runs - 1).bit_length()  # few widths, so that few are compiled
        if self.on_cpu or self.study.exact or width >= whole.n_runs:
            return group
        narrow = replace(group, width=width)
        if narrow not in self._shapes:
            self._shapes[narrow] = self.shape(group, width)
        return narrow

    def remember(self, too_wide: Mapping[str, int]) -> None:
        """Begin with blocks narrower than those that did not fit before.

        Args:
            too_wide: Description of a group -> how many runs did not fit together.
        """
        for group in dict.fromkeys(self._groups.values()):
            if (n_runs := too_wide.get(group.description)) is not None:
                per_device = -(-n_runs // len(self._devices))
                self._most[group] = max(1, per_device // 2)

    def halve(self, group: StaticGroup) -> bool:
        """Make the blocks of a group half as wide; False if they cannot be narrower.

        Raises:
            ResourceError: If the study is exact: then the width is part of the result.
        """
        for narrow in [g for g in self._shapes if g == replace(group, width=g.width)]:
            if narrow.width is not None:  # its block is planned anew from the whole
                for known in (self._shapes, self._drivers, self._probers):
                    known.pop(narrow, None)
        group = replace(group, width=None)
        n_runs = self._shapes[group].runs_per_device
        if self.study.exact:
            raise ResourceError(
                f"an exact study needs memory for {n_runs} runs on each device, and "
                "there is less",
                hint="train where there is more memory, or without `study.exact`",
            )
        if n_runs == 1:
            return False
        self._most[group] = n_runs // 2
        self._shapes[group] = self.shape(group, n_runs * len(self._devices))
        self._drivers.pop(group, None)
        self._probers.pop(group, None)
        return True

    @cached_property
    def _data(self) -> Arrays:
        return place_whole(self._dataset.train, self._any_shape())

    @cached_property
    def splits(self) -> dict[str, Arrays]:
        """The splits that runs are evaluated on, on the devices."""
        shape = self._any_shape()
        return {
            name: place(split, shape)
            for name, split in self._dataset.evaluation_splits().items()
        }

    def _any_shape(self) -> BlockShape:
        """All shapes have the same devices, and data are shared by all runs."""
        known = next(iter(self._shapes.values()), None)
        return known or self.shape(next(iter(self._groups.values())), 1)

    def driver(self, group: StaticGroup) -> CompiledEpochs:
        """The group's driver; its programs begin to be compiled at the first call."""
        if group not in self._drivers:
            self._drivers[group] = self._make_driver(group, self._shapes[group])
        return self._drivers[group]

    def _make_driver(self, group: StaticGroup, shape: BlockShape) -> CompiledEpochs:
        recipe = self.recipe(group)
        without_batch_size = tuple(group.key[1:])
        return CompiledEpochs(
            recipe,
            shape,
            self.compiler,
            feed=self._feed(recipe, shape),
            splits=self.splits,
            traced_names=self.traced_names(group),
            epochs=float(self.study.budget.epochs),
            key=(without_batch_size, shape.runs_per_device),
        )

    def groups(self) -> tuple[StaticGroup, ...]:
        """The static groups of the study."""
        return tuple(dict.fromkeys(self._groups.values()))

    def solo_driver(self, group: StaticGroup) -> CompiledEpochs:
        """A driver under which places that are not active cost nothing.

        On CPU the group's own, where devices train one run after the other. Others
        train their places at once, idle or not, so there it is a driver of one place,
        which is not kept: its programs are.
        """
        if self.on_cpu:
            if group not in self._shapes:
                self._shapes[group] = self.shape(group, 1)
            return self.driver(group)
        shape = replace(self.shape(group, 1), runs_per_device=1, map_width=1)
        return self._make_driver(group, shape)

    def _feed(self, recipe: Recipe, shape: BlockShape) -> Feed:
        """All training data where they fit, else a shard of the epoch at a time."""
        train = self._dataset.train
        limit = data_bytes_limit(self._devices)
        if limit is not None and train.inputs.nbytes + train.labels.nbytes > limit:
            return EpochShards(
                train,
                shape,
                batch_size=recipe.batch_size,
                n_seeds=min(shape.n_runs, len(self.study.all_seeds)),
                limit_bytes=limit,
            )
        return WholeSplit(self._data, shape, n_examples=len(train), rows=train.rows)

    def prober(self, group: StaticGroup) -> Prober | None:
        """Who measures the group's runs; None if nothing is asked of their weights."""
        asked = tuple(name for name in self.study.diagnostics if name != RESCUE)
        if not asked:
            return None
        if group not in self._probers:
            shape = self._shapes[group]
            part = self._dataset.train_part(PROBED_EXAMPLES, stream="probes")
            self._probers[group] = Prober(
                self.recipe(group),
                shape,
                self.compiler,
                asked=asked,
                data=ProbeData(place(part, shape), self.splits["test"]),
                traced_names=self.traced_names(group),
                key=(tuple(group.key[1:]), shape.runs_per_device),
            )
        return self._probers[group]

    def traced_names(self, group: StaticGroup) -> list[str]:
        """The hyperparameters that the program of a group takes as numbers."""
        run = Run(group.configs[0], self.study.all_seeds[0])
        return list(traced_values(self.study, [run], n_examples=self.n_examples))

    def recipe(self, group: StaticGroup) -> Recipe:
        """What the program of a group is made for."""
        group = replace(group, width=None)
        settings = self.study.settings(group.configs[0])
        traced = self.traced_names(group)
        static = {n: v for n, v in settings.optimizer.items() if n not in traced}
        return Recipe(
            model=self._models.of(group),
            optimizer_name=settings.optimizer_name,
            static_settings=static,
            batch_size=settings.batch_size,
            n_examples=self.n_examples,
            input_divisor=self._dataset.input_divisor,
            scaling=self._dataset.scaling,
            task=self._models.task,
        )

    def shape(self, group: StaticGroup, n_runs: int) -> BlockShape:
        """How the runs of a group lie on the devices, if so many wait for training."""
        n_products = self._products(group)
        # The shape is part of the result: that of an exact study depends on nothing
        # that waits. Places without a run idle.
        is_exact = self.study.exact
        n_places = runs_per_device(
            n_products=n_products,
            n_examples=self.n_examples,
            epochs=self.study.run_epochs(group.configs[0], self.n_examples),
            n_runs=EXACT_RUNS_PER_DEVICE * len(self._devices) if is_exact else n_runs,
            n_devices=len(self._devices),
            on_cpu=self.on_cpu,
        )
        n_places = self._most_runs(group, n_places)
        return BlockShape(
            devices=self._devices,
            runs_per_device=n_places,
            map_width=1 if self.on_cpu else n_places,
            steps_per_call=steps_per_call(
                n_products=n_products,
                batch_size=self.study.settings(group.configs[0]).batch_size,
                runs_per_device=n_places,
                on_cpu=self.on_cpu,
            ),
            is_exact=is_exact,
        )

    def products_per_run(self, group: StaticGroup) -> float:
        """What one run of a group computes, as `BLOCK_SECONDS` counts it."""
        epochs = self.study.run_epochs(group.configs[0], self.n_examples)
        return self._products(group) * self.n_examples * epochs

    def _products(self, group: StaticGroup) -> float:
        model = self._models.of(group)
        return products_per_example(model, self._dataset.example_shape)

    def _most_runs(self, group: StaticGroup, wanted: int) -> int:
        """How many runs of a group a device has memory for, as far as that is known.

        Those of an exact study are as many as its shape has, or none.
        """
        state = state_of(self.recipe(group), self.traced_names(group))
        per_run = bytes_per_run(state, self.n_examples)
        if self.study.exact:
            runs_that_fit(per_run, self._devices, at_least=wanted)
            return wanted
        fitting = runs_that_fit(per_run, self._devices)
        known = (wanted, fitting, self._most.get(group))
        return min(n for n in known if n is not None)
