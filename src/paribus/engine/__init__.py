"""The training half: everything that needs JAX and knows of runs."""

import os


# jaxlib writes two errors that speak of SIGILL when a CPU program comes out of the
# compilation cache, though all is well (jax-ml/jax#38445). It reads this at import.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
