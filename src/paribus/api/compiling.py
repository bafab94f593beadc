"""What a user's own model is compiled with, where a study does not say it."""

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.study import ModelChoice, OptimizerChoice, TaskChoice


def ask_model(
    model: ModelChoice, grids: Sequence[Mapping[str, Sequence[Any]]]
) -> tuple[OptimizerChoice, TaskChoice]:
    """Build the model with each value of the space, and read what it is compiled with.

    Args:
        model: A model of the user's own.
        grids: The grids of the search space.

    Returns:
        The optimizer, and what its loss and metrics are here.

    Raises:
        StudyError: If it is not compiled, or with what has no counterpart here.
        UserCodeError: If building it raises.
    """
    from paribus.engine.devices import ask_for_cores
    from paribus.integrations.compiled import compiled_choices

    ask_for_cores()  # Keras uses JAX
    return compiled_choices(model, grids)
