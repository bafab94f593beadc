"""Programs in the form that CPUs compute fast, beside the programs as they were."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr

from paribus.engine.convolutions import suited_to_cpus


def operations_of(program):
    """All operations of a program, those within loops and branches included."""
    body = program.jaxpr if isinstance(program, ClosedJaxpr) else program
    for operation in body.eqns:
        yield operation
        for value in operation.params.values():
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, ClosedJaxpr | Jaxpr):
                    yield from operations_of(part)


def convolutions_of(function, *arguments):
    program = jax.make_jaxpr(function)(*arguments)
    return [
        operation.params["dimension_numbers"]
        for operation in operations_of(program)
        if operation.primitive.name == "conv_general_dilated"
    ]


def has_channels_last(numbers):
    n = len(numbers.lhs_spec)
    space = tuple(range(1, n - 1))
    images, kernel = (0, n - 1, *space), (n - 1, n - 2, *range(n - 2))
    return numbers == lax.ConvDimensionNumbers(images, kernel, images)


def draw(*shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


CONVOLUTIONS = {
    "as Keras": ((3, 8, 9, 2), (3, 2, 2, 4), {"dims": ("NHWC", "HWIO", "NHWC")}),
    "as Equinox": ((3, 2, 8, 9), (4, 2, 3, 2), {"dims": ("NCHW", "OIHW", "NCHW")}),
    "strides": (
        (3, 8, 9, 2),
        (3, 3, 2, 4),
        {"dims": ("NHWC", "HWIO", "NHWC"), "window_strides": (2, 2)},
    ),
    "dilated": (
        (3, 9, 9, 2),
        (3, 3, 2, 4),
        {"dims": ("NHWC", "HWIO", "NHWC"), "rhs_dilation": (2, 3)},
    ),
    "transposed": (
        (3, 5, 5, 2),
        (3, 3, 2, 4),
        {"dims": ("NHWC", "HWIO", "NHWC"), "lhs_dilation": (2, 2)},
    ),
    "by channel": (
        (3, 8, 9, 2),
        (3, 3, 1, 4),
        {"dims": ("NHWC", "HWIO", "NHWC"), "feature_group_count": 2},
    ),
    "one axis": ((3, 2, 9), (3, 2, 4), {"dims": ("NCH", "HIO", "NCH")}),
    "three axes": (
        (2, 5, 4, 6, 2),
        (2, 2, 3, 2, 3),
        {"dims": ("NHWDC", "HWDIO", "NHWDC")},
    ),
}


def squares(images, kernel, *, dims, window_strides=None, **options):
    strides = window_strides or (1,) * (images.ndim - 2)
    outputs = lax.conv_general_dilated(
        images,
        kernel,
        strides,
        [(0, 0)] * len(strides),
        dimension_numbers=dims,
        **options,
    )
    return (outputs**2).sum()


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_gradients_of_convolutions_keep_their_numbers(name):
    images_shape, kernel_shape, options = CONVOLUTIONS[name]
    images, kernel = draw(*images_shape), draw(*kernel_shape, seed=1)
    gradients = jax.grad(partial(squares, **options), argnums=(0, 1))

    suited = suited_to_cpus(gradients)

    for ours, theirs in zip(
        suited(images, kernel), gradients(images, kernel), strict=True
    ):
        # float32 sums of a hundred terms of about 10, in another order.
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-3)
    numbers = convolutions_of(suited, images, kernel)
    assert len(numbers) >= 3  # the outputs, and each gradient
    assert all(map(has_channels_last, numbers))
    assert not all(map(has_channels_last, convolutions_of(gradients, images, kernel)))


def inside_scan(function, kernel, images):
    return lax.scan(lambda k, x: (k - function(k, x), ()), kernel, images[None])[0]


def inside_while(function, kernel, images):
    return lax.fori_loop(0, images.shape[0], lambda _, k: function(k, images), kernel)


def inside_branch(function, kernel, images):
    return lax.cond(images.sum() < 1e9, function, lambda k, _: k, kernel, images)


def inside_jit(function, kernel, images):
    return jax.jit(function)(kernel, images)


def inside_map(function, kernel, images):
    return lax.map(lambda x: function(kernel, x[None]), images).sum(axis=0)


def with_own_derivative(function, kernel, images):
    @jax.custom_vjp
    def called(kernel, images):
        return function(kernel, images)

    called.defvjp(lambda k, x: (called(k, x), (k, x)), lambda saved, _: saved)
    return called(kernel, images)


def recomputed(function, kernel, images):
    outputs, back = jax.vjp(lambda k: jax.checkpoint(function)(k, images), kernel)
    return back(outputs)[0]


@pytest.mark.parametrize(
    "place",
    [
        inside_scan,
        inside_while,
        inside_branch,
        inside_jit,
        inside_map,
        with_own_derivative,
        recomputed,
    ],
)
def test_convolutions_are_found_wherever_they_are(place):
    images, kernel = draw(3, 2, 6, 6), draw(2, 2, 3, 3, seed=1) / 10
    gradient = jax.grad(partial(squares_of_kernel, dims=("NCHW", "OIHW", "NCHW")))
    function = partial(place, gradient)

    suited = suited_to_cpus(function)

    # Steps of a few sums in another order.
    np.testing.assert_allclose(
        suited(kernel, images), function(kernel, images), rtol=1e-4, atol=1e-4
    )
    numbers = convolutions_of(suited, kernel, images)
    assert numbers
    assert all(map(has_channels_last, numbers))


def squares_of_kernel(kernel, images, *, dims):
    return squares(images, kernel, dims=dims) / 100


def pooled(images, *, size, strides, padding):
    return lax.reduce_window(
        images, -jnp.inf, lax.max, (1, *size, 1), (1, *strides, 1), padding
    )


def test_windows_that_overlap_stay_as_they_are():
    pool = partial(pooled, size=(3, 3), strides=(2, 2), padding="SAME")
    gradient = jax.grad(lambda images: (pool(images) ** 2).sum())
    images = draw(2, 7, 8, 3)

    suited = suited_to_cpus(gradient)

    np.testing.assert_array_equal(suited(images), gradient(images))
    assert str(jax.make_jaxpr(suited)(images)) == str(jax.make_jaxpr(gradient)(images))


def test_whole_numbers_are_pooled_as_before():
    pool = partial(pooled, size=(2, 2), strides=(2, 2), padding="VALID")
    images = jnp.arange(32).reshape(1, 4, 4, 2)

    def largest(images):
        return lax.reduce_window(
            images, jnp.int32(-1), lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"
        )

    np.testing.assert_array_equal(
        suited_to_cpus(largest)(images), pool(images.astype(jnp.float32))
    )


def test_a_program_of_products_alone_is_the_same_program():
    def step(weights, inputs):
        hidden = jax.nn.relu(inputs @ weights)
        return lax.fori_loop(0, 3, lambda _, w: w - (inputs.T @ hidden), weights)

    weights, inputs = draw(4, 5), draw(6, 4)

    def text(function):
        return jax.jit(lambda *given: function(*given)).lower(weights, inputs).as_text()

    assert text(suited_to_cpus(step)) == text(step)
