"""Data sets: where they come from, and which examples are in which step. NumPy only."""

from paribus.data.choosing import (
    arrays,
    cifar10,
    fashion_mnist,
    file,
    frame,
    huggingface,
    kmnist,
    loader,
    mnist,
    npz,
    sklearn,
    torch,
)
from paribus.data.dataset import Dataset, Split
from paribus.data.sources import load_dataset


__all__ = [
    "Dataset",
    "Split",
    "arrays",
    "cifar10",
    "fashion_mnist",
    "file",
    "frame",
    "huggingface",
    "kmnist",
    "load_dataset",
    "loader",
    "mnist",
    "npz",
    "sklearn",
    "torch",
]
