"""What is measured of ONE run while it trains, in the carry of its steps."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int


EARLY_STEPS = 500  # each of these is sampled
SAMPLE_EVERY = 50  # then every so many
WINDOW_EXAMPLES = 128  # an early loss is averaged over at least so many
HIGH_LOSS = 3.0  # times the loss before the first step
N_SPANS = 20  # a moving average is taken over so many spans of steps

# Histograms of log10: their quantiles are off by at most half a bin, 2.3%.
BINS_PER_DECADE = 50
LOWEST_DECADE, HIGHEST_DECADE = -10, 10
N_BINS = BINS_PER_DECADE * (HIGHEST_DECADE - LOWEST_DECADE)

_LARGEST = jnp.finfo(jnp.float32).max

Histogram = Int[Array, " bin"]


class Measures(NamedTuple):
    """What is known of one run so far.

    Attributes:
        start_loss: On the training subset before the first step; NaN until evaluated.
        n_sampled: Sampled steps, early and late.
        n_overshoots: Those after which the loss of their own batch was higher.
        gradient_norms: log10 of the gradient's norm; a late step counts for all that
            it stands for.
        update_ratios: The same of norm(update) / norm(weights), for each kernel.
        first_update: The largest such ratio over the kernels at the first step.
        window_loss: Sum of the losses of the examples in the early window.
        n_window: How many there are.
        max_early_loss: The largest mean of a full early window; NaN before the first.
        span_loss: Sum of the losses of the steps in the current span.
        n_span: How many there are.
        recent: Mean loss of the last spans, the newest last; NaN until there are so
            many.
        n_high: Steps in spans after which the mean of `recent` was high.
        is_high: Whether it is high.
    """

    start_loss: Float[Array, ""]
    n_sampled: Int[Array, "2"]
    n_overshoots: Int[Array, "2"]
    gradient_norms: Histogram
    update_ratios: Int[Array, "kernel bin"]
    first_update: Float[Array, ""]
    window_loss: Float[Array, ""]
    n_window: Int[Array, ""]
    max_early_loss: Float[Array, ""]
    span_loss: Float[Array, ""]
    n_span: Int[Array, ""]
    recent: Float[Array, " span"]
    n_high: Int[Array, ""]
    is_high: Bool[Array, ""]


class SampledStep(NamedTuple):
    """What a sampled step has to say.

    Attributes:
        before: The weights before it.
        after: And after it.
        gradient: Of the loss, at the weights before.
        loss: Of its batch, before it.
        loss_after: Of the same batch, after it.
    """

    before: Any
    after: Any
    gradient: Any
    loss: Float[Array, ""]
    loss_after: Float[Array, ""]


def start_measures(params: Any) -> Measures:
    """Nothing is known before the first step."""
    none, nothing = jnp.zeros((), jnp.int32), jnp.zeros(())
    unknown = jnp.full((), jnp.nan)
    return Measures(
        start_loss=unknown,
        n_sampled=jnp.zeros(2, jnp.int32),
        n_overshoots=jnp.zeros(2, jnp.int32),
        gradient_norms=jnp.zeros(N_BINS, jnp.int32),
        update_ratios=jnp.zeros((len(_kernels(params)), N_BINS), jnp.int32),
        first_update=unknown,
        window_loss=nothing,
        n_window=none,
        max_early_loss=unknown,
        span_loss=nothing,
        n_span=none,
        recent=jnp.full(N_SPANS, jnp.nan),
        n_high=none,
        is_high=jnp.zeros((), jnp.bool_),
    )


def steps_in_span(n_steps: float) -> int:
    """Steps in a span, so that the average covers 20 steps and 1% of all at least."""
    return max(1, math.ceil(n_steps / 100 / N_SPANS))


def is_early(step: ArrayLike) -> Bool[Array, ""]:
    """Whether `step`, counted from 0, is one of the first 500."""
    return jnp.asarray(step) < EARLY_STEPS


def next_sampled(step: ArrayLike) -> Array:
    """The first sampled step that is not before `step`, both counted from 0."""
    step = jnp.asarray(step)
    return jnp.where(is_early(step), step, -(-step // SAMPLE_EVERY) * SAMPLE_EVERY)


def watch_loss(measures: Measures, loss: Float[Array, ""], span: ArrayLike) -> Measures:
    """Take the loss of a step into the moving average; done at every step.

    Args:
        measures: Before.
        loss: Of the step's batch, before the step.
        span: Steps in a span. The average moves by whole spans, so it costs the same
            however many steps it covers, and has no sum that rounding could spoil.
    """
    span_loss, n_span = measures.span_loss + loss, measures.n_span + 1
    is_full = n_span >= span
    newest = (span_loss / n_span)[None]
    recent = jnp.where(
        is_full, jnp.concatenate([measures.recent[1:], newest]), measures.recent
    )
    is_high = recent.mean() > HIGH_LOSS * measures.start_loss  # NaN is not
    return measures._replace(
        span_loss=jnp.where(is_full, 0.0, span_loss),
        n_span=jnp.where(is_full, 0, n_span),
        recent=recent,
        is_high=is_high,
        n_high=measures.n_high + jnp.where(is_full & is_high, n_span, 0),
    )


def watch_early_loss(
    measures: Measures, loss: Float[Array, ""], n_examples: int, index: ArrayLike
) -> Measures:
    """Take the loss of a batch into the early window, if its step is early.

    A window is full when it has at least 128 examples; the next one begins after it. So
    a single tiny batch does not decide a maximum.
    """
    window_loss = measures.window_loss + loss * n_examples
    n_window = measures.n_window + n_examples
    is_full = n_window >= WINDOW_EXAMPLES
    largest = jnp.fmax(measures.max_early_loss, window_loss / n_window)
    watched = measures._replace(
        window_loss=jnp.where(is_full, 0.0, window_loss),
        n_window=jnp.where(is_full, 0, n_window),
        max_early_loss=jnp.where(is_full, largest, measures.max_early_loss),
    )
    return jax.tree.map(
        lambda new, old: jnp.where(is_early(index), new, old), watched, measures
    )


def measure_step(measures: Measures, step: SampledStep, index: ArrayLike) -> Measures:
    """Take a sampled step into the counts and histograms.

    Args:
        measures: Before.
        step: What it did.
        index: Which step of the run it is, from 0; sampled.
    """
    early = is_early(index)
    weight = jnp.where(early, 1, SAMPLE_EVERY)
    when = jnp.where(early, jnp.array([1, 0]), jnp.array([0, 1]))
    # Not `>`: a loss that is no longer a number has risen.
    has_overshot = ~(step.loss_after <= step.loss)
    ratios = _update_ratios(step)
    return measures._replace(
        n_sampled=measures.n_sampled + when,
        n_overshoots=measures.n_overshoots + when * has_overshot,
        gradient_norms=_counted(
            measures.gradient_norms, _norm(jax.tree.leaves(step.gradient)), weight
        ),
        update_ratios=jax.vmap(_counted, (0, 0, None))(
            measures.update_ratios, ratios, weight
        ),
        first_update=jnp.where(
            jnp.asarray(index) == 0, _largest(ratios), measures.first_update
        ),
    )


def summarise(
    measures: Measures, n_steps: Int[Array, ""]
) -> dict[str, Float[Array, ""]]:
    """One number for each measure, by name; NaN for what never took place.

    Shares and quantiles are over all steps of the budget: a sampled step after the
    first 500 counts for the 50 it stands for. `early_overshoot_share` is over the
    first 500 alone. `update_ratio` is a log10.

    Args:
        measures: After the last step.
        n_steps: Steps done.
    """
    stands_for = jnp.array([1.0, SAMPLE_EVERY])
    n_sampled, n_overshoots = measures.n_sampled, measures.n_overshoots
    typical = jax.vmap(_log10_quantile, (0, None))(measures.update_ratios, 0.5)
    norms = {
        f"gradient_norm_p{percent}": 10.0
        ** _log10_quantile(measures.gradient_norms, percent / 100)
        for percent in (50, 90, 99)
    }
    return {
        "max_early_loss": measures.max_early_loss,
        "overshoot_share": (n_overshoots @ stands_for) / (n_sampled @ stands_for),
        "early_overshoot_share": n_overshoots[0] / n_sampled[0],
        "first_update": measures.first_update,
        "update_ratio": _largest(typical),
        **norms,
        "high_loss_share": measures.n_high / n_steps,
        "ends_high": measures.is_high.astype(jnp.float32),
    }


def _kernels(tree: Any) -> Sequence[Array]:
    """The leaves that are matrices or more: biases start at zero and have no ratio."""
    return [leaf for leaf in jax.tree.leaves(tree) if leaf.ndim > 1]


def _update_ratios(step: SampledStep) -> Float[Array, " kernel"]:
    ratios = [
        _norm([after - before]) / _norm([before])
        for before, after in zip(
            _kernels(step.before), _kernels(step.after), strict=True
        )
    ]
    if not ratios:
        return jnp.zeros(0)
    # An update of weights that are all zero is as large as can be.
    return jnp.nan_to_num(jnp.stack(ratios), nan=_LARGEST, posinf=_LARGEST)


def _largest(values: Float[Array, " kernel"]) -> Float[Array, ""]:
    """The largest; NaN for a model without kernels."""
    return values.max() if values.size else jnp.full((), jnp.nan)


def _norm(leaves: Sequence[Array]) -> Float[Array, ""]:
    """The root of the sum of squares, at most the largest number there is."""
    squares = jnp.stack([_sum_of_squares(leaf) for leaf in leaves])
    return jnp.minimum(jnp.sqrt(squares.sum()), _LARGEST)


def _sum_of_squares(leaf: Array) -> Float[Array, ""]:
    by_column = jnp.square(leaf).reshape(-1, leaf.shape[-1]).sum(axis=0)
    # The barrier keeps two sums from becoming one, whose additions would have to wait
    # for each other: a quarter of the time on CPU.
    return jax.lax.optimization_barrier(by_column).sum()


def _counted(counts: Histogram, value: Array, weight: Array) -> Histogram:
    position = (jnp.log10(value) - LOWEST_DECADE) * BINS_PER_DECADE
    index = jnp.clip(jnp.floor(position), 0, N_BINS - 1)
    # Not a scatter: under vmap and on a GPU this is one elementwise operation.
    return counts + weight * (jnp.arange(N_BINS) == index)


def _log10_quantile(counts: Histogram, share: float) -> Float[Array, ""]:
    """The middle of the first bin up to which at least `share` of the counts lie."""
    up_to = jnp.cumsum(counts)
    first = jnp.argmax(up_to >= share * up_to[-1])
    middle = LOWEST_DECADE + (first + 0.5) / BINS_PER_DECADE
    return jnp.where(up_to[-1] > 0, middle, jnp.nan)
