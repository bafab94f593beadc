"""Functions that make small networks and losses for tests of measures; none asserts."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from paribus.data import Dataset
from paribus.engine.block import SHARED, BlockShape
from paribus.engine.recipe import Arrays, Recipe
from paribus.models.build import build_model
from paribus.models.model import Model
from paribus.study import Study


N_INPUTS, N_CLASSES = 6, 4


def make_network(*, hidden: tuple[int, ...] = (8,), seed: int = 0) -> tuple[Model, Any]:
    """A small model, and weights in which biases count too."""
    model = build_model(
        "mlp",
        {"hidden": hidden, "activation": "relu"},
        example_shape=(N_INPUTS,),
        n_classes=N_CLASSES,
    )
    first, second = jax.random.split(jax.random.key(seed))
    params, _ = model.init(first, {})
    for k, layer in enumerate(params):
        key = jax.random.fold_in(second, k)
        layer["bias"] = 0.1 * jax.random.normal(key, layer["bias"].shape)
    return model, params


def make_examples(*, n: int = 40, seed: int = 0) -> tuple[jax.Array, jax.Array]:
    """Inputs and labels without much to learn."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, N_INPUTS)).astype(np.float32)
    labels = rng.integers(0, N_CLASSES, size=n).astype(np.int32)
    return jnp.asarray(inputs), jnp.asarray(labels)


def example_losses(
    model: Model, inputs: jax.Array, labels: jax.Array
) -> Callable[[Any], jax.Array]:
    """Weights to the loss of each example."""

    def losses(params: Any) -> jax.Array:
        logits = model.logits(params, inputs)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels)

    return losses


def mean_loss(model: Model, **examples: int) -> Callable[[Any], jax.Array]:
    """Weights to the mean loss of some examples."""
    losses = example_losses(model, *make_examples(**examples))
    return lambda params: losses(params).mean()


def train_fully(
    loss: Callable[[Any], jax.Array], params: Any, *, n_steps: int = 200
) -> Any:
    """Weights after some steps of gradient descent on all examples."""
    gradient = jax.jit(jax.grad(loss))
    for _ in range(n_steps):
        params = jax.tree.map(lambda w, g: w - 0.3 * g, params, gradient(params))
    return params


def sgd_recipe(model: Model, *, batch_size: int = 8, n_examples: int = 40) -> Recipe:
    """How SGD trains a model, at a constant rate and on inputs as they are."""
    return Recipe(
        model=model,
        optimizer_name="sgd",
        static_settings={"nesterov": False, "schedule": "constant"},
        batch_size=batch_size,
        n_examples=n_examples,
        input_divisor=1.0,
    )


def blobs_recipe(study: Study, dataset: Dataset) -> Recipe:
    """What the first static group of a study of blobs trains."""
    settings = study.settings(study.configs()[0])
    return Recipe(
        model=build_model(
            "mlp",
            settings.model,
            example_shape=dataset.example_shape,
            n_classes=dataset.n_classes,
        ),
        optimizer_name="keras_adam",
        static_settings={"schedule": "constant"},
        batch_size=settings.batch_size,
        n_examples=len(dataset.train),
        input_divisor=255.0,
    )


def put_splits(dataset: Dataset, shape: BlockShape) -> dict[str, Arrays]:
    """The splits that are evaluated, on the devices of a block."""
    return {
        name: Arrays(shape.put(split.inputs, SHARED), shape.put(split.labels, SHARED))
        for name, split in dataset.evaluation_splits().items()
    }
