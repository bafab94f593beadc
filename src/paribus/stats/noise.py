"""How much of a score is the luck of a finite split?"""

import math


def noise_floor(error: float, n_examples: int) -> float:
    """Run-to-run standard deviation that a finite split alone would give an accuracy.

    Two runs of one config get different examples wrong. For a calibrated two-class task
    the accuracy on `n_examples` fixed examples then varies by this much, although the
    models are equally good on the population.

    Args:
        error: 1 - accuracy, as a fraction.
        n_examples: Size of the split.

    Returns:
        A standard deviation of an accuracy, as a fraction.

    Assumes:
        Calibration and two classes; for more classes it is an upper value. A yardstick,
        not a bound: on Fashion-MNIST with error .077 and 9,984 examples it says .0020,
        observed were .0018 to .0029.

    Example:
        >>> round(noise_floor(0.02, 10_000), 4)
        0.001

    References:
        Jordan, On the Variance of Neural Network Training with Respect to Test Sets and
        Distributions, 2023, arXiv 2304.01910.
    """
    return math.sqrt(error / (2 * n_examples))


def sampling_error(error: float, n_examples: int) -> float:
    """Standard deviation of one model's accuracy over draws of the split.

    Unlike `noise_floor` it does not shrink when more seeds are averaged: all of them
    are judged on the same examples.

    Args:
        error: 1 - accuracy, as a fraction.
        n_examples: Size of the split.

    Returns:
        A standard deviation of an accuracy, as a fraction.

    Assumes:
        Examples are independent (binomial).

    Example:
        >>> round(sampling_error(0.02, 10_000), 4)
        0.0014
    """
    return math.sqrt(error * (1 - error) / n_examples)


def difference_noise_floor(error_a: float, error_b: float, n_examples: int) -> float:
    """Standard deviation of the difference of two models that the split alone gives.

    Two independent runs, each with the noise floor of the mean error: sqrt(2) *
    sqrt(error / (2 n)) = sqrt(error / n). The same number answers the other question,
    how the difference varies over draws of the examples: two calibrated, equally good
    models of a two-class task disagree about correctness on a share `error` of the
    examples, and a paired difference has the variance (share of disagreement) / n.

    Args:
        error_a: 1 - accuracy of one model, as a fraction.
        error_b: 1 - accuracy of the other.
        n_examples: Size of the split both are judged on.

    Returns:
        A standard deviation of a difference of accuracies, as a fraction.

    Assumes:
        As `noise_floor`, of which this is sqrt(2) times: that one is about one run, and
        what stands beside a difference must be about two. It is for one model a side;
        the mean over seeds varies less from run to run, not less over examples.

    Example:
        >>> round(difference_noise_floor(0.02, 0.04, 10_000), 4)
        0.0017
    """
    return math.sqrt(2) * noise_floor((error_a + error_b) / 2, n_examples)


def smallest_effect(error: float, n_examples: int) -> float:
    """Smallest difference of accuracies worth having, where a study does not name one.

    Twice the noise floor, rounded up to a tenth of a percentage point, and at least
    two tenths.

    Args:
        error: 1 - accuracy of a good config, as a fraction.
        n_examples: Size of the split.

    Returns:
        A difference of accuracies, as a fraction.

    Example:
        >>> smallest_effect(0.02, 10_000), smallest_effect(0.08, 10_000)
        (0.002, 0.004)
    """
    # Rounded first, so that 2.0000000000000004 tenths do not become 3.
    tenths = math.ceil(round(2 * noise_floor(error, n_examples) * 1000, 9))
    return max(tenths, 2) / 1000
