"""What may stand where a study wants a function that makes a model."""

from collections.abc import Callable
from typing import Any

import pytest

from paribus.builders import describe_builder
from paribus.errors import StudyError


def make_network() -> Any:
    """An object as Keras makes them: it can be called as a function can."""

    class Network:
        def __call__(self, inputs: Any) -> Any:
            return inputs

    Network.__module__ = "keras.src.models.model"
    return type("Mine", (Network,), {"__module__": "__main__"})()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (make_network(), "got an object of class `Mine`"),
        (None, "got None"),
        ((len, len), "got an object of class `tuple`"),
    ],
)
def test_a_model_in_place_of_its_function_is_refused(made: Any, words: str):
    with pytest.raises(StudyError, match=words) as raised:
        describe_builder(made)

    assert "`model=build`" in raised.value.hint


def test_a_class_of_a_framework_is_a_builder():
    kind: Callable[..., Any] = type(
        "Network",
        (),
        {"__module__": "keras", "__init__": lambda self, units=3: None},
    )

    assert describe_builder(kind).hyperparameters["units"].default == 3
