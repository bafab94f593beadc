"""Runs that another tool trained, as a result."""

import re
from collections.abc import Sequence
from pathlib import Path

from paribus.api.result import Result, load
from paribus.names import as_study_name


def import_curves(  # noqa: PLR0913  (each names one thing about the file)
    path: str | Path,
    folder: str | Path | None = None,
    *,
    hyperparameters: Sequence[str],
    seed: str = "seed",
    epoch: str = "epoch",
    data: str | None = None,
    n_train: int = 0,
    n_validation: int = 0,
    n_test: int = 0,
    n_classes: int = 0,
) -> Result:
    """Make a study folder of training curves that another tool recorded, and read it.

    Args:
        path: A CSV file, gzipped or not: one row per run and evaluation. Metrics are
            the columns called `<split>_<metric>`, e.g. `test_accuracy`, accuracies as
            fractions and losses in nats. `curves.csv` of an export is such a file.
        folder: The study folder to make; `studies/<name of the file>` if not said.
        hyperparameters: Columns that tell configs apart.
        seed: The column of the seed.
        epoch: The column of the epoch; 0 is before the first step.
        data: The data set's name, for people; the file's if not said.
        n_train: Examples trained on; 0 if not known, and so below.
        n_validation: Examples held out for validation.
        n_test: Examples of the test split; without it there is no noise floor.
        n_classes: Number of labels. Without it chance is taken from epoch 0.

    Raises:
        CommandError: If the file has no column of a name.
        DataError: If the file cannot be understood.
        StoreError: If the folder is not empty.
    """
    from paribus.imports import DataSizes, import_runs

    source = Path(path)
    stem = re.sub(r"(\.csv)?(\.gz)?$", "", source.name, flags=re.IGNORECASE)
    name = as_study_name(stem, otherwise="imported")
    where = Path("studies") / name if folder is None else Path(folder)
    import_runs(
        source,
        where,
        name=name,
        hyperparameters=hyperparameters,
        columns=(seed, epoch),
        data=data,
        sizes=DataSizes(n_train, n_validation, n_test, n_classes),
    )
    return load(where)
