"""A study as data: everything needed to repeat it, and nothing that needs JAX."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from paribus.budget import Budget
from paribus.checked_space import checked_space
from paribus.choices import ELSEWHERE, DataChoice, ModelChoice, OptimizerChoice
from paribus.declared import (
    DeclaredClaim,
    check_claims,
    check_diagnostics,
    check_rescue,
)
from paribus.errors import StudyError
from paribus.halving import Halving
from paribus.hyperparameters import Hyperparameter, Value, frozen, merged, plain
from paribus.looks import check_planned_seeds, fixed_looks
from paribus.names import check_name
from paribus.optimizer_catalogue import OPTIMIZERS, in_use
from paribus.seeds import MAX_RUNS, MAX_SEED, check_seeds, count_seeds
from paribus.space import Config, SearchSpace
from paribus.tasks import TaskChoice
from paribus.tuning import Tuning


__all__ = [
    "ELSEWHERE",
    "MAX_RUNS",
    "MAX_SEED",
    "Budget",
    "DataChoice",
    "DeclaredClaim",
    "ModelChoice",
    "OptimizerChoice",
    "Run",
    "Settings",
    "Study",
    "TaskChoice",
    "Tuning",
    "check_name",
    "check_seeds",
    "count_seeds",
]

MIN_SEEDS_FOR_BASELINE = 5
MAX_LOOKS = 100


class Run(NamedTuple):
    """One training: one config with one seed.

    Attributes:
        config: The hyperparameters.
        seed: What fixes its randomness.
    """

    config: Config
    seed: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All hyperparameters of one config: those of the space, the fixed, the defaults.

    Attributes:
        batch_size: Examples per step; 0 if not known, as of runs trained elsewhere.
        model: Hyperparameter -> value, all static.
        optimizer_name: Which optimizer, a key of `OPTIMIZERS`.
        optimizer: Hyperparameter -> value, without what the study does without.
    """

    batch_size: int
    model: Mapping[str, Value]
    optimizer_name: str
    optimizer: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Study:
    """Configs and seeds to be trained to answer a question.

    Attributes:
        name: Letters, digits, `_`, `-` and `.`: results lie in `studies/<name>`.
        seeds: The integers, each of which fixes all randomness of a run.
        budget: What each run may spend.
        data: Which data set.
        model: Which model.
        optimizer: Which optimizer, if the space does not say.
        space: The configs.
        tuning: How the best value of a hyperparameter is found before configs are
            compared; None to compare every config.
        claims: What the study is asked to judge, beside the built-in claims.
        diagnostics: What is measured of the trained weights, a subset of `DIAGNOSTICS`.
        late_seeds: Those of `seeds` that were added after runs had been trained, and
            beyond what `looks` allows.
        looks: How often the plan allows to look at the results: after the first seeds,
            and each time that seeds are added. Intervals share the error rate.
        n_looks: How many of them there have been.
        planned_seeds: All seeds that there may be, where looks add them until all is
            decided; `seeds` are those so far. Empty where they are added by hand.
        task: What is predicted, by which loss and metrics.
        exact: Whether every number is the same bit for bit however runs are grouped:
            blocks then have one shape, and the environment may not change.
        is_made_in_python: Whether Python made it, not a file; no part of what it is.

    Raises:
        StudyError: If a field is out of range, or the fields do not fit together.
    """

    name: str
    seeds: tuple[int, ...]
    budget: Budget
    data: DataChoice
    model: ModelChoice
    optimizer: OptimizerChoice
    space: SearchSpace
    tuning: Tuning | None = None
    claims: tuple[DeclaredClaim, ...] = ()
    diagnostics: tuple[str, ...] = ()
    late_seeds: tuple[int, ...] = ()
    looks: int = 1
    n_looks: int = 1
    planned_seeds: tuple[int, ...] = ()
    task: TaskChoice = field(default_factory=TaskChoice)
    exact: bool = False
    is_made_in_python: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        check_seeds(self.seeds)
        check_diagnostics(self.diagnostics, kind=self.task.kind)
        if not 1 <= self.looks <= MAX_LOOKS:
            raise StudyError(
                f"`study.looks` must be from 1 to {MAX_LOOKS}, got {self.looks}"
            )
        check_planned_seeds(self.planned_seeds, self.looks)
        if self.tuning is not None:
            self.tuning.check_seeds_differ(self.planned_seeds or self.seeds)
        space = checked_space(self.space, model=self.model, optimizer=self.optimizer)
        object.__setattr__(self, "space", space)
        if self.tuning is not None:
            self.tuning.check_fits(space.grids, self.data.validation, self.budget)
        tuned = self.tuning.hyperparameter if self.tuning else None
        check_claims(self.claims, space.grids, tuned, metrics=self.task.metric_names())
        check_rescue(self.diagnostics, tuned)
        n_runs = len(self.configs()) * max(len(self.all_seeds), len(self.planned_seeds))
        if n_runs > MAX_RUNS:
            raise StudyError(
                f"the study has {n_runs:,} runs, the limit is {MAX_RUNS:,}"
            )

    def configs(self) -> tuple[Config, ...]:
        """The configs of the search space, each once."""
        return self._configs

    @cached_property
    def _configs(self) -> tuple[Config, ...]:
        return self.space.configs()

    @property
    def is_imported(self) -> bool:
        """Whether another tool trained the runs."""
        return self.model.name == ELSEWHERE

    def n_runs(self) -> int:
        """Runs of the finished study."""
        return len(self.configs()) * len(self.all_seeds)

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The seeds that compare configs, then those that tune."""
        return self.seeds + (self.tuning.seeds if self.tuning else ())

    @property
    def halving(self) -> Halving | None:
        """How tuning stops values that fall behind; None if it stops none."""
        return self.tuning.halving if self.tuning else None

    @property
    def has_baseline(self) -> bool:
        """Whether runs are compared with softmax regression.

        Its training costs 15 runs, and with fewer seeds than a verdict needs nothing is
        concluded from it.
        """
        return len(self.seeds) >= MIN_SEEDS_FOR_BASELINE

    def batch_sizes(self) -> tuple[int, ...]:
        """Every batch size of the space, each once, ascending."""
        return tuple(sorted({self.settings(c).batch_size for c in self.configs()}))

    def has_dropout(self) -> bool:
        """Whether runs drop anything out: if the study varies dropout, or sets it.

        A property of the study, not of its values, so that a program is what it was
        when the space grows. What is fixed can never change.
        """
        if self.model.builder is not None:
            return False
        is_varied = "dropout" in self.space.hyperparameters()
        return is_varied or bool(self.model.settings.get("dropout"))

    def evaluation_epochs(self, n_train: int) -> tuple[float, ...]:
        """When the study's runs are evaluated, each up to its own end.

        Args:
            n_train: Examples in the training split.
        """
        return self.budget.evaluation_epochs(
            n_train=n_train, batch_sizes=self.batch_sizes()
        )

    def run_epochs(self, config: Config, n_train: int) -> float:
        """How many epochs a run of `config` trains."""
        return self.budget.run_epochs(
            n_train=n_train, batch_size=self.settings(config).batch_size
        )

    def settings(self, config: Config) -> Settings:
        """All hyperparameters of `config`, with the fixed ones and the defaults."""
        if config not in self._settings:
            self._settings[config] = self._work_out(config)
        return self._settings[config]

    @cached_property
    def _settings(self) -> dict[Config, Settings]:
        """Those that were asked for: an analysis asks thousands of times."""
        return {}

    def _work_out(self, config: Config) -> Settings:
        batch_size = config.get("batch_size", 0)
        assert isinstance(batch_size, int)
        if self.is_imported:
            name = str(config.get("optimizer", ELSEWHERE))
            return Settings(
                batch_size=batch_size, model={}, optimizer_name=name, optimizer={}
            )
        optimizer = str(self.optimizer.name or config["optimizer"])
        return Settings(
            batch_size=batch_size,
            model=merged(self.model.hyperparameters(), self.model.settings, config),
            optimizer_name=optimizer,
            optimizer=in_use(
                OPTIMIZERS[optimizer],
                merged(OPTIMIZERS[optimizer], self.optimizer.settings, config),
                fixed=self.optimizer.settings,
                varied=self.space.hyperparameters(),
            ),
        )

    def static_part(self, config: Config) -> tuple[tuple[str, Value], ...]:
        """What a compiled program is made for: configs that share it share the program.

        Every hyperparameter of `config` that changes shapes or control flow; the traced
        ones (learning rate, momentum, ...) are left out.
        """
        if self.is_imported:
            return tuple(sorted(config.items()))
        settings = self.settings(config)
        known = {
            **self.model.hyperparameters(),
            **OPTIMIZERS[settings.optimizer_name],
        }
        values = {**settings.model, **settings.optimizer}
        static = {
            name: value for name, value in values.items() if known[name].is_static
        }
        static["optimizer"] = settings.optimizer_name
        return (("batch_size", settings.batch_size), *sorted(static.items()))

    def fixed_settings(self) -> dict[str, Any]:
        """What may not change while a study grows, as dotted keys of the study file.

        Everything but the space and the seeds. Values are plain JSON values.
        """
        fixed: dict[str, Any] = {
            "study.name": self.name,
            "study.epochs": self.budget.epochs,
            "study.evaluate_every": self.budget.evaluate_every,
            "study.steps": self.budget.steps,
            "study.looks": self.looks,
            "study.exact": self.exact,
            **fixed_looks(self.planned_seeds),
            **{f"data.{name}": value for name, value in self.data.to_dict().items()},
            "diagnostics.measure": list(self.diagnostics),
            **(self.tuning.fixed_settings() if self.tuning else {}),
            "model.name": self.model.name,
            "optimizer.name": self.optimizer.name,
        }
        fixed |= {f"task.{n}": v for n, v in self.task.recorded().items()}
        if self.is_imported:
            return fixed
        model = self.model
        fixed |= self._fixed_of("model", model.hyperparameters(), model.settings)
        if self.model.builder is not None:
            fixed["model.source"] = self.model.builder.source
        settings = self.optimizer.settings
        if self.optimizer.name is None:
            # Defaults are each optimizer's own, and optimizers may be added.
            fixed |= {f"optimizer.{n}": plain(v) for n, v in settings.items()}
        else:
            known = OPTIMIZERS[self.optimizer.name]
            fixed |= self._fixed_of("optimizer", known, settings)
        return fixed

    def _fixed_of(
        self,
        table: str,
        known: Mapping[str, Hyperparameter],
        settings: Mapping[str, Value],
    ) -> dict[str, Any]:
        """The fixed hyperparameters of one table, defaults spelled out."""
        in_space = self.space.hyperparameters()
        values = {
            name: settings.get(name, hyperparameter.default)
            for name, hyperparameter in known.items()
            if name not in in_space
        }
        return {f"{table}.{name}": plain(value) for name, value in values.items()}

    def to_dict(self) -> dict[str, Any]:
        """Write the study as plain JSON values; `from_dict` reads it back."""
        planned = self.planned_seeds
        return {
            "study": {
                "name": self.name,
                "seeds": list(self.seeds),
                "late_seeds": list(self.late_seeds),
                "looks": self.looks,
                "n_looks": self.n_looks,
                **({"planned_seeds": list(planned)} if planned else {}),
                "epochs": self.budget.epochs,
                "evaluate_every": self.budget.evaluate_every,
                "steps": self.budget.steps,
            },
            "data": self.data.to_dict(),
            "model": self.model.to_dict(),
            "optimizer": self.optimizer.to_dict(),
            "space": [
                {
                    name: [plain(value) for value in values]
                    for name, values in grid.items()
                }
                for grid in self.space.grids
            ],
            **({"refined": list(self.space.refined)} if self.space.refined else {}),
            "tuning": self.tuning.to_dict() if self.tuning else None,
            "claims": [claim.to_dict() for claim in self.claims],
            "diagnostics": list(self.diagnostics),
            **({"exact": True} if self.exact else {}),
            **({"made_in": "python"} if self.is_made_in_python else {}),
            **({"task": task} if (task := self.task.recorded()) else {}),
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Study":
        """Read what `to_dict` wrote.

        Raises:
            StudyError: If the values do not make a study.
            KeyError: If a part is missing.
        """
        table = written["study"]
        return Study(
            name=table["name"],
            seeds=tuple(table["seeds"]),
            budget=Budget(
                epochs=table["epochs"],
                evaluate_every=table["evaluate_every"],
                steps=table["steps"],
            ),
            data=DataChoice(**written["data"]),
            model=ModelChoice.from_dict(written["model"]),
            optimizer=OptimizerChoice.from_dict(written["optimizer"]),
            space=SearchSpace(
                grids=tuple(
                    {name: tuple(map(frozen, values)) for name, values in grid.items()}
                    for grid in written["space"]
                ),
                refined=tuple(written.get("refined", ())),
            ),
            tuning=Tuning.from_dict(written["tuning"]) if written["tuning"] else None,
            claims=tuple(map(DeclaredClaim.from_dict, written["claims"])),
            diagnostics=tuple(written["diagnostics"]),
            late_seeds=tuple(table.get("late_seeds", ())),
            looks=table.get("looks", 1),
            n_looks=table.get("n_looks", 1),
            planned_seeds=tuple(table.get("planned_seeds", ())),
            task=TaskChoice.from_dict(written.get("task", {})),
            exact=written.get("exact", False),
            is_made_in_python=written.get("made_in") == "python",
        )
