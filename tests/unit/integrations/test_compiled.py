"""A builder that is asked for an optimizer, and has none to say."""

from typing import Any

import pytest

from paribus.builders import describe_builder
from paribus.errors import StudyError, UserCodeError
from paribus.integrations.compiled import compiled_choices
from paribus.study import ModelChoice


def choose(function: Any) -> ModelChoice:
    builder = describe_builder(function)
    return ModelChoice(name=builder.reference, builder=builder)


def forgets_to_return(units: int = 4) -> Any:
    _ = units


def two_functions() -> Any:
    return len, len


def test_a_builder_that_returns_nothing_is_told_so():
    with pytest.raises(UserCodeError, match="must return a model, got nothing") as said:
        compiled_choices(choose(forgets_to_return), [{"units": (4, 8)}])

    assert "forgets_to_return" in str(said.value)
    assert said.value.hint == "end the function with `return model`"


def test_a_builder_of_functions_needs_an_optimizer_beside_it():
    with pytest.raises(StudyError, match="returns no compiled Keras model") as said:
        compiled_choices(choose(two_functions), [{"batch_size": (8,)}])

    assert said.value.hint == 'add [optimizer] with `name = "adam"`'
