"""What the blocks of a study need: their data on the devices, and their programs."""

from typing import Any

import jax

from paribus.data import Dataset, Split
from paribus.engine.block import SHARED, BlockShape, CompiledEpochs, Compiler
from paribus.engine.epochs import traced_values
from paribus.engine.plan import (
    StaticGroup,
    group_configs,
    plan_blocks,
    runs_per_device,
)
from paribus.engine.prober import Prober
from paribus.engine.probes import PROBED_EXAMPLES, ProbeData
from paribus.engine.run import Arrays, Recipe
from paribus.models.build import build_model
from paribus.models.model import Model
from paribus.study import Run, Study


class Trainer:
    """Makes the driver of each static group, and plans the blocks."""

    def __init__(
        self,
        study: Study,
        dataset: Dataset,
        devices: tuple[Any, ...],
        compiler: Compiler,
        waiting: tuple[Run, ...],
    ) -> None:
        self.study = study
        self.compiler = compiler
        self.n_examples = len(dataset.train)
        self._dataset = dataset
        self._devices = devices
        self._on_cpu = devices[0].platform == "cpu"
        groups = group_configs(study)
        by_config = {config: group for group in groups for config in group.configs}
        n_waiting = dict.fromkeys(groups, 0)
        for run in waiting:
            n_waiting[by_config[run.config]] += 1
        self._shapes = {
            group: self._shape(group, n) for group, n in n_waiting.items() if n
        }
        places = {group: shape.n_runs for group, shape in self._shapes.items()}
        self.blocks = plan_blocks(study, waiting, places=places)
        self._drivers: dict[StaticGroup, CompiledEpochs] = {}
        self._probers: dict[StaticGroup, Prober] = {}
        one_shape = next(iter(self._shapes.values()), None)
        if one_shape is not None:
            self._data = _place(dataset.train, one_shape)
            self._splits = {
                name: _place(split, one_shape)
                for name, split in dataset.evaluation_splits().items()
            }

    def driver(self, group: StaticGroup) -> CompiledEpochs:
        """The group's driver; its programs begin to be compiled at the first call."""
        if group not in self._drivers:
            recipe = self._recipe(group)
            shape = self._shapes[group]
            without_batch_size = tuple(group.key[1:])
            self._drivers[group] = CompiledEpochs(
                recipe,
                shape,
                self.compiler,
                data=self._data,
                splits=self._splits,
                traced_names=self._traced_names(group),
                epochs=float(self.study.budget.epochs),
                key=(without_batch_size, shape.runs_per_device),
            )
        return self._drivers[group]

    def prober(self, group: StaticGroup) -> Prober | None:
        """Who measures the group's runs; None if the study has no diagnostics."""
        if not self.study.diagnostics:
            return None
        if group not in self._probers:
            shape = self._shapes[group]
            part = self._dataset.train_part(PROBED_EXAMPLES, stream="probes")
            self._probers[group] = Prober(
                self._recipe(group),
                shape,
                self.compiler,
                asked=self.study.diagnostics,
                data=ProbeData(_place(part, shape), self._splits["test"]),
                traced_names=self._traced_names(group),
                key=(tuple(group.key[1:]), shape.runs_per_device),
            )
        return self._probers[group]

    def _traced_names(self, group: StaticGroup) -> list[str]:
        run = Run(group.configs[0], self.study.all_seeds[0])
        return list(traced_values(self.study, [run], n_examples=self.n_examples))

    def _model(self, group: StaticGroup) -> Model:
        return build_model(
            self.study.model.name,
            self.study.settings(group.configs[0]).model,
            example_shape=self._dataset.example_shape,
            n_classes=self._dataset.n_classes,
        )

    def _recipe(self, group: StaticGroup) -> Recipe:
        settings = self.study.settings(group.configs[0])
        traced = self._traced_names(group)
        static = {n: v for n, v in settings.optimizer.items() if n not in traced}
        return Recipe(
            model=self._model(group),
            optimizer_name=settings.optimizer_name,
            static_settings=static,
            batch_size=settings.batch_size,
            n_examples=self.n_examples,
            input_divisor=self._dataset.input_divisor,
        )

    def _shape(self, group: StaticGroup, n_runs: int) -> BlockShape:
        weights = jax.eval_shape(self._model(group).init, jax.random.key(0))
        n_places = runs_per_device(
            n_weights=sum(leaf.size for leaf in jax.tree.leaves(weights)),
            n_examples=self.n_examples,
            epochs=self.study.budget.epochs,
            n_runs=n_runs,
            n_devices=len(self._devices),
            on_cpu=self._on_cpu,
        )
        return BlockShape(
            devices=self._devices,
            runs_per_device=n_places,
            map_width=1 if self._on_cpu else n_places,
        )


def _place(split: Split, shape: BlockShape) -> Arrays:
    return Arrays(shape.put(split.inputs, SHARED), shape.put(split.labels, SHARED))
