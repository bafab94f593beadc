"""A study that is made in Python, and runs itself."""

import html
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any, Literal

from paribus import study as records
from paribus.api import arguments as check
from paribus.api.compiling import ask_model
from paribus.api.result import Result
from paribus.api.running import run_study
from paribus.api.spaces import Space, as_space, plain
from paribus.api.speaking import said_in_python
from paribus.api.tasks import as_task
from paribus.builders import describe_builder
from paribus.counts import count
from paribus.errors import StudyError, suggest
from paribus.looks import first_seeds
from paribus.space import SearchSpace, show_value
from paribus.study import (
    Budget,
    DataChoice,
    DeclaredClaim,
    ModelChoice,
    OptimizerChoice,
    TaskChoice,
    Tuning,
    count_seeds,
)


STUDIES = Path("studies")


class Study(records.Study):
    """A question to be trained: configs and seeds, and what they have in common.

    Args:
        name: Letters, digits, `_`, `-` and `.`; results lie in `studies/<name>`.
        data: What to train on, e.g. `paribus.data.mnist(validation=5000)`.
        model: What to train, e.g. `paribus.models.mlp(hidden=[128])`, or a function
            that builds your own model.
        optimizer: How, e.g. `paribus.optimizers.adam()`; if not said, as the space
            says, else as the function compiles the model.
        space: A grid, or a dict that says what a [[space]] of a study file does, or
            several of them, whose union is trained, each config once.
        epochs: Passes over the training split.
        seeds: A count, or the seeds themselves.
        evaluate_every: Epochs from one evaluation to the next, or `"auto"`.
        steps: Steps that every run takes at least; larger batches then go on for more
            epochs.
        tuning: How the best value of a hyperparameter is found, by `paribus.tune`.
        claims: What is to be judged beside the built-in claims, by `paribus.claim`.
        diagnostics: What is measured of the trained weights.
        looks: How often the plan allows to look and add seeds; they share the error
            rate of the verdicts.
        stop_when_decided: Whether seeds are added look by look until the claims are
            decided, at most `seeds`. Early looks have stricter intervals.
        task: What is predicted: `"regression"`, or a dict that says what [task] of a
            study file does, with your own functions as loss and metrics; classes by the
            cross-entropy if not said.
        exact: Whether every number is the same bit for bit however runs are grouped,
            interrupted or added to; small blocks then idle in part.

    Raises:
        StudyError: If a part is out of range, or the parts do not fit together.

    Example:
        >>> import paribus as pb
        >>> study = pb.Study(
        ...     name="mnist",
        ...     data=pb.data.mnist(validation=5000),
        ...     model=pb.models.mlp(hidden=[128]),
        ...     optimizer=pb.optimizers.adam(),
        ...     space=pb.grid(learning_rate=[1e-3, 1e-2], batch_size=[32, 64]),
        ...     epochs=5,
        ... )
        >>> study.n_runs()
        40
    """

    @said_in_python()
    def __init__(  # noqa: PLR0913  (parts of a study are arguments)
        self,
        *,
        name: str,
        data: DataChoice,
        model: ModelChoice | Callable[..., Any],
        optimizer: OptimizerChoice | None = None,
        space: Space | Sequence[Space],
        epochs: int,
        seeds: int | Sequence[int] = 10,
        evaluate_every: int | float | Literal["auto"] = "auto",
        steps: int | None = None,
        tuning: Tuning | None = None,
        claims: Sequence[DeclaredClaim] = (),
        diagnostics: Sequence[str] = (),
        looks: int = 1,
        stop_when_decided: bool = False,
        task: TaskChoice | str | Mapping[str, Any] | None = None,
        exact: bool = False,
        **unknown: Any,
    ) -> None:
        for part, value in unknown.items():
            raise _unknown_part(part, value)
        check.check_text("name", name)
        check.check_data(data)
        check.check_optimizer(optimizer)
        check.check_space(space)
        check.check_tuning(tuning)
        check.check_claims(claims)
        check.check_task(task)
        check.check_words("diagnostics", diagnostics, "curvature")
        check.check_integer("looks", looks)
        check.check_interval("evaluate_every", evaluate_every)
        check.check_switch("stop_when_decided", stop_when_decided)
        check.check_switch("exact", exact)
        chosen = _chosen(model)
        united = as_space(space, model=chosen, optimizer=optimizer)
        said = as_task(task)
        if optimizer is None:
            optimizer, compiled = _said_by(chosen, united)
            said = compiled if task is None else said
        all_seeds = _seeds(seeds)
        super().__init__(
            name=name,
            seeds=first_seeds(all_seeds, looks) if stop_when_decided else all_seeds,
            planned_seeds=all_seeds if stop_when_decided else (),
            budget=Budget(
                epochs=epochs,
                # 1 epoch is 1.0 epochs; whatever else it is, the record judges.
                evaluate_every=float(evaluate_every)
                if type(evaluate_every) is int
                else evaluate_every,
                steps=steps,
            ),
            data=data,
            model=chosen,
            optimizer=optimizer,
            space=united,
            tuning=tuning,
            claims=tuple(claims),
            diagnostics=tuple(diagnostics),
            looks=looks,
            task=said,
            exact=exact,
        )

    @said_in_python()
    def run(
        self,
        folder: str | Path | None = None,
        *,
        device: Literal["auto", "cpu", "gpu"] = "auto",
        progress: bool = True,
        max_failed: int = 0,
        retry_failed: bool = False,
        allow_env_change: bool = False,
    ) -> Result:
        """Train the runs that are missing in the study's folder.

        Args:
            folder: Where results are, or will be; `studies/<name>` if not said.
            device: `"cpu"`, `"gpu"`, or `"auto"` for a GPU where there is one.
            progress: Whether to show progress: on stderr, or in the notebook.
            max_failed: Failed runs to put up with.
            retry_failed: Whether to train failed runs again.
            allow_env_change: Whether an exact study may go on with other versions or on
                another machine, where its numbers may be others.

        Returns:
            What the runs of this study found, those of earlier calls included. What
            else the folder holds, `paribus.load` shows.

        Raises:
            ParibusError: As `run_study`.
        """
        from paribus.console import show_progress
        from paribus.results.asked import only_asked

        record = self._record()
        where = STUDIES / self.name if folder is None else Path(folder)
        with show_progress() if progress else nullcontext() as on_progress:
            result = run_study(
                record,
                where,
                data_folder=Path(),
                device=device,
                on_progress=on_progress,
                max_failed=max_failed,
                retry_failed=retry_failed,
                allow_env_change=allow_env_change,
            )
        asked = only_asked(result, record)
        if not asked.study.is_made_in_python:  # a study file made the folder
            here = replace(asked.study, is_made_in_python=True)
            asked = replace(asked, study=here)
        return Result(asked, folder=where)

    def _record(self) -> records.Study:
        """The same study without this face, as the store and the engine know it."""
        return records.Study(
            name=self.name,
            seeds=self.seeds,
            budget=self.budget,
            data=self.data,
            model=self.model,
            optimizer=self.optimizer,
            space=self.space,
            tuning=self.tuning,
            claims=self.claims,
            diagnostics=self.diagnostics,
            looks=self.looks,
            planned_seeds=self.planned_seeds,
            task=self.task,
            exact=self.exact,
            is_made_in_python=True,
        )

    def __repr__(self) -> str:
        """What it is in a line; its parts are attributes."""
        return f"<Study {self.name}: {self._size()}>"

    def _size(self) -> str:
        n_configs, n_seeds = len(self.configs()), len(self.seeds)
        text = f"{count(self.n_runs(), 'run')}: {count(n_configs, 'config')}, "
        text += count(n_seeds, "seed")
        if self.tuning is None:
            return text
        return f"up to {text} and {len(self.tuning.seeds)} that tune"

    def _repr_html_(self) -> str:
        """The configs in a notebook."""
        from paribus.console.layout import html_table

        rows = [
            {name: show_value(value) for name, value in config.items()}
            for config in self.configs()
        ]
        return f"<p>{html.escape(self.name)}: {self._size()}</p>{html_table(rows)}"


def _chosen(model: ModelChoice | Callable[..., Any]) -> ModelChoice:
    """The model that is chosen, or what is known of a function that builds one."""
    if isinstance(model, ModelChoice):
        return model
    check.check_model(model)
    builder = describe_builder(model)
    return ModelChoice(name=builder.reference, builder=builder)


def _said_by(
    model: ModelChoice, space: SearchSpace
) -> tuple[OptimizerChoice, TaskChoice]:
    """The optimizer that nobody chose: of the space, else of the compiled model."""
    if any("optimizer" in grid for grid in space.grids):
        return OptimizerChoice(), TaskChoice()
    return ask_model(model, space.grids)


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(seeds, int) and not isinstance(seeds, bool):
        return count_seeds(seeds)
    if isinstance(seeds, Sequence) and not isinstance(seeds, str):
        return tuple(map(plain, seeds))
    raise StudyError(f"`seeds` must be a count or a list of integers, got {seeds!r}")


def _unknown_part(name: str, value: object) -> StudyError:
    """What to say of an argument that `Study` does not take."""
    known = [p for p in signature(Study.__init__).parameters if p != "self"]
    near = suggest(name, known)
    values = value if isinstance(value, list) else [value]
    return StudyError(
        f"a study has no part `{name}`",
        hint=near
        if near.startswith("did you mean")
        else f"if it is a hyperparameter: space=pb.grid({name}={values!r}, ...)",
    )
