"""The training half: plans, compiles and runs studies. The only part that loads JAX."""
