"""The notebook's loop body in Keras, and our own network: one distribution."""

import numpy as np
import pytest
from keras_builders import notebook
from scipy import stats

import paribus as pb
from paribus.data import load_dataset
from paribus.store import read_study


MARGIN = 0.003  # of accuracy: 0.3 points
N_SEEDS = 10


def write_part_of_mnist(path):
    """20,000 training and all test images, so that twenty runs take a minute."""
    dataset = load_dataset(pb.data.mnist(), folder=path.parent)
    train = dataset.train.take(np.arange(20_000))
    test = dataset.splits["test"]
    np.savez(
        path,
        allow_pickle=False,
        x_train=train.inputs,
        y_train=train.labels,
        x_test=test.inputs,
        y_test=test.labels,
    )
    return str(path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras
def test_the_notebook_s_body_and_our_mlp_have_equivalent_accuracies(tmp_path):
    shared = {
        "data": pb.data.npz(write_part_of_mnist(tmp_path / "part.npz")),
        "epochs": 3,
        "evaluate_every": 3.0,
        "space": pb.grid(learning_rate=[0.001], batch_size=[32]),
    }
    theirs = pb.Study(
        name="theirs", model=notebook, seeds=list(range(N_SEEDS)), **shared
    )
    ours = pb.Study(
        name="ours",
        model=pb.models.mlp(hidden=[128]),
        optimizer=pb.optimizers.keras_adam(),
        seeds=list(range(100, 100 + N_SEEDS)),  # other weights and other orders
        **shared,
    )

    scores = {}
    for study in (theirs, ours):
        folder = tmp_path / study.name
        study.run(folder, progress=False)
        scores[study.name] = read_study(folder).final("test_accuracy")[0]

    # Two one-sided Welch tests at 5%: the 90% interval lies within the margin.
    test = stats.ttest_ind(scores["theirs"], scores["ours"], equal_var=False)
    interval = test.confidence_interval(0.90)
    assert interval.low > -MARGIN
    assert interval.high < MARGIN
