"""A data set: frozen arrays in named splits."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int, Shaped

from paribus.data.batches import random_order
from paribus.errors import DataError, StudyError
from paribus.results import DataFacts


MAX_TRAIN_EVALUATED = 10_000

# The splits are part of a study, not of its randomness: one fixed seed for all.
SPLIT_SEED = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """A named part of a data set.

    Attributes:
        inputs: The examples. Bytes (uint8) stand for values from 0 to 1, in steps of
            1/255, as in images; float32 values stand for themselves.
        labels: The class of each example, 0 to classes - 1.
    """

    inputs: Shaped[np.ndarray, "example ..."]
    labels: Int[np.ndarray, " example"]

    def __post_init__(self) -> None:
        assert self.inputs.dtype in (np.uint8, np.float32)
        assert len(self.inputs) == len(self.labels)
        self.inputs.setflags(write=False)
        self.labels.setflags(write=False)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Int[np.ndarray, " example"]) -> "Split":
        """The examples at `indices`, in that order."""
        return Split(inputs=self.inputs[indices], labels=self.labels[indices])


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Frozen arrays in named splits.

    Attributes:
        name: For people.
        source: Credit and licence, or the path; one line.
        splits: `train`, `test` and, if examples are held out, `validation`.
        n_classes: Number of labels.
        notes: What a reader of results must know.
    """

    name: str
    source: str
    splits: Mapping[str, Split]
    n_classes: int
    notes: tuple[str, ...] = ()

    @property
    def train(self) -> Split:
        """The examples that runs are trained on."""
        return self.splits["train"]

    @property
    def example_shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.train.inputs.shape[1:]

    @property
    def input_divisor(self) -> float:
        """What inputs are divided by for a model: 255 for bytes, else 1."""
        return 255.0 if self.train.inputs.dtype == np.uint8 else 1.0

    def evaluation_splits(self) -> dict[str, Split]:
        """The splits that are evaluated: all of each, and a fixed part of training.

        The part is min(10,000, n) examples, the same for every run of a study.
        """
        subset = self.train_part(MAX_TRAIN_EVALUATED, stream="train subset")
        return {**self.splits, "train": subset}

    def train_part(self, n: int, *, stream: str) -> Split:
        """A fixed part of training: min(n, all) examples, drawn by a fixed seed.

        Args:
            n: At most how many.
            stream: What they are for; other streams give other examples.
        """
        n_train = len(self.train)
        order = random_order(SPLIT_SEED, stream=stream, position=0, n=n_train)
        return self.train.take(np.sort(order[: min(n, n_train)]))

    def hold_out(self, n: int, *, to: str) -> "Dataset":
        """Move `n` training examples, drawn by a fixed seed, to a split of their own.

        Raises:
            StudyError: If fewer than 1 training example would be left.
        """
        if n == 0:
            return self
        n_train = len(self.train)
        if n >= n_train:
            raise StudyError(
                "`data.validation` must leave examples to train on, "
                f"got {n} of {n_train}"
            )
        order = random_order(SPLIT_SEED, stream=f"hold out {to}", position=0, n=n_train)
        held_out, kept = np.sort(order[:n]), np.sort(order[n:])
        splits = {
            **self.splits,
            "train": self.train.take(kept),
            to: self.train.take(held_out),
        }
        return replace(self, splits=splits)

    def keep_train(self, n: int | None) -> "Dataset":
        """Train on `n` of the training examples, drawn by a fixed seed; None for all.

        The first of a larger number are those of a smaller one.

        Raises:
            StudyError: If there are fewer than `n`, or a label has none left.
        """
        n_train = len(self.train)
        if n is None or n == n_train:
            return self
        if n > n_train:
            raise StudyError(
                f"`data.train` must be at most the {n_train} examples that are not "
                f"held out, got {n}"
            )
        order = random_order(SPLIT_SEED, stream="keep train", position=0, n=n_train)
        kept = self.train.take(np.sort(order[:n]))
        if len(np.unique(kept.labels)) < len(np.unique(self.train.labels)):
            raise StudyError(
                f"`data.train` must leave examples of every label, got {n} of {n_train}"
            )
        note = f"{n:,} of {n_train:,} training examples were drawn by a fixed seed."
        return replace(
            self, splits={**self.splits, "train": kept}, notes=(*self.notes, note)
        )

    def facts(self) -> DataFacts:
        """Describe the data set for the record."""
        counts = np.bincount(self.train.labels, minlength=self.n_classes)
        shares = counts[counts > 0] / counts.sum()
        return DataFacts(
            name=self.name,
            source=self.source,
            n_train=len(self.train),
            n_validation=len(self.splits.get("validation", ())),
            n_test=len(self.splits["test"]),
            n_train_evaluated=min(MAX_TRAIN_EVALUATED, len(self.train)),
            n_classes=self.n_classes,
            example_shape=self.example_shape,
            majority_share=float(shares.max()),
            label_entropy=float(-(shares * np.log(shares)).sum()),
            content_hash=self.content_hash(),
            notes=self.notes,
        )

    def content_hash(self) -> str:
        """SHA-256 over every split's name, type, shape and bytes, in hexadecimal."""
        digest = hashlib.sha256()
        for name in sorted(self.splits):
            for array in (self.splits[name].inputs, self.splits[name].labels):
                digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def check_labels(labels: np.ndarray, *, where: str) -> Int[np.ndarray, " example"]:
    """Return labels as int32, or say why they are none.

    Raises:
        DataError: If they are not the whole numbers 0 to classes - 1, in one dimension.
    """
    if labels.ndim != 1:
        raise DataError(f"{where} must have one dimension, got shape {labels.shape}")
    if labels.dtype.kind not in "iuf":
        raise DataError(f"{where} must hold labels as numbers, got {labels.dtype}")
    whole = np.asarray(labels, dtype=np.float64)
    if (odd := np.flatnonzero(whole != np.floor(whole))).size:
        raise DataError(
            f"{where} must hold whole numbers as labels, got {labels[odd[0]]} "
            f"(first at index {odd[0]})"
        )
    distinct = np.unique(whole)
    if len(distinct) < 2:
        raise DataError(
            f"{where} must hold at least two labels, got only class {distinct[0]:g}"
        )
    outside = np.flatnonzero((whole < 0) | (whole >= len(distinct)))
    if outside.size:
        raise DataError(
            f"{where} must hold the labels 0 to {len(distinct) - 1} "
            f"for {len(distinct)} classes, "
            f"got {labels[outside[0]]} (first at index {outside[0]})"
        )
    return labels.astype(np.int32)
