"""ONE run evaluated: metrics on every split, and what is left when its budget ends."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from paribus.engine.measures import summarise
from paribus.engine.recipe import Arrays, Fitted, Recipe
from paribus.engine.run import RunState


# Examples at a time, so that what layers put out stays in the cache: of dense layers
# that is little, of a convolution one number for each pixel and channel.
EVALUATION_CHUNK = 1000
EVALUATION_CHUNK_OF_OTHERS = 200

# Kept example by example: training examples are looked at as a whole only.
ANSWER_SPLITS = ("validation", "test")


class Ending(NamedTuple):
    """What one run leaves when its budget ends.

    Attributes:
        measures: One number for each measure, by name.
        correct: Split -> whether each of its examples was classified right, eight to a
            byte, the first in its highest bit; none where numbers are predicted.
    """

    measures: dict[str, Float[Array, ""]]
    correct: dict[str, UInt8[Array, " byte"]]


def evaluate_run(
    recipe: Recipe, state: RunState, splits: Mapping[str, Arrays]
) -> tuple[RunState, dict[str, Float[Array, ""]]]:
    """Measure the task's metrics on every split, and set the state's sums back to zero.

    Returns:
        The state, and `<split>_<metric>` -> value. `minibatch_loss` is the mean over
        the examples trained on since the last evaluation, as most loops print it. For
        models that tell their hidden activations, `train_dead_share` is the share of
        ReLU units that are 0 for every training example of the split, in the layer
        where it is largest, and `train_always_on_share` of those that never are; NaN
        without ReLU layers. A diverged run has NaN throughout.
    """
    n_seen = state.n_seen.astype(jnp.float32)  # 0 before the first step: 0 / 0 is NaN
    metrics = {"minibatch_loss": state.loss_sum / n_seen}
    has_classes = recipe.task.choice.is_classification
    if has_classes:
        metrics["minibatch_accuracy"] = state.n_correct / n_seen
    for name, split in splits.items():
        looks_inside = name == "train" and recipe.model.relu_outputs is not None
        sums = _sums(recipe, state.fitted, split, looks_inside=looks_inside)
        n = len(split.labels)
        metrics[f"{name}_loss"] = sums.loss / n
        if has_classes:
            metrics[f"{name}_accuracy"] = sums.n_correct / n
        means = {metric: value / n for metric, value in sums.extras.items()}
        for metric, value in recipe.task.finished(means, split.labels).items():
            metrics[f"{name}_{metric}"] = value
        if looks_inside:
            metrics |= _relu_shares(sums.n_active, sums.n_values)
    measures = state.measures
    measures = measures._replace(
        start_loss=jnp.where(
            state.step == 0, metrics["train_loss"], measures.start_loss
        )
    )
    is_alive = state.diverged_at == 0
    metrics = {name: jnp.where(is_alive, v, jnp.nan) for name, v in metrics.items()}
    zero = jnp.zeros((), jnp.int32)
    state = state._replace(
        loss_sum=jnp.zeros(()), n_correct=zero, n_seen=zero, measures=measures
    )
    return state, metrics


def end_run(recipe: Recipe, state: RunState, splits: Mapping[str, Arrays]) -> Ending:
    """Summarise a run at the end of its budget; nothing is right once it diverged."""
    is_alive = state.diverged_at == 0
    has_answers = recipe.task.choice.is_classification
    return Ending(
        measures=summarise(state.measures, state.step),
        correct={
            name: jnp.packbits(answers(recipe, state.fitted, split) & is_alive)
            for name, split in splits.items()
            if name in ANSWER_SPLITS and has_answers
        },
    )


class _Sums(NamedTuple):
    """Sums over the examples of a split.

    Attributes:
        loss: Of their losses.
        n_correct: How many are classified right.
        n_active: For each ReLU layer, how many values of each unit are above 0.
        n_values: For each ReLU layer, how many values each unit has.
        extras: What other metrics are means of, by name.
    """

    loss: Float[Array, ""]
    n_correct: Int[Array, ""]
    n_active: list[Int[Array, " _unit"]]
    n_values: list[Int[Array, ""]]
    extras: dict[str, Float[Array, ""]]


def _sums(
    recipe: Recipe, fitted: Fitted, split: Arrays, *, looks_inside: bool
) -> _Sums:
    def of_chunk(chunk: Arrays) -> _Sums:
        task, outputs = recipe.task, recipe.logits(fitted, chunk)
        layers: tuple[Array, ...] = ()
        if looks_inside and recipe.model.relu_outputs is not None:
            # The compiler finds these among what the loss has computed.
            layers = recipe.model.relu_outputs(fitted.params, recipe.scaled(chunk))
        units = [layer.reshape(-1, layer.shape[-1]) for layer in layers]
        return _Sums(
            loss=task.losses(outputs, chunk.labels).mean() * len(chunk.labels),
            n_correct=task.correct(outputs, chunk.labels).sum(),
            n_active=[(values > 0).sum(axis=0) for values in units],
            n_values=[jnp.array(len(values)) for values in units],
            extras={
                name: values.sum()
                for name, values in task.extras(outputs, chunk.labels).items()
            },
        )

    whole, rest = _by_chunk(of_chunk, split, size=_chunk_size(recipe))
    total = jax.tree.map(lambda values: values.sum(axis=0), whole)
    return jax.tree.map(jnp.add, total, rest) if rest is not None else total


def _relu_shares(
    n_active: list[Int[Array, " _unit"]], n_values: list[Int[Array, ""]]
) -> dict[str, Float[Array, ""]]:
    """Shares of units that are always off, and always on, in the worst layer."""
    shares = [
        [(active == 0).mean(), (active == n).mean()]
        for active, n in zip(n_active, n_values, strict=True)
    ]
    worst = jnp.array(shares).max(axis=0) if shares else jnp.full(2, jnp.nan)
    return {"train_dead_share": worst[0], "train_always_on_share": worst[1]}


def answers(recipe: Recipe, fitted: Fitted, split: Arrays) -> Bool[Array, " example"]:
    """Which examples of a split a run classifies right."""
    whole, rest = _by_chunk(
        lambda chunk: recipe.task.correct(recipe.logits(fitted, chunk), chunk.labels),
        split,
        size=_chunk_size(recipe),
    )
    return jnp.concatenate([whole.reshape(-1), *([] if rest is None else [rest])])


def _chunk_size(recipe: Recipe) -> int:
    is_dense = recipe.model.layer_inputs is not None
    return EVALUATION_CHUNK if is_dense else EVALUATION_CHUNK_OF_OTHERS


def _by_chunk(
    function: Callable[[Arrays], Any], split: Arrays, *, size: int
) -> tuple[Any, Any]:
    """Apply a function to `size` examples at a time.

    Returns:
        What it returns for all whole chunks, stacked, there may be none; and for the
        rest, None if no example is left.
    """
    n = len(split.labels)
    n_whole = n // size * size
    chunks = jax.tree.map(lambda a: a[:n_whole].reshape(-1, size, *a.shape[1:]), split)
    rest = jax.tree.map(lambda a: a[n_whole:], split)
    return jax.lax.map(function, chunks), function(rest) if n_whole < n else None
