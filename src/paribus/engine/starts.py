"""How runs begin: their first data order and weights, compared with those before."""

from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from paribus.data.batches import epoch_order
from paribus.engine.block import BY_RUN, Driver
from paribus.engine.epochs import traced_values
from paribus.engine.keys import seed_words
from paribus.engine.plan import Block
from paribus.hyperparameters import Value
from paribus.optimizer_catalogue import OPTIMIZERS
from paribus.space import Config
from paribus.store import StudyWriter
from paribus.store.starts import ORDER, weights_name
from paribus.study import Run, Study


# How many starts of earlier attempts begin again beside those of a block, at least one
# for each of its models.
N_WITNESSES = 8
_N_BYTES = 8

# The name of a model's first weights, and a seed.
_Start = tuple[str, int]


class StartCheck:
    """Begins the seeds of an attempt, each once, and tells those that begin otherwise.

    The runs of a seed have the same data order, and those of one model the same first
    weights, whatever the config: also those that were trained by an earlier attempt.
    """

    def __init__(self, writer: StudyWriter) -> None:
        self._writer = writer
        self._seen: set[_Start] = set()
        self._witnessed: set[str] = set()
        self._names: dict[Config, str] = {}

    def check(
        self, driver: Driver, block: Block, study: Study, *, n_examples: int
    ) -> None:
        """Begin what a block begins, and some seeds that were begun before.

        Args:
            driver: Made for the block's group.
            block: About to be trained.
            study: Whose runs they are.
            n_examples: In the training split.

        Raises:
            ExecutionError: If the study is exact, and runs begin otherwise than before.
        """
        runs = self._unseen(block, study)
        if not runs:
            return
        # What does not fit into memory here fails in the block too, where it is told.
        with suppress(jax.errors.JaxRuntimeError):
            digests = first_weights(driver, tuple(runs.values()), study, n_examples)
            found: dict[str, dict[int, str]] = {}
            for (name, seed), digest in zip(runs, digests, strict=True):
                found.setdefault(name, {})[seed] = digest
            orders = {seed: first_order(seed, n_examples) for _, seed in runs}
            self._writer.note_starts({ORDER: orders, **found})
            self._seen |= set(runs)
            self._witnessed |= {self._name_of(c, study) for c in block.group.configs}

    def _unseen(self, block: Block, study: Study) -> dict[_Start, Run]:
        """A run for each start of a block that this attempt has not compared yet."""
        names = {c: self._name_of(c, study) for c in block.group.configs}
        own: dict[_Start, Run] = {}
        for run in block.runs:
            own.setdefault((names[run.config], run.seed), run)
        new = {start: run for start, run in own.items() if start not in self._seen}
        return new | self._witnesses(names, own)

    def _witnesses(
        self, names: Mapping[Config, str], own: Container[_Start]
    ) -> dict[_Start, Run]:
        """Some starts that were known before, of models that begin in this attempt."""
        models = {n: c for c, n in names.items() if n not in self._witnessed}
        n_each = max(1, N_WITNESSES // max(1, len(models)))
        found: dict[_Start, Run] = {}
        for name, config in models.items():
            known = self._writer.known_starts.get(name, ())
            seeds = (seed for seed in known if (name, seed) not in own)
            found |= {(name, s): Run(config, s) for s in islice(seeds, n_each)}
        return found

    def _name_of(self, config: Config, study: Study) -> str:
        """What the first weights of a config are called."""
        if config not in self._names:
            self._names[config] = weights_name(weights_part(study, config))
        return self._names[config]


def weights_part(study: Study, config: Config) -> tuple[tuple[str, Value], ...]:
    """The hyperparameters of a config that its first weights may depend on.

    Those of the model that the optimizer does not take. Our own models draw weights by
    static ones alone; functions of the user's see traced numbers too.
    """
    settings = study.settings(config)
    known = study.model.hyperparameters()
    is_own = study.model.builder is not None
    return tuple(
        (name, value)
        for name, value in sorted(settings.model.items())
        if name not in OPTIMIZERS[settings.optimizer_name]
        and (is_own or known[name].is_static)
    )


def first_order(seed: int, n_examples: int) -> str:
    """A digest of the order in which a seed sees the training examples at first."""
    order = epoch_order(seed, 0, n_examples).astype("<i4")
    return blake2b(order.tobytes(), digest_size=_N_BYTES).hexdigest()


def first_weights(
    driver: Driver, runs: Sequence[Run], study: Study, n_examples: int
) -> list[str]:
    """A digest of the weights and the model's state with which each run begins.

    Args:
        driver: Made for the runs' group; they are begun by its program.
        runs: Any number of them.
        study: Whose runs they are.
        n_examples: In the training split.
    """
    n_places = driver.shape.n_runs
    digests: list[str] = []
    for first in range(0, len(runs), n_places):
        part = runs[first : first + n_places]
        by_place = [*part, *[part[0]] * (n_places - len(part))]
        traced = traced_values(study, by_place, n_examples=n_examples)
        seeds = np.stack([seed_words(run.seed) for run in by_place])
        states = driver.start(seeds, driver.shape.put(traced, BY_RUN))
        leaves = jax.tree.leaves((states.params, states.model))
        rows = [_first_rows(leaf, len(part)) for leaf in leaves]
        digests += [_digest(arrays) for arrays in zip(*rows, strict=True)]
    return digests


def _first_rows(leaf: Any, n: int) -> list[np.ndarray]:
    """The first rows of an array that is divided over devices, without the others."""
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    rows: list[np.ndarray] = []
    for shard in sorted(leaf.addressable_shards, key=lambda s: s.index[0].start or 0):
        if len(rows) < n:
            rows.extend(map(np.asarray, np.asarray(shard.data)))
    return rows[:n]


def _digest(arrays: Iterable[np.ndarray]) -> str:
    found = blake2b(digest_size=_N_BYTES)
    for array in arrays:
        found.update(f"{array.dtype.name} {array.shape};".encode())
        found.update(np.asarray(array).tobytes())
    return found.hexdigest()
