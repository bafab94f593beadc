"""Each loss that is taken over from Keras, against Keras's own training."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras_builders  # noqa: F401  (chooses Keras's backend)
import numpy as np
import pytest

from paribus.builders import describe_builder
from paribus.data.dataset import Dataset, Split
from paribus.engine.models import Models
from paribus.engine.plan import group_configs
from paribus.engine.recipe import Arrays, Fitted, Recipe
from paribus.integrations.compiled import compiled_choices
from paribus.space import SearchSpace
from paribus.study import Budget, DataChoice, ModelChoice, Study


RATE = 0.05
N_STEPS = 15
BATCH_SIZE = 16


class Case(NamedTuple):
    """A loss of Keras's, the network's outputs, and what their labels are."""

    loss: str
    settings: dict[str, Any]
    n_outputs: int
    activation: str | None = None
    labels: str = "numbers"


CASES = {
    "squared": Case("MeanSquaredError", {}, 1),
    "absolute": Case("MeanAbsoluteError", {}, 1),
    "huber": Case("Huber", {"delta": 0.7}, 1),
    "sparse": Case(
        "SparseCategoricalCrossentropy", {"from_logits": True}, 3, labels="classes"
    ),
    "sparse_probabilities": Case(
        "SparseCategoricalCrossentropy", {}, 3, "softmax", "classes"
    ),
    "one_hot_smoothed": Case(
        "CategoricalCrossentropy",
        {"from_logits": True, "label_smoothing": 0.2},
        3,
        labels="one_hot",
    ),
    "binary": Case("BinaryCrossentropy", {"from_logits": True}, 1, labels="binary"),
    "binary_probabilities": Case("BinaryCrossentropy", {}, 1, "sigmoid", "binary"),
    "binary_smoothed": Case(
        "BinaryCrossentropy",
        {"from_logits": True, "label_smoothing": 0.1},
        1,
        labels="binary",
    ),
}


def make_builder(case: Case):
    import keras

    def build():
        network = keras.Sequential(
            [
                keras.layers.Input((4,)),
                keras.layers.Dense(6, activation="tanh"),
                keras.layers.Dense(case.n_outputs, activation=case.activation),
            ]
        )
        loss = getattr(keras.losses, case.loss)(**case.settings)
        network.compile(optimizer=keras.optimizers.SGD(RATE), loss=loss)
        return network

    return build


def make_examples(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, labels as Keras takes them, and as we do."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(BATCH_SIZE * N_STEPS, 4)).astype(np.float32)
    numbers = (inputs @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=len(inputs))) / 2
    if case.labels == "numbers":
        return inputs, numbers.astype(np.float32), numbers.astype(np.float32)
    if case.labels == "binary":
        classes = (numbers > 0).astype(np.int32)
        return inputs, classes[:, None].astype(np.float32), classes
    classes = np.digitize(numbers, [-0.5, 0.5]).astype(np.int32)
    theirs = np.eye(3, dtype=np.float32)[classes]
    return inputs, theirs if case.labels == "one_hot" else classes, classes


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Keras
@pytest.mark.parametrize("name", CASES)
def test_the_loss_of_a_compiled_model_is_keras_s_own(name):
    case = CASES[name]
    inputs, their_labels, our_labels = make_examples(case)
    builder = describe_builder(make_builder(case))
    model = ModelChoice(name=builder.reference, builder=builder)
    optimizer, task = compiled_choices(model, [{"batch_size": (BATCH_SIZE,)}])
    split = Split(inputs=inputs, labels=our_labels)
    n_classes = 0 if case.labels == "numbers" else 1 + int(our_labels.max())
    data = Dataset(
        name="made up",
        source="made up",
        splits={"train": split, "test": split},
        n_classes=n_classes,
    )
    study = Study(
        name="keras",
        seeds=(0,),
        budget=Budget(epochs=1),
        data=DataChoice(name="arrays"),
        model=model,
        optimizer=optimizer,
        space=SearchSpace(grids=({"batch_size": (BATCH_SIZE,)},)),
        task=task,
    )
    models = Models(study, data)
    (group,) = group_configs(study)
    recipe = Recipe(
        model=models.of(group),
        optimizer_name="sgd",
        static_settings={},
        batch_size=BATCH_SIZE,
        n_examples=len(inputs),
        input_divisor=1.0,
        task=models.task,
    )
    params, state = recipe.model.init(jax.random.key(0), {})
    network: Any = make_builder(case)()
    for variable, value in zip(network.trainable_variables, params, strict=True):
        variable.assign(value)

    step = jax.jit(jax.value_and_grad(recipe.objective, has_aux=True))
    ours, theirs = [], []
    for k in range(N_STEPS):
        part = slice(k * BATCH_SIZE, (k + 1) * BATCH_SIZE)
        batch = Arrays(jnp.asarray(inputs[part]), jnp.asarray(our_labels[part]))
        (loss, _), gradient = step(params, Fitted(params, state, {}), batch, None)
        params = jax.tree.map(lambda p, g: p - RATE * g, params, gradient)
        ours.append(float(loss))
        network.reset_metrics()
        theirs.append(float(network.train_on_batch(inputs[part], their_labels[part])))

    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert len(set(np.round(theirs, 4))) > 10  # it moves
