"""Train what a study folder lacks: open the store, load the data, hand over."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from paribus.data import Dataset, load_dataset
from paribus.data.batches import step_at
from paribus.data.mapped import MappedFiles
from paribus.declared import RESCUE
from paribus.engine.baseline import train_baseline
from paribus.engine.block import Compiler
from paribus.engine.devices import (
    choose_devices,
    debugging_off,
    describe_environment,
    use_compilation_cache,
)
from paribus.engine.memory import exhaustion_told
from paribus.engine.models import Models
from paribus.engine.session import OnProgress, Session
from paribus.engine.tasks import guessing
from paribus.engine.trainer import Trainer
from paribus.errors import StudyError
from paribus.hyperparameters import BATCH_SIZE
from paribus.refinement import may_be_added, with_added
from paribus.results import StudyResult
from paribus.results.failures import check_failures
from paribus.space import show_value
from paribus.stopping import at_look_of, with_all_seeds
from paribus.store import StudyWriter, read_study
from paribus.study import Study


def train_study(
    study: Study,
    folder: Path,
    *,
    data_folder: Path,
    device: str = "auto",
    on_progress: OnProgress | None = None,
    max_failed: int = 0,
    retry_failed: bool = False,
    allow_env_change: bool = False,
) -> StudyResult:
    """Train the runs of a study that are missing in its folder.

    Args:
        study: What to train. It may have grown since the folder was made.
        folder: Where results are, or will be.
        data_folder: What a relative `data.path` is relative to.
        device: `"cpu"`, `"gpu"`, or `"auto"` for a GPU where there is one.
        on_progress: Called after each commit and evaluation.
        max_failed: Failed runs to put up with.
        retry_failed: Whether to train failed runs again.
        allow_env_change: Whether an exact study may go on in another environment.

    Returns:
        Everything in the folder, earlier results included.

    Raises:
        StudyError: If the study does not fit its data, or changed in more than its
            space and seeds.
        DataError: If the data cannot be read or differ from those recorded.
        StoreError: If the folder is in use, damaged, or something else.
        ResourceError: If the disk is full, or will be, or memory is exhausted.
        ExecutionError: If there is no such device, or the study is exact and the
            environment is not that of the call before.
        UserCodeError: If a model of the user's own cannot be trained.
        TooManyFailuresError: If more than `max_failed` runs failed.
    """
    with ExitStack() as stack:
        stack.enter_context(debugging_off())
        if (writer := StudyWriter.open_if_any(folder)) is not None:
            stack.enter_context(writer)
        dataset = load_dataset(study.data, folder=data_folder, kind=study.task.kind)
        check_fits(study, dataset)
        devices = choose_devices(device)
        models = Models(study, dataset)
        models.check()
        files = MappedFiles(dataset.splits.values())
        facts = replace(dataset.facts(), **guessing(models.task, dataset))
        files.check()
        if writer is None:
            writer = stack.enter_context(StudyWriter.create(folder, study, facts))
            stack.push(writer.take_back)
        writer.check_data(facts)
        writer.watch_data(files.check)
        environment = describe_environment(devices) | models.environment()
        writer.check_environment(environment, allow_change=allow_env_change)
        writer.grow(study)
        study = at_look_of(study, writer.study)
        writer.begin_attempt(environment)
        if retry_failed:
            writer.retry_failed()
        use_compilation_cache()
        stack.enter_context(exhaustion_told())
        compiler = stack.enter_context(Compiler(n_threads=2))
        # What is worse than linear is to be rescued, not to be chosen, and no learner.
        is_needed = study.tuning is not None or study.planned_seeds
        if RESCUE in study.diagnostics or is_needed:
            _commit_baseline(writer, study, dataset, devices)
        session = Session(study, folder, writer, on_progress)
        # What tuning and looks will add is trained by the programs of what is there.
        whole = with_all_seeds(with_added(study, may_be_added(study)))
        session.train(Trainer(whole, dataset, devices, compiler, models))
        _commit_baseline(writer, study, dataset, devices)
    result = read_study(folder)
    check_failures(result, study, max_failed=max_failed)
    return result


def _commit_baseline(
    writer: StudyWriter, study: Study, dataset: Dataset, devices: tuple[Any, ...]
) -> None:
    """Train and store what runs are compared with, unless that was done before."""
    if study.has_baseline and not writer.has_baseline():
        baseline = train_baseline(study, dataset, devices)
        if baseline is not None:
            writer.commit_baseline(**baseline._asdict())


def check_fits(study: Study, dataset: Dataset) -> None:
    """Refuse a study that does not fit its data set.

    Raises:
        StudyError: If a batch is larger than the training split, or a warm-up longer
            than a run.
    """
    n_train = len(dataset.train)
    for i, grid in enumerate(study.space.grids):
        for j, batch_size in enumerate(grid.get(BATCH_SIZE.name, ())):
            assert isinstance(batch_size, int)
            if batch_size > n_train:
                raise StudyError(
                    f"`batch_size` must be at most the {n_train:,} training examples, "
                    f"got {batch_size}",
                    key=("space", i, BATCH_SIZE.name, j),
                )
        for batch_size in grid.get(BATCH_SIZE.name, ()):
            assert isinstance(batch_size, int)
            _check_warm_up(study, i, batch_size, n_train)


def _check_warm_up(study: Study, grid: int, batch_size: int, n_train: int) -> None:
    """Refuse a warm-up after whose end no step is left."""
    epochs = study.budget.run_epochs(n_train=n_train, batch_size=batch_size)
    n_steps = step_at(epochs, n_train, batch_size)
    limits = {
        "warmup_epochs": (epochs, f"{epochs:,.6g} epoch"),
        "warmup_steps": (n_steps, f"{n_steps:,} step"),
    }
    for name, (most, words) in limits.items():
        fixed = study.optimizer.settings.get(name)
        varied = study.space.grids[grid].get(name, ())
        places = {("space", grid, name, j): value for j, value in enumerate(varied)}
        if fixed is not None:
            places = {("optimizer", name): fixed}
        for key, value in places.items():
            assert isinstance(value, int | float)
            if value > most:
                unit = words if most == 1 else f"{words}s"
                raise StudyError(
                    f"`{name}` must be at most the {unit} of a run at batch size "
                    f"{batch_size}, got {show_value(value)}",
                    hint="in a longer warm-up no step has the learning rate that is "
                    "asked for",
                    key=key,
                )
