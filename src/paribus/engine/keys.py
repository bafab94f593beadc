"""Seed and purpose to JAX key."""

import zlib

import jax
import numpy as np
from jaxtyping import Array, Key, UInt32


def seed_words(seed: int) -> UInt32[np.ndarray, "2"]:
    """A seed, 0 to 2^63 - 1, as the two words of a threefry key."""
    return np.array([seed >> 32, seed & 0xFFFF_FFFF], dtype=np.uint32)


def purpose_key(words: UInt32[Array, "2"], purpose: str) -> Key[Array, ""]:
    """The key of one purpose of one seed, whatever the config and its place in a block.

    threefry is named because under `rbg` a vmap draws the whole batch from one key.
    """
    key = jax.random.wrap_key_data(words, impl="threefry2x32")
    return jax.random.fold_in(key, zlib.crc32(purpose.encode()))
