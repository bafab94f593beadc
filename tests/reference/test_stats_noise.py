"""The noise floor in simulated, calibrated two-class tasks."""

import numpy as np
import pytest

from paribus.stats.noise import difference_noise_floor, noise_floor, sampling_error


def simulated_runs(*, n_runs: int, n_examples: int, seed: int) -> np.ndarray:
    """Which examples each run gets right: [run, example].

    An example is of class 1 with probability q; a run answers 1 with the same
    probability, independently: an ensemble of runs is calibrated.
    """
    rng = np.random.default_rng(seed)
    q = rng.beta(0.1, 0.1, size=n_examples)
    labels = rng.random(n_examples) < q
    answers = rng.random((n_runs, n_examples)) < q
    return answers == labels


def test_runs_of_a_calibrated_task_vary_by_the_noise_floor():
    is_right = simulated_runs(n_runs=2000, n_examples=5000, seed=0)
    accuracy = is_right.mean(axis=1)

    floor = noise_floor(1 - float(accuracy.mean()), 5000)

    # 2,000 runs: 3.3 standard errors of a standard deviation, and the draw of examples.
    assert accuracy.std() == pytest.approx(floor, rel=0.1)


def test_two_runs_differ_over_draws_of_the_examples_by_the_same_floor():
    differences, errors = [], []
    for seed in range(1500):
        is_right = simulated_runs(n_runs=2, n_examples=400, seed=seed)
        accuracy = is_right.mean(axis=1)
        differences.append(accuracy[0] - accuracy[1])
        errors.append(1 - accuracy.mean())

    error = float(np.mean(errors))
    floor = difference_noise_floor(error, error, 400)

    # 1,500 differences: 3.3 standard errors of a standard deviation are 6 %.
    assert np.std(differences) == pytest.approx(floor, rel=0.06)


def test_sampling_error_is_the_binomial_one():
    accuracy = np.random.default_rng(0).binomial(1000, 0.9, size=20_000) / 1000

    # 20,000 draws: 3.3 standard errors of a standard deviation are 1.7 %.
    assert accuracy.std() == pytest.approx(sampling_error(0.1, 1000), rel=0.017)
