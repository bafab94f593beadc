"""What the cost of the measures is measured against trains, and without them."""

import jax
import numpy as np
import pytest
from builders import make_dataset, make_study
from measures import all_runs, make_trainer

from paribus.engine.epochs import train_block


@pytest.mark.slow
@pytest.mark.parametrize("measured", [True, False])
def test_only_a_trainer_with_measures_samples_steps(measured):
    study, dataset = make_study(n_seeds=1), make_dataset(n_train=256)
    trainer = make_trainer(study, dataset, tuple(jax.devices()[:1]), measured=measured)
    (block, *_) = trainer.blocks(all_runs(study))

    curves = train_block(trainer.driver(block.group), block.runs, study, n_examples=256)

    assert curves is not None
    assert np.isfinite(curves.curves["train_loss"]).all()
    assert np.isfinite(curves.measures["overshoot_share"]).any() == measured
