"""How curved is the loss at the weights of ONE run, also as its optimizer sees it?"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float, Int, Key

from paribus.optimizers.keras_forms import KerasMoments


MIN_PRODUCTS = 10
MAX_PRODUCTS = 50
TOLERANCE = 1e-3

Loss = Callable[[Any], Array]
Product = Callable[[Float[Array, " weight"]], Float[Array, " weight"]]


class Spectrum(NamedTuple):
    """The upper end of a symmetric matrix's spectrum, and how well it is known.

    Attributes:
        largest: The largest eigenvalue, with its sign.
        error: Estimated error of it.
        n_products: Products with the matrix that it took.
    """

    largest: Float[Array, ""]
    error: Float[Array, ""]
    n_products: Int[Array, ""]


class _Lanczos(NamedTuple):
    before: Float[Array, " weight"]
    vector: Float[Array, " weight"]
    diagonal: Float[Array, " product"]
    beside: Float[Array, " product"]
    is_exhausted: Bool[Array, ""]
    spectrum: Spectrum


def largest_eigenvalue(
    product: Product,
    start: Float[Array, " weight"],
    *,
    max_products: int = MAX_PRODUCTS,
    tolerance: float = TOLERANCE,
) -> Spectrum:
    """Find the largest algebraic eigenvalue of a symmetric matrix by Lanczos.

    Power iteration would find the eigenvalue of largest size, which early in training
    is often negative. Vectors are not made orthogonal again: orthogonality is lost in
    the direction of an eigenvector that has converged, which repeats its eigenvalue and
    changes no largest one. The first products are always made: from a start with little
    along the leading eigenvector the search may rest at another eigenvalue for a while,
    with a small residual.

    Args:
        product: Multiplies the matrix by a vector.
        start: Where to begin, e.g. random normal; not zero.
        max_products: Products after which to stop.
        tolerance: Stop when the estimated error is below this part of the eigenvalue.

    Returns:
        The eigenvalue; NaN if a product is not finite.

    Assumes:
        `start` has a part along the leading eigenvector. The error is estimated as the
        residual r, or as r²/gap once r is below a tenth of the gap between the two
        largest Ritz values.

    References:
        Paige, Accuracy and effectiveness of the Lanczos algorithm, 1980; Parlett, The
        Symmetric Eigenvalue Problem, 1998, sections 11.7 and 13.
    """
    unknown = jnp.asarray(jnp.inf, start.dtype)
    begun = _Lanczos(
        before=jnp.zeros_like(start),
        vector=start / jnp.linalg.norm(start),
        diagonal=jnp.zeros(max_products, start.dtype),
        beside=jnp.zeros(max_products, start.dtype),
        is_exhausted=jnp.asarray(False),
        spectrum=Spectrum(unknown, unknown, jnp.zeros((), jnp.int32)),
    )

    def goes_on(state: _Lanczos) -> Bool[Array, ""]:
        largest, error, n = state.spectrum
        is_open = (error > tolerance * jnp.abs(largest)) | (n < MIN_PRODUCTS)
        can_go_on = (n < max_products) & ~state.is_exhausted & ~jnp.isnan(largest)
        return is_open & can_go_on

    ended = jax.lax.while_loop(goes_on, lambda s: _lanczos_step(product, s), begun)
    return ended.spectrum


def _lanczos_step(product: Product, state: _Lanczos) -> _Lanczos:
    k = state.spectrum.n_products
    image = product(state.vector)
    on_diagonal = image @ state.vector
    last = jnp.where(k == 0, 0, state.beside[k - 1])
    rest = image - on_diagonal * state.vector - last * state.before
    length = jnp.linalg.norm(rest)
    diagonal = state.diagonal.at[k].set(on_diagonal)
    beside = state.beside.at[k].set(length)
    largest, error = _largest_ritz_value(diagonal, beside, k)
    # Nothing of the image lies outside what was seen: float32 leaves a rest of 1e-7.
    is_exhausted = ~(length > 1e-6 * jnp.linalg.norm(image))
    return _Lanczos(
        before=state.vector,
        vector=rest / jnp.where(is_exhausted, 1, length),
        diagonal=diagonal,
        beside=beside,
        is_exhausted=is_exhausted,
        spectrum=Spectrum(largest, error, k + 1),
    )


def _largest_ritz_value(
    diagonal: Float[Array, " product"], beside: Float[Array, " product"], k: Array
) -> tuple[Array, Array]:
    """The largest eigenvalue of the first k + 1 rows and columns, and its error."""
    place = jnp.arange(len(diagonal))
    inside = jnp.where(place < k, beside, 0)
    bound = jnp.abs(diagonal).max() + 2 * jnp.abs(beside).max()
    # Rows that are still to come lie below all eigenvalues (Gershgorin).
    padded = jnp.where(place <= k, diagonal, -bound)
    matrix = jnp.diag(padded) + jnp.diag(inside[:-1], 1) + jnp.diag(inside[:-1], -1)
    is_finite = jnp.isfinite(matrix).all()
    values, vectors = jnp.linalg.eigh(jnp.where(is_finite, matrix, 0))
    residual = jnp.abs(beside[k] * vectors[k, -1])
    gap = values[-1] - values[-2]
    # The gap counts once the eigenvector is resolved; a single row has none.
    is_resolved = (residual < 0.1 * gap) & (k > 0)
    error = jnp.where(is_resolved, residual**2 / jnp.maximum(gap, residual), residual)
    nan = jnp.nan
    return jnp.where(is_finite, values[-1], nan), jnp.where(is_finite, error, nan)


def hessian_product(loss: Loss, params: Any) -> tuple[Product, int]:
    """The product with the Hessian of the loss, on flat vectors, and their length.

    The forward pass is made once; each product is one more pass forward and back.
    """
    flat, unravel = ravel_pytree(params)
    _, product = jax.linearize(jax.grad(lambda vector: loss(unravel(vector))), flat)
    return product, flat.size


def lambda_max(loss: Loss, params: Any, key: Key[Array, ""]) -> Spectrum:
    """Find the largest eigenvalue of the Hessian of the loss.

    Args:
        loss: Weights to the loss on fixed examples.
        params: The weights.
        key: Draws the vector that the search starts with.
    """
    product, n_weights = hessian_product(loss, params)
    return largest_eigenvalue(product, jax.random.normal(key, (n_weights,)))


def preconditioned_lambda_max(
    loss: Loss, params: Any, preconditioner: Any, key: Key[Array, ""]
) -> Spectrum:
    """Find the largest eigenvalue of D^(-1/2) H D^(-1/2), H the Hessian of the loss.

    Args:
        loss: Weights to the loss on fixed examples.
        params: The weights.
        preconditioner: The diagonal D, shaped like the weights, above 0.
        key: Draws the vector that the search starts with.

    References:
        Cohen et al., Adaptive Gradient Methods at the Edge of Stability, 2022.
    """
    product, n_weights = hessian_product(loss, params)
    scale = 1 / jnp.sqrt(ravel_pytree(preconditioner)[0])
    start = jax.random.normal(key, (n_weights,))
    return largest_eigenvalue(lambda v: scale * product(scale * v), start)


def preconditioner(name: str, state: Any, traced: Any) -> Any:
    """The diagonal D by which an optimizer divides its gradient, or Adam its average.

    A step is w - learning rate × m / D. For optax's form, with v̂ = v/(1 - b2^t),
    D = (1 - b1^t)(√v̂ + eps); Keras's form adds eps to √v instead, so that
    D = (1 - b1^t)(√v + eps)/√(1 - b2^t). RMSprop's is √(v + eps), with the plain
    gradient, or its velocity, for m; Adagrad's is √(s + eps), s the sum of squares.

    Args:
        name: A key of `paribus.optimizer_catalogue.OPTIMIZERS`.
        state: The optimizer's state after at least one step.
        traced: Its traced hyperparameters.

    Returns:
        D, shaped like the weights; None for an optimizer that divides by nothing, and
        for those whose step is no such quotient, or whose edge is not known.
    """
    if name == "rmsprop":
        v = optax.tree_utils.tree_get(state, "nu")
        return jax.tree.map(lambda v: jnp.sqrt(v + traced["eps"]), v)
    if name == "adagrad":
        s = optax.tree_utils.tree_get(state, "sum_of_squares")
        return jax.tree.map(lambda s: jnp.sqrt(s + traced["eps"]), s)
    if name in ("adam", "adamw"):
        n_steps, v = (
            optax.tree_utils.tree_get(state, "count"),
            optax.tree_utils.tree_get(state, "nu"),
        )
    elif name in ("keras_adam", "keras_adamw"):
        n_steps, v = _keras_moments(state)
    else:
        return None
    t = n_steps.astype(jnp.float32)
    b1_rest, b2_rest = 1 - traced["b1"] ** t, 1 - traced["b2"] ** t
    eps = traced["eps"] * (1 if name.startswith("keras") else jnp.sqrt(b2_rest))
    scale = b1_rest / jnp.sqrt(b2_rest)
    return jax.tree.map(lambda v: scale * (jnp.sqrt(v) + eps), v)


def _keras_moments(state: Any) -> tuple[Array, Any]:
    """Steps done and second moment, wherever in the state they lie."""

    def is_theirs(part: Any) -> bool:
        return isinstance(part, KerasMoments)

    (own,) = filter(is_theirs, jax.tree.leaves(state, is_leaf=is_theirs))
    return own.n_steps, own.v


def stability_edge(name: str, settings: Any) -> Any:
    """The curvature above which full-batch training diverges on a quadratic.

    2/learning rate for gradient descent; with momentum b (2 + 2b)/learning rate, by
    Nesterov's form divided by 1 + 2b. Adam averages: (2 + 2b)/((1 - b) learning rate)
    is the edge of its preconditioned curvature. RMSprop's and Adagrad's are that of
    gradient descent, preconditioned. Clipping, decay and the schedule are left out.

    Args:
        name: A key of `paribus.optimizer_catalogue.OPTIMIZERS`.
        settings: Its hyperparameters, numbers or traced.

    Returns:
        The edge; NaN where none is known.

    References:
        Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the Edge
        of Stability, 2021, section 2 and appendix B; the same, 2022.
    """
    rate = settings["learning_rate"]
    if name in ("adam", "adamw", "keras_adam", "keras_adamw"):
        b = settings["b1"]
        return (2 + 2 * b) / ((1 - b) * rate)
    if name not in ("sgd", "momentum", "nesterov", "rmsprop", "adagrad"):
        return jnp.nan
    b = settings.get("momentum", 0.0)
    edge = (2 + 2 * b) / rate
    looks_ahead = name == "nesterov" or settings.get("nesterov", False)
    return edge / (1 + 2 * b) if looks_ahead else edge
