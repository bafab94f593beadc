"""What the parts of a study made in Python must be, and what to write instead."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paribus.declared import DeclaredClaim
from paribus.errors import SpaceError, StudyError, as_toml, unknown_name
from paribus.hyperparameters import MODELS, is_number
from paribus.optimizer_catalogue import OPTIMIZERS
from paribus.space import SearchSpace
from paribus.study import DataChoice, OptimizerChoice, TaskChoice, Tuning


CLAIM = (
    'pb.claim("a is better", measure="test_accuracy", a={...}, b={...}, '
    'relation="greater")'
)
_SPACE = "space=pb.grid(learning_rate=[0.001, 0.01], batch_size=[32])"
_MAX_SHOWN = 60


def check_data(data: Any) -> None:
    """Refuse data that `pb.data` did not choose.

    Raises:
        StudyError: With the function that takes what was given.
    """
    if isinstance(data, DataChoice):
        return
    written = "pb.data.arrays(x, y, validation=1000)"
    if isinstance(data, str):
        written = "pb.data.mnist(validation=5000)"
        if data != "mnist":
            written = f"pb.data.file({_shown(data)}, validation=1000)"
    elif inspect.isroutine(data):
        written = _called(data, "pb.data", "pb.data.loader(load)")
    elif hasattr(data, "columns"):
        written = 'pb.data.frame(table, target="label", validation=1000)'
    raise _wrong("data", "chosen by `pb.data`", data, f"data={written}")


def check_model(model: Any) -> None:
    """Refuse the name of a built-in model, and the function that chooses it.

    Raises:
        StudyError: With the call that chooses it.
    """
    name = getattr(model, "__name__", model)
    is_uncalled = getattr(model, "__module__", None) == "paribus.models"
    if isinstance(name, str) and name in MODELS and (is_uncalled or name is model):
        rule = "chosen by `pb.models`, or a function that builds yours"
        raise _wrong("model", rule, model, f"model=pb.models.{name}()")


def check_optimizer(optimizer: Any) -> None:
    """Refuse an optimizer that `pb.optimizers` did not choose.

    Raises:
        UnknownNameError: If it is a name that no optimizer has.
        StudyError: Else, with the call that chooses it.
    """
    if optimizer is None or isinstance(optimizer, OptimizerChoice):
        return
    written = "pb.optimizers.adam()"
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            raise unknown_name("optimizer", optimizer, OPTIMIZERS)
        written = f"pb.optimizers.{optimizer}()"
    elif inspect.isroutine(optimizer):
        written = _called(optimizer, "pb.optimizers", written)
    rule = "chosen by `pb.optimizers`"
    raise _wrong("optimizer", rule, optimizer, f"optimizer={written}")


def check_space(space: Any) -> None:
    """Refuse a space that is neither a grid nor a dict, nor a list of these.

    Raises:
        StudyError: With an example.
    """
    parts = space if _is_listed(space) else [space]
    for part in parts:
        if not isinstance(part, SearchSpace | Mapping):
            rule = "made by `pb.grid`, a dict, or a list of these"
            raise _wrong("space", rule, part, _SPACE)


def check_tuning(tuning: Any) -> None:
    """Refuse what `pb.tune` did not make.

    Raises:
        StudyError: With the call that says the same.
    """
    if tuning is None or isinstance(tuning, Tuning):
        return
    written = f'pb.tune("{tuning if _is_name(tuning) else "learning_rate"}", seeds=3)'
    if isinstance(tuning, Mapping) and tuning and all(map(_is_name, tuning)):
        said = [f"{name}={_shown(value)}" for name, value in tuning.items()]
        written = f"pb.tune({', '.join(said)})"
    raise _wrong("tuning", "made by `pb.tune`", tuning, f"tuning={written}")


def check_claims(claims: Any) -> None:
    """Refuse claims that `pb.claim` did not make, and one that stands in no list.

    Raises:
        StudyError: With an example.
    """
    rule, written = "a list of what `pb.claim` makes", f"claims=[{CLAIM}]"
    if not _is_listed(claims):
        raise _wrong("claims", rule, claims, written)
    for claim in claims:
        if not isinstance(claim, DeclaredClaim):
            raise _wrong("claims", rule, claim, written)


def check_task(task: Any) -> None:
    """Refuse a task that is neither a kind nor a dict.

    Raises:
        StudyError: With an example.
    """
    if task is not None and not isinstance(task, TaskChoice | str | Mapping):
        raise _wrong("task", "a kind or a dict", task, 'task="regression"')


def check_words(name: str, words: Any, example: str) -> None:
    """Refuse what is no list of texts, as one text alone.

    Raises:
        StudyError: With an example.
    """
    if not _is_listed(words) or not all(isinstance(word, str) for word in words):
        raise _wrong(name, "a list of texts", words, f'{name}=["{example}"]')


def check_values(name: str, values: Any) -> None:
    """Refuse one value of a hyperparameter in place of all of them.

    Raises:
        SpaceError: With the value in a list, if it is one.
    """
    is_array = getattr(values, "ndim", 1)
    is_one = isinstance(values, str | bytes | bool | int | float) or not is_array
    if not is_one and is_array == 1 and hasattr(values, "__iter__"):
        return
    written = f"[{_shown(values)}]" if is_one else "[0.001, 0.01]"
    wrong = _wrong(name, "a list of values or a range", values, f"{name}={written}")
    raise SpaceError(str(wrong), hint=wrong.hint)


def check_text(name: str, text: Any) -> None:
    """Refuse what is no text.

    Raises:
        StudyError: If it is none.
    """
    if not isinstance(text, str):
        raise _wrong(name, "a text", text)


def check_integer(name: str, number: Any, *, at_least: int | None = None) -> None:
    """Refuse what is no integer, or too small.

    Raises:
        StudyError: If it is none.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise _wrong(name, "an integer", number)
    if at_least is not None and number < at_least:
        raise _wrong(name, f"at least {at_least}", number)


def check_switch(name: str, value: Any) -> None:
    """Refuse what is neither true nor false.

    Raises:
        StudyError: If it is neither.
    """
    if not isinstance(value, bool):
        raise _wrong(name, "True or False", value)


def check_numbers(name: str, numbers: Any, example: str) -> None:
    """Refuse what is no list of numbers.

    Raises:
        StudyError: With an example.
    """
    is_listed = _is_listed(numbers) or getattr(numbers, "ndim", 0) == 1
    if not is_listed or not all(map(_is_number, numbers)):
        raise _wrong(name, "a list of numbers", numbers, f"{name}={example}")


def check_number(name: str, number: Any) -> None:
    """Refuse what is no number.

    Raises:
        StudyError: If it is none.
    """
    if not _is_number(number):
        raise _wrong(name, "a number", number)


def check_interval(name: str, value: Any) -> None:
    """Refuse what is neither a number nor the word for the default.

    Raises:
        StudyError: If it is neither.
    """
    if value != "auto" and not _is_number(value):
        raise _wrong(name, '"auto" or epochs', value)


def check_dict(name: str, values: Any, example: str) -> None:
    """Refuse what is no dict.

    Raises:
        StudyError: With an example.
    """
    if not isinstance(values, Mapping):
        raise _wrong(name, "a dict", values, f"{name}={example}")


def _wrong(name: str, rule: str, got: Any, written: str = "") -> StudyError:
    hint = f"write `{written}`" if written else ""
    return StudyError(f"`{name}` must be {rule}, got {_said(got)}", hint=hint)


def _said(value: Any) -> str:
    """What was given, in a few words: of what is long, its kind."""
    if isinstance(value, str | bool | int | float | None):
        return _shown(value)
    if isinstance(value, type) or inspect.isroutine(value):
        return f"`{value.__name__}` itself, which is not called"
    kind = type(value).__qualname__
    article = "an" if kind[0].lower() in "aeiou" else "a"
    of = f" of {len(value)}" if isinstance(value, list | tuple | dict) else ""
    return f"{article} `{kind}`{of}"


def _shown(value: Any) -> str:
    """A value as it is written, cut where it is long."""
    value = value.item() if hasattr(value, "item") else value
    text = as_toml(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def _called(function: Callable[..., Any], home: str, otherwise: str) -> str:
    """The call of a function of ours that was handed in uncalled."""
    is_ours = getattr(function, "__module__", "").startswith("paribus.")
    return f"{home}.{function.__name__}()" if is_ours else otherwise


def _is_listed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isidentifier()


def _is_number(value: Any) -> bool:
    return is_number(value.item() if hasattr(value, "item") else value)
