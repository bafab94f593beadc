"""Keras on JAX: chosen where nobody has chosen yet, else checked."""

import os
import sys

from paribus.errors import ExecutionError


def choose_jax_backend() -> None:
    """Let Keras run on JAX, without importing it.

    Raises:
        ExecutionError: If it is loaded with another backend, or older than Keras 3.
    """
    keras = sys.modules.get("keras")
    if keras is None:
        os.environ["KERAS_BACKEND"] = "jax"
        return
    version = str(getattr(keras, "__version__", "0"))
    if int(version.split(".")[0]) < 3:
        raise ExecutionError(
            f"Keras must be version 3 or newer, got {version}",
            hint="pip install --upgrade keras",
        )
    if (backend := keras.backend.backend()) != "jax":
        raise ExecutionError(
            f'Keras must run on JAX, got "{backend}"',
            hint="set the environment variable KERAS_BACKEND=jax before Keras is "
            "imported",
        )
