"""Which optimizers there are, and which hyperparameters each of them has.

Names and defaults are optax's; those of `keras_...` are Keras's under optax's names.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from paribus.hyperparameters import Hyperparameter, Value, by_name


def _decay(name: str, default: float) -> Hyperparameter:
    """What is kept of an average at each step."""
    return Hyperparameter(
        name=name, kind="number", at_least=0.0, below=1.0, default=default
    )


def _eps(default: float) -> Hyperparameter:
    return Hyperparameter(name="eps", kind="number", above=0.0, default=default)


def _amount(name: str) -> Hyperparameter:
    """A number of which a study may have none: 0."""
    return Hyperparameter(
        name=name, kind="number", at_least=0.0, default=0.0, is_optional=True
    )


SCHEDULE = Hyperparameter(
    name="schedule",
    kind="choice",
    is_static=True,
    default="constant",
    choices=("constant", "linear", "cosine", "step", "exponential", "one_cycle"),
)
_DECAYING = SCHEDULE.choices[1:]
_BY_A_FACTOR = ("step", "exponential")
_ONE_CYCLE = ("one_cycle",)

# What every optimizer has.
COMMON: Mapping[str, Hyperparameter] = by_name(
    Hyperparameter(name="learning_rate", kind="number", above=0.0),
    _amount("weight_decay"),
    _amount("l2"),
    _amount("clip_norm"),
    _amount("clip_value"),
    SCHEDULE,
    _amount("warmup_steps"),
    _amount("warmup_epochs"),
    Hyperparameter(
        name="final_fraction",
        kind="number",
        at_least=0.0,
        below=1.0,
        default=0.0,
        is_optional=True,
        schedules=_DECAYING,
    ),
    Hyperparameter(
        name="decay_factor",
        kind="number",
        above=0.0,
        below=1.0,
        default=0.1,
        schedules=_BY_A_FACTOR,
    ),
    Hyperparameter(
        name="decay_every",
        kind="number",
        above=0.0,
        default=0.3,
        schedules=_BY_A_FACTOR,
    ),
    Hyperparameter(
        name="start_fraction",
        kind="number",
        at_least=0.0,
        below=1.0,
        default=0.04,
        schedules=_ONE_CYCLE,
    ),
    Hyperparameter(
        name="rise_fraction",
        kind="number",
        above=0.0,
        below=1.0,
        default=0.3,
        schedules=_ONE_CYCLE,
    ),
)


def _optimizer(
    *own: Hyperparameter, weight_decay: float = 0.0
) -> dict[str, Hyperparameter]:
    """The hyperparameters of an optimizer: its own between the common ones.

    Where weights decay by default, the program always has it.
    """
    common = dict(COMMON)
    if weight_decay:
        common["weight_decay"] = replace(
            common["weight_decay"], default=weight_decay, is_optional=False
        )
    learning_rate = common.pop("learning_rate")
    return {**by_name(learning_rate, *own), **common}


_MOMENTUM = _decay("momentum", 0.0)
_NESTEROV = Hyperparameter(
    name="nesterov", kind="switch", is_static=True, default=False
)
_B1, _B2 = _decay("b1", 0.9), _decay("b2", 0.999)

OPTIMIZERS: Mapping[str, Mapping[str, Hyperparameter]] = {
    "keras_adam": _optimizer(_B1, _B2, _eps(1e-7)),
    "adam": _optimizer(_B1, _B2, _eps(1e-8)),
    "rmsprop": _optimizer(_decay("decay", 0.9), _eps(1e-8), _MOMENTUM),
    "sgd": _optimizer(_MOMENTUM, _NESTEROV),
    "momentum": _optimizer(_decay("momentum", 0.9)),
    "nesterov": _optimizer(_decay("momentum", 0.9)),
    "adamw": _optimizer(_B1, _B2, _eps(1e-8), weight_decay=1e-4),
    "keras_adamw": _optimizer(_B1, _B2, _eps(1e-7), weight_decay=0.004),
    "nadam": _optimizer(_B1, _B2, _eps(1e-8)),
    "nadamw": _optimizer(_B1, _B2, _eps(1e-8), weight_decay=1e-4),
    "keras_nadam": _optimizer(_B1, _B2, _eps(1e-7)),
    "radam": _optimizer(_B1, _B2, _eps(1e-8)),
    "adamax": _optimizer(_B1, _B2, _eps(1e-8)),
    "lamb": _optimizer(_B1, _B2, _eps(1e-6)),
    "lion": _optimizer(_B1, _decay("b2", 0.99), weight_decay=1e-3),
    "adagrad": _optimizer(
        Hyperparameter(
            name="initial_accumulator_value",
            kind="number",
            at_least=0.0,
            default=0.1,
        ),
        _eps(1e-7),
    ),
    "adadelta": _optimizer(_decay("rho", 0.9), _eps(1e-6)),
    "adafactor": _optimizer(
        Hyperparameter(name="decay_rate", kind="number", above=0.0, default=0.8),
        Hyperparameter(
            name="clipping_threshold", kind="number", above=0.0, default=1.0
        ),
        replace(_MOMENTUM, is_optional=True),
        _eps(1e-30),
        Hyperparameter(
            name="multiply_by_parameter_scale",
            kind="switch",
            is_static=True,
            default=True,
        ),
        Hyperparameter(
            name="min_dim_size_to_factor", kind="count", is_static=True, default=128
        ),
    ),
}

# Where [[space]] varies it, [optimizer] has no name.
OPTIMIZER = Hyperparameter(
    name="optimizer", kind="choice", is_static=True, choices=tuple(OPTIMIZERS)
)

_WORDS = {
    "keras_adam": "Keras's Adam",
    "keras_adamw": "Keras's AdamW",
    "keras_nadam": "Keras's Nadam",
    "adamw": "AdamW",
    "nadamw": "NadamW",
    "radam": "RAdam",
    "rmsprop": "RMSprop",
    "lamb": "LAMB",
    "sgd": "SGD",
    "momentum": "SGD with momentum",
    "nesterov": "SGD with Nesterov's momentum",
}


def optimizer_words(name: str) -> str:
    """An optimizer's name in a sentence: `"Keras's Adam"`."""
    return _WORDS.get(name, name.title() if name in OPTIMIZERS else name)


def shared_hyperparameters(optimizers: Sequence[str]) -> dict[str, Hyperparameter]:
    """The hyperparameters that all of `optimizers` have: what a space may vary."""
    first, *others = (OPTIMIZERS[name] for name in optimizers)
    return {n: h for n, h in first.items() if all(n in known for known in others)}


def in_use(
    known: Mapping[str, Hyperparameter],
    values: Mapping[str, Value],
    *,
    fixed: Mapping[str, Value],
    varied: Collection[str],
) -> dict[str, Value]:
    """Leave out what a config's schedule does not use, and what its study goes without.

    As with dropout, to go without is a property of the study: it neither varies an
    optional hyperparameter nor sets it to anything but its default.

    Args:
        known: The hyperparameters of the optimizer.
        values: A value for each of them.
        fixed: What the study sets.
        varied: What its space names.
    """
    schedule = values[SCHEDULE.name]
    return {
        name: value
        for name, value in values.items()
        if schedule in (known[name].schedules or (schedule,))
        and (
            not known[name].is_optional
            or name in varied
            or fixed.get(name, known[name].default) != known[name].default
        )
    }
