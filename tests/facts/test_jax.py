"""What we lean on in JAX."""

from importlib.metadata import version

import jax
import jax.numpy as jnp
import numpy as np


CURE = (
    "jaxlib computes wrong numbers on CPU (jax-ml/jax#39103, seen in 0.10.2): install "
    "another version, or put --xla_cpu_experimental_ynn_fusion_type= into XLA_FLAGS"
)


def test_jit_of_a_vmapped_matrix_vector_product_and_sum_is_right():
    rows = np.zeros((32_769, 3), np.float32)
    rows[:, 0] = np.arange(32_769)

    def squared_length(row):
        return jnp.sum((jnp.eye(3, dtype=jnp.float32) @ row) ** 2)

    lengths = np.asarray(jax.jit(jax.vmap(squared_length))(rows))

    assert lengths[-1] == 32_768**2, f"jaxlib {version('jaxlib')}: {CURE}"
    np.testing.assert_array_equal(lengths, rows[:, 0] ** 2, err_msg=CURE)


def test_keys_are_the_same_in_every_version():
    # Threefry's first words for key (0, 7), JAX 0.10.1 on CPU, 2026-11-23.
    key = jax.random.wrap_key_data(jnp.array([0, 7], jnp.uint32), impl="threefry2x32")

    bits = jax.random.bits(jax.random.fold_in(key, 1), (2,))

    assert np.asarray(bits).tolist() == [2899676959, 3548400998]


def test_devices_of_a_cpu_share_an_aligned_array_of_the_host():
    from paribus.data.inputs import aligned

    devices = jax.devices("cpu")
    array = aligned(np.arange(10_000, dtype=np.float32))
    mesh = jax.sharding.Mesh(np.array(devices), ("run",))
    everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())

    placed = jax.device_put(array, everywhere)

    # Else a data set would be in memory once for each core, and once more for us.
    pointers = {s.data.unsafe_buffer_pointer() for s in placed.addressable_shards}
    assert pointers == {array.ctypes.data}


def test_gradients_of_convolutions_are_slow_within_loops_alone():
    # What paribus/engine/convolutions.py is for: XLA brings convolutions into the form
    # of its fast kernels, channels last, but not within a loop. If this fails because
    # it does, that file can go.
    images, kernel = jnp.ones((2, 8, 8, 3)), jnp.ones((3, 3, 3, 4))

    def gradient(kernel):
        def squares(kernel):
            outputs = jax.lax.conv_general_dilated(
                images,
                kernel,
                (1, 1),
                "VALID",
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            )
            return (outputs**2).sum()

        return jax.grad(squares)(kernel)

    def forms(function):
        text = jax.jit(function).lower(kernel).compile().as_text()
        assert text is not None
        return {
            line.split("dim_labels=")[1].split(",")[0].split()[0]
            for line in text.splitlines()
            if " convolution(" in line
        }

    def loop(kernel):
        return jax.lax.fori_loop(0, 3, lambda _, k: k - gradient(k), kernel)

    assert forms(gradient) == {"b01f_01io->b01f"}
    assert forms(loop) == {"b01f_01io->b01f", "f01b_i01o->01bf"}
