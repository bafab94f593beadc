"""Keras 3: a network that a function builds, as functions that the engine trains.

The network that the function builds serves as the form of all runs: `stateless_call`
computes with whatever weights it is given. Its variables that are not trained, running
statistics and the states of seed generators, are the state of each run.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras

from paribus.builders import Builder
from paribus.errors import UserCodeError
from paribus.integrations.keras_outputs import Outputs, open_outputs
from paribus.models.model import Applied, FinalActivation, Hyperparameters, Model
from paribus.user_code import user_code


SEED_STATE = "seed_generator_state"


class _Source(NamedTuple):
    """Where the first value of a variable comes from."""

    layer: Any
    initializer: Any


def is_network(product: Any) -> bool:
    """Whether a builder has returned a Keras model."""
    return isinstance(product, keras.Model)


def keras_model(
    builder: Builder,
    settings: Mapping[str, Any],
    *,
    example_shape: tuple[int, ...],
    n_classes: int,
    final: FinalActivation = "softmax",
) -> Model:
    """Build a Keras network, and take it apart into pure functions.

    Each run draws its weights by the network's own initialisers, in the program, with
    keys of its own seed for every variable: a seed that an initialiser was given does
    not count. What is in a variable for another reason, as weights that were loaded or
    the statistics of an adapted layer, stays what it is. Layers that draw, as Dropout
    and augmentation, get the key of the run's seed and step.

    Args:
        builder: Whose function it is.
        settings: What it is called with.
        example_shape: Shape of one example.
        n_classes: Number of logits.
        final: The last activation that is taken away if it is there.

    Raises:
        UserCodeError: If the function raises, or the network does what cannot be
            trained here.
    """
    sources: dict[int, _Source] = {}
    with _noting(sources), user_code(builder.reference, "build a model"):
        network = builder.function(**settings)
        if not network.built:
            network.build((None, *example_shape))
    _check_network(builder.reference, network)
    outputs = open_outputs(builder.reference, network, n_classes=n_classes, final=final)
    return _Functions(builder.reference, network, sources, outputs).model()


@contextmanager
def _noting(sources: dict[int, _Source]) -> Iterator[None]:
    """Note which initialiser makes each variable while a network is built.

    Every layer makes its weights by `Layer.add_weight`, and no other public way tells
    who has made them.
    """
    original = keras.Layer.add_weight

    def add_weight(self: Any, *args: Any, **kwargs: Any) -> Any:
        variable = original(self, *args, **kwargs)
        initializer = kwargs.get("initializer", args[1] if len(args) > 1 else None)
        if initializer is None:
            is_real = "float" in str(variable.dtype)
            initializer = "glorot_uniform" if is_real else "zeros"
        sources[id(variable)] = _Source(self, keras.initializers.get(initializer))
        return variable

    keras.Layer.add_weight = add_weight
    try:
        yield
    finally:
        keras.Layer.add_weight = original


class _Functions:
    """`init` and `apply` of one network."""

    def __init__(
        self,
        reference: str,
        network: Any,
        sources: Mapping[int, _Source],
        outputs: Outputs,
    ) -> None:
        self._reference = reference
        self._network = network
        self._outputs = outputs
        self._trained = list(network.trainable_variables)
        self._others = list(network.non_trainable_variables)
        self._sources = sources
        self._is_seed = [variable.name == SEED_STATE for variable in self._others]
        self._kept = {
            id(variable): jnp.asarray(variable.value)
            for variable in (*self._trained, *self._others)
            if not self._is_drawn(variable)
        }
        # Programs are traced in several threads, and a network is one Python object.
        self._lock = threading.RLock()

    def model(self) -> Model:
        final = self._outputs.activation
        note = f", its final {final} computed in the loss" if final else ""
        return Model(
            init=self.init,
            apply=self.apply,
            draws=any(self._is_seed),
            note=f"Keras {keras.__version__}{note}",
        )

    def init(
        self, key: jax.Array, hyperparameters: Hyperparameters
    ) -> tuple[list[jax.Array], list[jax.Array]]:
        del hyperparameters
        with self._lock, user_code(self._reference, "draw its weights"):
            variables = enumerate((*self._trained, *self._others))
            values = [self._first_value(v, _words(key, i)) for i, v in variables]
        n = len(self._trained)
        return values[:n], values[n:]

    def apply(
        self,
        params: list[jax.Array],
        state: list[jax.Array],
        inputs: jax.Array,
        *,
        hyperparameters: Hyperparameters,
        train: bool = False,
        key: jax.Array | None = None,
    ) -> Applied:
        del hyperparameters
        given = list(state)
        if key is not None:
            for place, is_seed in enumerate(self._is_seed):
                given[place] = _words(key, place) if is_seed else given[place]
        with self._lock, user_code(self._reference, "be applied to examples"):
            outputs, after, losses = self._network.stateless_call(
                params, given, inputs, training=train, return_losses=True
            )
        # The next step has keys of its own, however often this one has drawn.
        kept = [
            old if is_seed else new
            for old, new, is_seed in zip(state, after, self._is_seed, strict=True)
        ]
        penalty = jnp.stack(losses).sum() if losses else None
        return Applied(self._outputs.logits(outputs), kept, penalty)

    def _first_value(self, variable: Any, words: jax.Array) -> jax.Array:
        if (value := self._kept.get(id(variable))) is not None:
            return value
        if variable.name == SEED_STATE:
            return words
        source = self._sources[id(variable)]
        with _seeded(source, words):
            value = source.initializer(variable.shape, dtype=variable.dtype)
        return jnp.asarray(value, variable.dtype)

    def _is_drawn(self, variable: Any) -> bool:
        """Whether a variable holds what its initialiser gives, nothing loaded."""
        if variable.name == SEED_STATE:
            return True
        source = self._sources.get(id(variable))
        if source is None:
            return False
        if any(
            isinstance(one.seed, keras.random.SeedGenerator) for one in _random(source)
        ):
            return True  # it would give something else each time
        again = source.initializer(variable.shape, dtype=variable.dtype)
        return bool((jnp.asarray(again) == jnp.asarray(variable.value)).all())


def _words(key: jax.Array, place: int) -> jax.Array:
    """The two words of a key of its own for each variable, as Keras keeps seeds."""
    return jax.random.key_data(jax.random.fold_in(key, place))


def _random(source: _Source) -> list[Any]:
    """The initialisers with a seed that a variable may be drawn by.

    The initialiser itself, and those of its layer: an LSTM draws its bias by a function
    that calls them.
    """
    candidates = (source.initializer, *vars(source.layer).values())
    return [
        one
        for one in candidates
        if isinstance(one, keras.Initializer) and hasattr(one, "seed")
    ]


@contextmanager
def _seeded(source: _Source, words: jax.Array) -> Iterator[None]:
    """Let the initialisers of a variable draw by a key: Keras on JAX takes an array."""
    initializers = _random(source)
    seeds = [one.seed for one in initializers]
    try:
        for one in initializers:
            one.seed = words
        yield
    finally:
        for one, seed in zip(initializers, seeds, strict=True):
            one.seed = seed


def _check_network(reference: str, network: Any) -> None:
    """Refuse what Keras's own training does and ours does not."""
    for method in ("train_step", "compute_loss"):
        if getattr(type(network), method) is not getattr(keras.Model, method):
            raise UserCodeError(
                f"`{reference}` must train as Keras does, got its own `{method}`"
            )
    for variable in network.trainable_variables:
        if variable.constraint is not None:
            kind = type(variable.constraint).__name__
            raise UserCodeError(
                f"`{reference}` must have weights without constraint, got {kind} at "
                f"{variable.path}"
            )
