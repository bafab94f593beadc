"""Data sets: where they come from, and which examples are in which step. NumPy only."""

from paribus.data.dataset import Dataset, Split
from paribus.data.sources import load_dataset


__all__ = ["Dataset", "Split", "load_dataset"]
