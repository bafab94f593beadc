"""Which step is an evaluation made after? Evaluations are equal in examples."""

import numpy as np
from jaxtyping import Int

from paribus.results.result import StudyResult


def evaluation_steps(
    result: StudyResult, config: int
) -> Int[np.ndarray, " evaluation"]:
    """Count the optimizer steps of a config before each evaluation.

    The last, partial batch of an epoch is a step too; within an epoch an evaluation
    takes place after the nearest step, as the engine does it.

    Args:
        result: Of which the number of training examples is known.
        config: Position of a config whose batch size is known.
    """
    n_train = result.data.n_train
    batch_size = result.study.settings(result.configs[config]).batch_size
    assert n_train > 0
    assert batch_size > 0
    per_epoch = -(-n_train // batch_size)
    whole = np.floor(result.epochs + 1e-9)
    rest = np.maximum(result.epochs - whole, 0.0)
    within = np.floor(rest * n_train / batch_size + 0.5)
    return (whole * per_epoch + np.minimum(within, per_epoch)).astype(np.int64)
