"""Which hyperparameters a [[space]] may name, given [model], [optimizer] and itself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from paribus.errors import printable
from paribus.hyperparameters import (
    BATCH_SIZE,
    MODELS,
    Hyperparameter,
    every_hyperparameter,
)
from paribus.optimizer_catalogue import (
    OPTIMIZER,
    OPTIMIZERS,
    shared_hyperparameters,
)
from paribus.study import ModelChoice, OptimizerChoice
from paribus.study_file.choices import owners, say_owners
from paribus.study_file.mistakes import Key, Mistakes


# Keys of [[space]] that are no hyperparameters.
DESIGNS = ("sobol", "random")
SPECIAL = ("configs", *DESIGNS)


@dataclass(frozen=True, kw_only=True)
class Known:
    """The hyperparameters that the model and the optimizer of a study have.

    Attributes:
        model: None where [model] has a mistake in its name.
        optimizer: None where [optimizer] has one.
        optimizers: Those that [[space]] names; empty if it varies none.
    """

    model: ModelChoice | None
    optimizer: OptimizerChoice | None
    optimizers: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether both are known, so that a name can be called unknown."""
        return self.model is not None and self.optimizer is not None

    @property
    def varies_optimizer(self) -> bool:
        """Whether [[space]] is to say which optimizer trains."""
        return self.optimizer is not None and self.optimizer.name is None

    def of(self, names: Any) -> "Known":
        """What one [[space]], or one config, may name.

        Args:
            names: The optimizers that it names, as written; None if it names none.
        """
        named = names if isinstance(names, list) else [names]
        known = (n for n in named if isinstance(n, str) and n in OPTIMIZERS)
        return replace(self, optimizers=tuple(dict.fromkeys(known)))

    def hyperparameters(self) -> Mapping[str, Hyperparameter]:
        """All hyperparameters by name; those of every choice where one is not known."""
        known = {BATCH_SIZE.name: BATCH_SIZE, OPTIMIZER.name: OPTIMIZER}
        models = (
            MODELS.values() if self.model is None else [self.model.hyperparameters()]
        )
        for own in models:
            known |= own
        if self.optimizer is not None and self.optimizer.name is not None:
            return {**known, **OPTIMIZERS[self.optimizer.name]}
        if self.optimizers:
            return known | shared_hyperparameters(self.optimizers)
        return known | every_hyperparameter(OPTIMIZERS)

    def fixed(self) -> Mapping[str, str]:
        """Fixed hyperparameters -> the table that fixes them."""
        model = self.model.settings if self.model else {}
        optimizer = self.optimizer.settings if self.optimizer else {}
        return dict.fromkeys(model, "model") | dict.fromkeys(optimizer, "optimizer")

    def look_up(self, key: Key, mistakes: Mistakes) -> Hyperparameter | None:
        """The hyperparameter that a key of [[space]] names; None with a mistake."""
        name = str(key[-1])
        hyperparameter = self.hyperparameters().get(name)
        if hyperparameter is None:
            self._note_unknown(key, mistakes)
        elif name in self.fixed():
            mistakes.add(
                key,
                f"`{name}` must stand in one of [{self.fixed()[name]}] and [[space]], "
                "got both",
            )
        return hyperparameter

    def check_nothing_is_missing(
        self, names: Mapping[str, Any], key: Key, mistakes: Mistakes
    ) -> None:
        """Note every hyperparameter that has no default and no value.

        One that was misspelt is a mistake of its own.

        Args:
            names: What is named by the [[space]] or the config.
            key: Where that stands.
            mistakes: Where mistakes go.
        """
        if not self.is_complete:
            return
        for name, hyperparameter in self.hyperparameters().items():
            is_needed = hyperparameter.default is None and hyperparameter.is_required
            if name == OPTIMIZER.name:
                is_needed = self.varies_optimizer
            is_given = name in names or name in self.fixed()
            is_misspelt = any(one.meant == (*key, name) for one in mistakes.found)
            if is_needed and not is_given and not is_misspelt:
                mistakes.add(
                    key,
                    f"`{name}` is missing",
                    f"add `{name} = [...]` to [[space]]",
                )

    def _note_unknown(self, key: Key, mistakes: Mistakes) -> None:
        name = str(key[-1])
        names = [*self.hyperparameters(), *SPECIAL]
        if not self.is_complete:
            mistakes.add_unknown(key, names)
        elif owners(name):
            mistakes.add(
                key[:-1],
                f"{self._asked(name)} has no hyperparameter `{name}`",
                say_owners(name),
            )
        else:
            mistakes.add_unknown(
                key, names, text=f"no hyperparameter is called `{printable(name)}`"
            )

    def _asked(self, name: str) -> str:
        """Which model or optimizer lacks the hyperparameter that a space names."""
        is_optimizers = owners(name)[0] in OPTIMIZERS
        if not is_optimizers:
            return self.model.name if self.model else "the model"
        lacking = (o for o in self.optimizers if name not in OPTIMIZERS[o])
        own = self.optimizer.name if self.optimizer else None
        return own or next(lacking, "the optimizer")
