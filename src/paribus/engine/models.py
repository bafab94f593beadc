"""The models of a study's static groups, each built once."""

from typing import TypedDict

import jax

from paribus.data import Dataset
from paribus.engine.memory import is_out_of_memory
from paribus.engine.plan import StaticGroup, group_configs
from paribus.engine.tasks import make_task
from paribus.errors import ResourceError
from paribus.integrations.build import build_group_model
from paribus.models.build import build_model
from paribus.models.model import FinalActivation, Model
from paribus.study import Study
from paribus.tasks import BINARY, TaskChoice


class _Kind(TypedDict):
    """The kind of example that a model is for."""

    example_shape: tuple[int, ...]
    n_classes: int
    final: FinalActivation


class Models:
    """Builds the model of each static group, and keeps it.

    Attributes:
        task: What the models' outputs are for.
    """

    def __init__(self, study: Study, dataset: Dataset) -> None:
        self._study = study
        self.task = make_task(study.task, dataset)
        self._kind: _Kind = {
            "example_shape": dataset.example_shape,
            "n_classes": study.task.n_outputs(dataset.n_classes),
            "final": _final(study.task),
        }
        self._models: dict[StaticGroup, Model] = {}

    def check(self) -> None:
        """Build every model, before anything is written.

        Raises:
            StudyError: If a model is not for these examples, or configs that should
                share a program do not.
            UserCodeError: If a model cannot be trained.
            ExecutionError: If its framework cannot be used.
            ResourceError: If the weights of one run take more memory than there is.
        """
        for group in group_configs(self._study):
            try:
                self.of(group)
            except jax.errors.JaxRuntimeError as error:
                if not is_out_of_memory(str(error)):
                    raise
                reason = str(error).rpartition(": ")[2]
                raise ResourceError(
                    f"`{self._study.model.name}` needs more memory for the weights of "
                    f"one run than there is: {reason}",
                    hint="make the model smaller, or train where there is more memory",
                ) from error

    def environment(self) -> dict[str, str]:
        """What made the models of the user's own: `model` -> text; empty for ours."""
        notes = dict.fromkeys(model.note for model in self._models.values())
        text = "; ".join(note for note in notes if note)
        return {"model": text} if text else {}

    def of(self, group: StaticGroup) -> Model:
        """The model of a group's configs."""
        if group not in self._models:
            self._models[group] = self._built(group)
        return self._models[group]

    def _built(self, group: StaticGroup) -> Model:
        choice = self._study.model
        settings = [self._study.settings(config).model for config in group.configs]
        if choice.builder is not None:
            return build_group_model(choice.builder, settings, **self._kind)
        return build_model(
            choice.name,
            settings[0],
            example_shape=self._kind["example_shape"],
            n_classes=self._kind["n_classes"],
            has_dropout=self._study.has_dropout(),
        )


def _final(task: TaskChoice) -> FinalActivation:
    """The last activation that a model of the user's own may have beside its logits."""
    if not task.is_classification:
        return "none"
    return "sigmoid" if task.loss == BINARY else "softmax"
