"""Functions that train a study twice, vectorised and in a loop; they assert nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

import paribus as pb
from paribus.data import Dataset, load_dataset
from paribus.store import read_study
from paribus.study import Run, Study


def losses_both_ways(
    study: pb.Study, folder: Path, loop: Callable[[Study, Dataset, Run], list[float]]
) -> tuple[np.ndarray, list[list[list[float]]]]:
    """Test losses after each epoch, by config and seed: the study's, and the loop's.

    Args:
        study: What is trained.
        folder: Where its data lie.
        loop: What trains one run.
    """
    study.run(folder / "study", progress=False)
    dataset = load_dataset(study.data, folder=folder)
    theirs = [
        [loop(study, dataset, Run(config, seed)) for seed in study.seeds]
        for config in study.configs()
    ]
    return read_study(folder / "study").curves["test_loss"][:, :, 1:], theirs
