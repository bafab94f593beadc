"""A data set: frozen arrays in named splits."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from paribus.data.batches import random_order
from paribus.data.inputs import aligned, rows_per_chunk
from paribus.errors import DataError, StudyError, printable
from paribus.results import DataFacts


MAX_TRAIN_EVALUATED = 10_000

# The splits are part of a study, not of its randomness: one fixed seed for all.
SPLIT_SEED = 0

_NUMBERS = 'to predict numbers: [task] with `kind = "regression"`'


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """A named part of a data set.

    Attributes:
        inputs: The examples. Bytes (uint8) stand for values from 0 to 1, in steps of
            1/255, as in images; float32 values stand for themselves.
        labels: The class of each example, 0 to classes - 1; or a number, in float32.
        rows: Which of `inputs` the examples are, in their order; None for all. A part
            of a memory map is not read to be taken.
    """

    inputs: Shaped[np.ndarray, "row ..."]
    labels: Shaped[np.ndarray, " example"]
    rows: Int[np.ndarray, " example"] | None = None

    def __post_init__(self) -> None:
        assert self.inputs.dtype in (np.uint8, np.float32)
        assert len(self.labels) == len(self.inputs if self.rows is None else self.rows)
        if not self.is_mapped:
            object.__setattr__(self, "inputs", aligned(self.inputs))
        self.inputs.setflags(write=False)
        self.labels.setflags(write=False)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_mapped(self) -> bool:
        """Whether the examples lie in a file and not in memory."""
        return self.file is not None

    @property
    def file(self) -> str | None:
        """The file that the examples lie in; None for examples in memory."""
        inputs: Any = self.inputs
        return str(inputs.filename) if isinstance(inputs, np.memmap) else None

    def take(self, indices: Int[np.ndarray, " example"]) -> "Split":
        """The examples at `indices`, in that order."""
        labels = self.labels[indices]
        if not self.is_mapped:
            return Split(inputs=self.inputs[indices], labels=labels)
        rows = indices if self.rows is None else self.rows[indices]
        return Split(inputs=self.inputs, labels=labels, rows=rows)

    def gathered(self) -> "Split":
        """The same examples, those that are part of a memory map read into memory."""
        if self.rows is None:
            return self
        return Split(inputs=np.asarray(self.inputs[self.rows]), labels=self.labels)

    def chunks(self) -> Iterator[Shaped[np.ndarray, "row ..."]]:
        """The inputs in order, as many at a time as fit into memory many times."""
        n = rows_per_chunk(self.inputs)
        for start in range(0, len(self), n):
            part = slice(start, start + n)
            yield self.inputs[part if self.rows is None else self.rows[part]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """What standardises inputs: (input - mean) / deviation.

    Attributes:
        mean: Of the training split, in the inputs' own unit.
        deviation: Of the training split; 1 where all its inputs are equal.
    """

    mean: Float[np.ndarray, "..."]
    deviation: Float[np.ndarray, "..."]


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Frozen arrays in named splits.

    Attributes:
        name: For people.
        source: Credit and licence, or the path; one line.
        splits: `train`, `test` and, if examples are held out, `validation`.
        n_classes: Number of labels; 0 for numbers to be predicted.
        notes: What a reader of results must know.
        scaling: What standardises inputs; None for inputs as they are.
        label_names: Of classes that came as texts.
        no_classes: Why the labels are numbers alone; None if they are classes.
    """

    name: str
    source: str
    splits: Mapping[str, Split]
    n_classes: int
    notes: tuple[str, ...] = ()
    scaling: Scaling | None = None
    label_names: tuple[str, ...] = ()
    no_classes: DataError | None = None

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
                f"got {n} of {n_train}",
                key=("data", "validation"),
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
                f"held out, got {n}",
                key=("data", "train"),
            )
        order = random_order(SPLIT_SEED, stream="keep train", position=0, n=n_train)
        kept = self.train.take(np.sort(order[:n]))
        n_kept, n_labels = (len(np.unique(s.labels)) for s in (kept, self.train))
        if self.n_classes and n_kept < n_labels:
            raise StudyError(
                "`data.train` must leave examples of every label, "
                f"got {n} of {n_train}",
                key=("data", "train"),
            )
        note = f"{n:,} of {n_train:,} training examples were drawn by a fixed seed."
        return replace(
            self, splits={**self.splits, "train": kept}, notes=(*self.notes, note)
        )

    def standardised(self) -> "Dataset":
        """Give inputs mean 0 and deviation 1 in the training split, for every split.

        Each feature by itself; of images each colour, or all their grey values. The
        splits stay as they are: inputs are scaled where they meet the model.
        """
        shape = self.example_shape
        axes = {1: (0,), 2: (0, 1, 2)}.get(len(shape), tuple(range(len(shape))))
        n, total = 0, 0.0
        for chunk in self.train.chunks():
            total = total + chunk.sum(axis=axes, dtype=np.float64)
            n += chunk.size // max(np.size(total), 1)
        mean = total / n
        # A second pass: squares of large inputs would leave nothing of a small spread.
        squares = sum(
            np.square(chunk - mean, dtype=np.float64).sum(axis=axes)
            for chunk in self.train.chunks()
        )
        deviation = np.sqrt(squares / n)
        scaling = Scaling(
            mean=np.asarray(mean, np.float32),
            deviation=np.asarray(np.where(deviation > 0, deviation, 1.0), np.float32),
        )
        note = (
            "Inputs are standardised by mean and deviation of the training split "
            f"({'each feature' if len(shape) == 1 else 'each colour of images'})."
        )
        return replace(self, scaling=scaling, notes=(*self.notes, note))

    def facts(self) -> DataFacts:
        """Describe the data set for the record, without what guessing scores."""
        return DataFacts(
            name=self.name,
            source=self.source,
            n_train=len(self.train),
            n_validation=len(self.splits.get("validation", ())),
            n_test=len(self.splits["test"]),
            n_train_evaluated=min(MAX_TRAIN_EVALUATED, len(self.train)),
            n_classes=self.n_classes,
            example_shape=self.example_shape,
            content_hash=self.content_hash(),
            notes=self.notes,
            **self._guessing(),
        )

    def _guessing(self) -> dict[str, Any]:
        """What guessing scores: accuracy and loss of classes, metrics of numbers."""
        if not self.n_classes:
            return {"majority_share": 0.0, "label_entropy": 0.0}
        counts = np.bincount(self.train.labels, minlength=self.n_classes)
        shares = counts[counts > 0] / counts.sum()
        return {
            "majority_share": float(shares.max()),
            "label_entropy": float(-(shares * np.log(shares)).sum()),
        }

    def predicting(self, kind: str) -> "Dataset":
        """The same data with labels for a kind of task.

        Raises:
            DataError: If it needs classes and they are numbers, or the other way round.
        """
        if kind == "classification":
            if self.no_classes is not None:
                raise DataError(
                    str(self.no_classes),
                    hint=self.no_classes.hint or _NUMBERS,
                )
            return self
        if self.label_names:
            raise DataError(
                f"{self.name} must have numbers to predict, got the labels "
                f"{', '.join(f'`{printable(n)}`' for n in self.label_names[:3])}",
                hint='a study that predicts labels has no `kind = "regression"`',
            )
        numbers = {
            name: replace(split, labels=split.labels.astype(np.float32))
            for name, split in self.splits.items()
        }
        if np.ptp(numbers["train"].labels) == 0:
            raise DataError(f"{self.name} must have different numbers to predict")
        return replace(self, splits=numbers, n_classes=0)

    def content_hash(self) -> str:
        """SHA-256 over every split's name, type, shape and bytes, in hexadecimal."""
        digest = hashlib.sha256()
        for name in sorted(self.splits):
            split = self.splits[name]
            shape = (len(split), *split.inputs.shape[1:])
            digest.update(f"{name} {split.inputs.dtype.str} {shape};".encode())
            for chunk in split.chunks():
                digest.update(np.ascontiguousarray(chunk).data)
            digest.update(f"{name} {split.labels.dtype.str} {(len(split),)};".encode())
            digest.update(np.ascontiguousarray(split.labels).data)
        return digest.hexdigest()
