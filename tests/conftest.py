"""What holds for every test."""

import os


# As `paribus run` asks for it; said here because tests use JAX before they train.
os.environ["JAX_NUM_CPU_DEVICES"] = str(len(os.sched_getaffinity(0)))
