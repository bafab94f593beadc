"""D3 of `docs/concepts/determinism.md`: other shapes give the same distribution."""

from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset
from scipy import stats

from paribus.choices import OptimizerChoice
from paribus.engine.block import BlockShape, Compiler
from paribus.engine.epochs import train_block
from paribus.engine.plan import group_configs
from paribus.engine.trainer import Trainer
from paribus.study import ModelChoice, Run, Study


N_SEEDS = 30
WIDTHS = (3, 8, 64)
MARGIN = 0.25  # of the standard deviation over seeds: a difference that nobody sees
BLOBS = make_blobs_study(learning_rate=(0.02,), seeds=tuple(range(N_SEEDS)), epochs=3)


def mlp(**settings: object) -> ModelChoice:
    return ModelChoice(name="mlp", settings={"hidden": (8,), **settings})  # pyright: ignore[reportArgumentType]


STUDIES = {
    "linear": replace(BLOBS, model=ModelChoice(name="softmax")),
    "one layer": BLOBS,
    "two layers of tanh": replace(BLOBS, model=mlp(hidden=(16, 16), activation="tanh")),
    "dropout": replace(BLOBS, model=mlp(dropout=0.3)),
    "momentum": replace(BLOBS, optimizer=OptimizerChoice(name="momentum")),
}
LENGTH = {"linear": pytest.mark.slow}  # the others are long


def losses(study: Study, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The test loss before the first step and at the end, by seed."""
    device = jax.devices("cpu")[0]
    (group,) = group_configs(study)
    runs = [Run(config, seed) for config in group.configs for seed in study.seeds]
    shape = BlockShape(
        devices=(device,), runs_per_device=max(width, N_SEEDS), map_width=width
    )
    with Compiler(n_threads=2) as compiler:
        trainer = Trainer(study, make_dataset(), (device,), compiler)
        trainer._shapes[group] = shape
        driver = trainer.driver(group)
        trained = train_block(driver, runs, study, n_examples=trainer.n_examples)
    assert trained is not None
    found = trained.curves["test_loss"].astype(np.float64)
    return found[0], found[-1]


@pytest.mark.parametrize(
    "study",
    [
        pytest.param(study, id=name, marks=LENGTH.get(name, pytest.mark.long))
        for name, study in STUDIES.items()
    ],
)
def test_the_width_of_the_vectorisation_changes_no_distribution(study: Study):
    start, end = losses(study, 1)
    margin = MARGIN * end.std(ddof=1)
    assert margin > 0

    for width in WIDTHS:
        other_start, other_end = losses(study, width)

        # The weights are the same: float32 sums of 32 examples, in another order.
        np.testing.assert_allclose(other_start, start, rtol=1e-5)
        # Two one-sided tests, paired by seed: the means differ by less than the margin.
        difference = other_end - end
        if np.ptp(difference) > 0:
            lower: Any = stats.ttest_1samp(difference, -margin, alternative="greater")
            upper: Any = stats.ttest_1samp(difference, margin, alternative="less")
            assert max(lower.pvalue, upper.pvalue) < 0.05, width
        assert abs(difference.mean()) < margin
