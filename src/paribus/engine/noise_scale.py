"""How noisy are the gradients of ONE run at its weights, against their mean?"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class NoiseScale(NamedTuple):
    """The two parts of the gradient noise scale; average each before dividing.

    Attributes:
        trace: trace of the covariance of per-example gradients, tr S.
        gradient2: Squared norm of the mean gradient, without its noise. An estimate: it
            may be negative.
    """

    trace: Float[Array, "..."]
    gradient2: Float[Array, "..."]

    def batch_size(self) -> Float[Array, "..."]:
        """B_simple = tr S / sq(G), in examples; infinite: more than there are examples.

        The batch size at which noise and gradient are equally large.
        """
        is_seen = self.gradient2 > 0
        ratio = self.trace / jnp.where(is_seen, self.gradient2, 1)
        ratio = jnp.where(is_seen, ratio, jnp.inf)
        return jnp.where(jnp.isnan(self.gradient2), jnp.nan, ratio)


def noise_scale(
    example_norms2: Float[Array, " example"], mean_norm2: Float[Array, ""]
) -> NoiseScale:
    """Estimate the noise scale from the gradients of n examples, without bias.

    tr S = n/(n - 1) (mean sq(g_i) - sq(mean g)) and sq(G) = sq(mean g) - tr S/n.

    Args:
        example_norms2: Squared norm of each example's gradient.
        mean_norm2: Squared norm of their mean.

    Assumes:
        Examples are drawn independently of the weights. On examples that were trained
        on, both parts are those of the training split, which is what training sees.

    References:
        McCandlish et al., An Empirical Model of Large-Batch Training, 2018, appendix A.
    """
    n = len(example_norms2)
    trace = n / (n - 1) * (example_norms2.mean() - mean_norm2)
    return NoiseScale(trace=trace, gradient2=mean_norm2 - trace / n)


def two_batch_noise_scale(
    small_norm2: Float[Array, "..."],
    big_norm2: Float[Array, "..."],
    *,
    small: int,
    big: int,
) -> NoiseScale:
    """Estimate the noise scale from the gradients of a small and a big batch.

    For models whose per-example gradients are out of reach. The parts are linear in the
    squared norms, so that pairs of batches are averaged before or after, but always
    before `batch_size` divides: the ratio of one pair is biased and may be negative.

    Args:
        small_norm2: Squared norm of the mean gradient over a small batch.
        big_norm2: The same over a big one.
        small: Examples in the small batch.
        big: Examples in the big batch, more.

    References:
        McCandlish et al., An Empirical Model of Large-Batch Training, 2018, appendix A.
    """
    gradient2 = (big * big_norm2 - small * small_norm2) / (big - small)
    trace = (small_norm2 - big_norm2) / (1 / small - 1 / big)
    return NoiseScale(trace=trace, gradient2=gradient2)


def dense_gradient_norms2(
    losses: Callable[[Any], Float[Array, " example"]],
    params: Any,
    layer_inputs: tuple[Float[Array, "example _"], ...],
) -> tuple[Float[Array, " example"], Float[Array, ""]]:
    """Squared norms of per-example gradients of dense layers, and of their mean.

    The gradient of a kernel for one example is the outer product of what enters the
    layer, a, and of the gradient d with respect to what its bias is added to, so that
    its squared norm is sq(d) sq(a), with the bias sq(d)(sq(a) + 1). No per-example
    gradient is made. d comes from a bias of its own for each example.

    Args:
        losses: Weights to the loss of each example.
        params: One `{"kernel": ..., "bias": ...}` for each layer.
        layer_inputs: What enters each layer, `Model.layer_inputs`.

    References:
        Goodfellow, Efficient Per-Example Gradient Computations, 2015.
    """
    n = len(layer_inputs[0])
    kernels = [layer["kernel"] for layer in params]
    biases = [jnp.broadcast_to(p["bias"], (n, *p["bias"].shape)) for p in params]

    def total(kernels: Any, biases: Any) -> Array:
        layers = [
            {"kernel": kernel, "bias": bias}
            for kernel, bias in zip(kernels, biases, strict=True)
        ]
        return losses(layers).sum()

    of_kernels, deltas = jax.grad(total, argnums=(0, 1))(kernels, biases)
    by_layer = [
        (delta**2).sum(axis=1) * ((entering**2).sum(axis=1) + 1)
        for delta, entering in zip(deltas, layer_inputs, strict=True)
    ]
    sums = [*of_kernels, *(delta.sum(axis=0) for delta in deltas)]
    mean_norm2 = jnp.stack([((part / n) ** 2).sum() for part in sums]).sum()
    return jnp.stack(by_layer).sum(axis=0), mean_norm2
