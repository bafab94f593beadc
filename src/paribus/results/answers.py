"""Which examples each run classified right, kept eight to a byte until asked for."""

from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Bool, UInt8


class PackedAnswers(Mapping[str, np.ndarray]):
    """Split -> whether each run classified each of its examples right.

    Ten thousand runs of ten thousand examples are 12 MB packed and 100 MB unpacked, so
    a split is unpacked each time it is asked for, and never for those who do not ask.
    """

    def __init__(
        self,
        packed: Mapping[str, UInt8[np.ndarray, "config seed byte"]],
        n_examples: Mapping[str, int],
    ) -> None:
        """Keep the bytes as they are.

        Args:
            packed: Split -> the answers, the first in the highest bit of a byte.
            n_examples: Split -> how many examples it has.
        """
        self._packed = packed
        self._n_examples = n_examples

    def __getitem__(self, split: str) -> Bool[np.ndarray, "config seed example"]:
        n_examples = self._n_examples[split]
        bits = np.unpackbits(self._packed[split], axis=-1, count=n_examples)
        return bits.view(np.bool_)

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
