"""Convolutions and max pooling in the forms that CPUs compute fast within loops.

XLA has fast kernels for convolutions whose channels come last. It brings others into
that form, as the gradients of a convolution always are, but in the outermost
computation of a program alone: within a loop they run 20 times slower. So a program is
rewritten before it is compiled (docs/decisions/0044-convolutions-in-loops.md).
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, jaxpr_as_fun


def suited_to_cpus(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, with convolutions and max pooling in their fast forms.

    Whoever wrote a model, in whichever framework, its program is made of the same few
    operations. Convolutions are transposed until their channels come last, also within
    loops and branches. Max pooling over windows that do not overlap, and its gradient,
    become elementwise operations on the windows: the same numbers, and a gradient that
    goes to the first of equal values too. Everything else stays as it is.

    Args:
        function: Takes and returns trees of arrays. What it returns cannot be
            differentiated where it has custom derivatives.
    """

    def rewritten(*arguments: Any) -> Any:
        program, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
        outputs = jaxpr_as_fun(_program(program))(*jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(shapes), outputs)

    return rewritten


def _program(program: ClosedJaxpr) -> ClosedJaxpr:
    body = _body(program.jaxpr)
    return program if body is program.jaxpr else program.replace(jaxpr=body)


def _body(body: Jaxpr) -> Jaxpr:
    """What has nothing to rewrite stays the same object: JAX lowers it once."""
    operations = [_operation(operation) for operation in body.eqns]
    if all(new is old for new, old in zip(operations, body.eqns, strict=True)):
        return body
    return body.replace(eqns=operations)


def _operation(operation: JaxprEqn) -> JaxprEqn:
    """One operation in its fast form; the operations within it, if it is a loop."""
    make_form = _FORMS.get(operation.primitive.name)
    form = None if make_form is None else make_form(operation)
    if form is not None:
        taken: list[Any] = [one.aval for one in operation.invars]
        shapes = [jax.ShapeDtypeStruct(one.shape, one.dtype) for one in taken]
        (call,) = jax.make_jaxpr(jax.jit(form))(*shapes).jaxpr.eqns
        return call.replace(invars=operation.invars, outvars=operation.outvars)
    old = operation.params
    new = {name: _within(value) for name, value in old.items()}
    if all(new[name] is value for name, value in old.items()):
        return operation
    return operation.replace(params=new)


def _within(value: Any) -> Any:
    """Rewrite the programs that an operation runs: those of a loop, or of branches."""
    match value:
        case ClosedJaxpr():
            return _program(value)
        case Jaxpr():
            return _body(value)
        case tuple() if any(isinstance(part, ClosedJaxpr) for part in value):
            parts = tuple(_within(part) for part in value)
            is_same = all(new is old for new, old in zip(parts, value, strict=True))
            return value if is_same else parts
    return value


_Form = Callable[..., jax.Array]


def _convolution(operation: JaxprEqn) -> _Form | None:
    """Batch, space, channels; the order of what a convolution of Keras takes."""
    params = dict(operation.params)
    given = params.pop("dimension_numbers")
    n = len(given.lhs_spec)
    space = tuple(range(1, n - 1))
    last = lax.ConvDimensionNumbers(
        (0, n - 1, *space), (n - 1, n - 2, *range(n - 2)), (0, n - 1, *space)
    )
    if given == last:
        return None
    batch, channels, *places = given.lhs_spec
    images_order = (batch, *places, channels)
    outgoing, incoming, *places = given.rhs_spec
    kernel_order = (*places, incoming, outgoing)
    batch, channels, *places = given.out_spec
    outputs_order = (batch, *places, channels)
    back = [outputs_order.index(axis) for axis in range(n)]

    def convolution(images: jax.Array, kernel: jax.Array) -> jax.Array:
        outputs = operation.primitive.bind(
            images.transpose(images_order),
            kernel.transpose(kernel_order),
            dimension_numbers=last,
            **params,
        )
        return outputs.transpose(back)

    return convolution


def _max_pooling(operation: JaxprEqn) -> _Form | None:
    windows = _Windows.of(operation, operation.invars[0].aval)
    if windows is None:
        return None
    return lambda images: windows.split(images).max(axis=windows.inner)


def _max_pooling_gradient(operation: JaxprEqn) -> _Form | None:
    """What a window's output is worth goes to the first of its largest numbers."""
    windows = _Windows.of(operation, operation.invars[1].aval)
    if windows is None or operation.params["select_prim"] is not lax.ge_p:
        return None

    def gradient(worth: jax.Array, images: jax.Array) -> jax.Array:
        split = windows.split(images)
        largest = split.max(axis=windows.inner, keepdims=True)
        place = windows.places()
        none = math.prod(windows.sizes)
        first = jnp.where(split == largest, place, none).min(
            axis=windows.inner, keepdims=True
        )
        worth = worth.reshape(largest.shape)
        return windows.joined(jnp.where(place == first, worth, 0))

    return gradient


class _Windows:
    """How pooling divides an array into windows that do not overlap.

    Attributes:
        sizes: Of a window, along each axis.
        inner: The axes within a window once an array is `split`.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        sizes: tuple[int, ...],
        padding: tuple[tuple[int, int], ...],
    ) -> None:
        self.sizes = sizes
        self.inner = tuple(range(1, 2 * len(sizes), 2))
        self._counts = [
            (n + sum(ends) - size) // size + 1
            for n, size, ends in zip(shape, sizes, padding, strict=True)
        ]
        # What is added on each side, or taken away where it is negative.
        self._ends = [
            (before, count * size - n - before, 0)
            for n, size, count, (before, _) in zip(
                shape, sizes, self._counts, padding, strict=True
            )
        ]

    @classmethod
    def of(cls, operation: JaxprEqn, images: Any) -> "_Windows | None":
        """The windows of an operation; None if they overlap, or leave numbers out."""
        params = operation.params
        sizes = tuple(params["window_dimensions"])
        dilations = (
            *params.get("base_dilation", ()),
            *params.get("window_dilation", ()),
        )
        is_plain = tuple(params["window_strides"]) == sizes and set(dilations) <= {1}
        if not is_plain or not jnp.issubdtype(images.dtype, jnp.floating):
            return None
        return cls(images.shape, sizes, tuple(params["padding"]))

    def split(self, images: jax.Array) -> jax.Array:
        """Two axes for each: the windows, and the numbers within a window."""
        bottom = jnp.array(-jnp.inf, images.dtype)
        padded = lax.pad(images, bottom, self._ends)
        return padded.reshape(
            [n for pair in zip(self._counts, self.sizes, strict=True) for n in pair]
        )

    def joined(self, split: jax.Array) -> jax.Array:
        """The array that was split."""
        padded = split.reshape(
            [n * size for n, size in zip(self._counts, self.sizes, strict=True)]
        )
        zero = jnp.zeros((), split.dtype)
        ends = [(-before, -after, 0) for before, after, _ in self._ends]
        return lax.pad(padded, zero, ends)

    def places(self) -> jax.Array:
        """The place of each number within its window, in the order of memory."""
        shape = [n for size in self.sizes for n in (1, size)]
        return jnp.arange(math.prod(self.sizes), dtype=jnp.int32).reshape(shape)


_FORMS: dict[str, Callable[[JaxprEqn], _Form | None]] = {
    "conv_general_dilated": _convolution,
    "reduce_window_max": _max_pooling,
    "select_and_scatter_add": _max_pooling_gradient,
}
