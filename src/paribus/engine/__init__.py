"""The training half: everything that needs JAX and knows of runs."""

import os

from paribus.errors import MissingPackageError


# jaxlib writes two errors that speak of SIGILL when a CPU program comes out of the
# compilation cache, though all is well (jax-ml/jax#38445). It reads this at import.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# The oldest that pyproject.toml allows.
OLDEST_JAX = (0, 10)

try:
    import jax

    _found = tuple(map(int, jax.__version__.split(".")[:2]))
except Exception as error:  # whatever a jaxlib of another version raises
    raise MissingPackageError(
        f"training needs the package jax, which cannot be loaded: {error}",
        hint="pip install --upgrade jax",
    ) from error
if _found < OLDEST_JAX:
    raise MissingPackageError(
        f"training needs jax {'.'.join(map(str, OLDEST_JAX))} or newer, got "
        f"{jax.__version__}",
        hint="pip install --upgrade jax",
    )
