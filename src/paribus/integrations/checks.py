"""What a user's model must do, checked before anything is trained."""

import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from paribus.builders import Builder
from paribus.errors import UserCodeError
from paribus.models.model import Applied, Model
from paribus.user_code import user_code


# What calls Python, as JAX writes programs.
_CALLBACKS = re.compile(r"\b(?:\w+_callback|debug_print)\[")

N_EXAMPLES = 3  # unlikely to be a dimension of anything else


def check_model(
    model: Model,
    builder: Builder,
    *,
    example_shape: tuple[int, ...],
    n_classes: int,
) -> None:
    """Refuse a model that cannot be trained, naming the leaf, the shape or the type.

    Args:
        model: As adapted.
        builder: Where it comes from.
        example_shape: Shape of one example.
        n_classes: Number of logits.

    Raises:
        UserCodeError: If its weights are no finite float32 arrays, its outputs are no
            logits, its state changes its form, it does something else each time it is
            traced, or its code raises.
    """
    name = builder.reference
    key = jax.random.key(0)
    numbers = {
        n: jnp.float32(builder.hyperparameters[n].default)
        for n in model.hyperparameters
    }
    params, state = model.init(key, numbers)
    _check_weights(name, params)
    _check_arrays(name, "state", state)
    inputs = jnp.zeros((N_EXAMPLES, *example_shape))
    step_key = key if model.draws else None

    def train(params: Any, state: Any, inputs: jax.Array) -> Applied:
        return model.apply(
            params, state, inputs, hyperparameters=numbers, train=True, key=step_key
        )

    def evaluate(params: Any, state: Any, inputs: jax.Array) -> jax.Array:
        return model.apply(params, state, inputs, hyperparameters=numbers).outputs

    with user_code(name, "be applied to examples"):
        applied = jax.eval_shape(train, params, state, inputs)
        outputs = jax.eval_shape(evaluate, params, state, inputs)
    for logits in (applied.outputs, outputs):
        _check_logits(name, logits, n_classes)
    _check_state_stays(name, state, applied.state)
    _check_penalty(name, applied.penalty)
    _check_pure(lambda: model.init(key, numbers), name, "draw its weights")
    _check_pure(lambda: train(params, state, inputs), name, "be applied to examples")
    with user_code(name, "draw its weights"):  # no `if` on a traced hyperparameter
        jax.eval_shape(model.init, key, numbers)


def _check_pure(function: Callable[[], Any], name: str, doing: str) -> None:
    """Refuse what is another program each time, or calls Python."""
    with user_code(name, doing):
        # A new function each time: JAX remembers the traces of those it has seen.
        first, again = (jax.make_jaxpr(lambda: function())() for _ in range(2))
    texts = [
        f"{p.jaxpr}{[np.asarray(c).tobytes() for c in _plain(p)]}"
        for p in (first, again)
    ]
    if texts[0] != texts[1]:
        raise UserCodeError(
            f"`{name}` must do the same each time it is traced, but two traces differ",
            hint="random numbers come from the key it is given, never from NumPy, the "
            "clock or a counter",
        )
    if _CALLBACKS.search(texts[0]):
        raise UserCodeError(
            f"`{name}` must compute on the device alone, got a callback to Python"
        )


def _plain(program: Any) -> list[Any]:
    """The constants of a traced program, but for JAX's own keys."""
    return [
        jax.random.key_data(c) if jnp.issubdtype(c.dtype, jax.dtypes.prng_key) else c
        for c in program.consts
    ]


def _leaves(tree: Any) -> list[tuple[str, Any]]:
    paths, _ = jax.tree_util.tree_flatten_with_path(tree)
    return [(jax.tree_util.keystr(path) or "it", leaf) for path, leaf in paths]


def _check_arrays(name: str, what: str, tree: Any) -> None:
    for path, leaf in _leaves(tree):
        if not isinstance(leaf, jax.Array | np.ndarray):
            raise UserCodeError(
                f"`{name}` must have arrays alone in its {what}, "
                f"got {type(leaf).__name__} at {path}"
            )


def _check_weights(name: str, params: Any) -> None:
    _check_arrays(name, "weights", params)
    leaves = _leaves(params)
    if not leaves:
        raise UserCodeError(f"`{name}` must have weights to train, got none")
    for path, leaf in leaves:
        if leaf.dtype != jnp.float32:
            raise UserCodeError(
                f"`{name}` must have float32 weights, got {leaf.dtype} at {path}"
            )
        n_bad = int((~jnp.isfinite(leaf)).sum())
        if n_bad:
            raise UserCodeError(
                f"`{name}` must draw finite weights, got {n_bad} of {leaf.size} that "
                f"are not at {path}"
            )


def _check_logits(name: str, logits: Any, n_classes: int) -> None:
    expected = (N_EXAMPLES, n_classes)
    shape = getattr(logits, "shape", None)
    if shape != expected:
        got = type(logits).__name__ if shape is None else shape
        what = f"a column of one number for each example, for {N_EXAMPLES} examples"
        if n_classes > 1:
            what = (
                f"a logit for each example and class, for {N_EXAMPLES} examples and "
                f"{n_classes} classes"
            )
        raise UserCodeError(
            f"`{name}` must return {what} the shape {expected}, got {got}",
            hint=_shape_hint(shape, n_classes),
        )
    if logits.dtype != jnp.float32:
        raise UserCodeError(f"`{name}` must return float32 logits, got {logits.dtype}")


def _shape_hint(shape: Any, n_classes: int) -> str:
    """What to change in the last layer, where its outputs say it."""
    units = "1 unit" if n_classes == 1 else f"{n_classes} units"
    if shape is None or shape[:1] != (N_EXAMPLES,):
        return ""
    if len(shape) == 2:
        return f"the last layer needs {units}, got {shape[1]}"
    if len(shape) > 2:
        return f"flatten each example before the last layer, which needs {units}"
    return ""


def _check_state_stays(name: str, before: Any, after: Any) -> None:
    was, now = _leaves(before), _leaves(after)
    if [path for path, _ in was] != [path for path, _ in now]:
        odd = {path for path, _ in was} ^ {path for path, _ in now}
        raise UserCodeError(
            f"`{name}` must return a state of the form it was given, "
            f"got another at {', '.join(sorted(odd)[:3]) or 'its containers'}"
        )
    for (path, old), (_, new) in zip(was, now, strict=True):
        if (old.shape, old.dtype) != (new.shape, new.dtype):
            raise UserCodeError(
                f"`{name}` must return a state of the form it was given, "
                f"got {new.dtype}{list(new.shape)} for {old.dtype}{list(old.shape)} "
                f"at {path}"
            )


def _check_penalty(name: str, penalty: Any) -> None:
    if penalty is not None and getattr(penalty, "shape", None) != ():
        got = getattr(penalty, "shape", type(penalty).__name__)
        raise UserCodeError(f"`{name}` must return one number as penalty, got {got}")
