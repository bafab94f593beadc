"""The moving average of the loss, windows and histograms, without training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from paribus.engine.measures import (
    EARLY_STEPS,
    N_SPANS,
    SampledStep,
    measure_step,
    next_sampled,
    start_measures,
    steps_in_span,
    summarise,
    watch_early_loss,
    watch_loss,
)


PARAMS = {"kernel": jnp.ones((3, 2)), "bias": jnp.zeros(2)}


def watched(losses, *, span, start_loss=1.0):
    """A run that has seen these losses."""

    def step(measures, loss):
        return watch_loss(measures, loss, span), None

    start = start_measures(PARAMS)._replace(start_loss=jnp.float32(start_loss))
    measures, _ = jax.lax.scan(step, start, jnp.asarray(losses, jnp.float32))
    return summarise(measures, jnp.int32(len(losses)))


def sampled_step(*, factor=1.0, loss=1.0, loss_after=0.5, gradient=1.0):
    """A step that multiplies the weights."""
    return SampledStep(
        before=PARAMS,
        after=jax.tree.map(lambda leaf: leaf * factor, PARAMS),
        gradient=jax.tree.map(lambda leaf: jnp.full_like(leaf, gradient), PARAMS),
        loss=jnp.float32(loss),
        loss_after=jnp.float32(loss_after),
    )


@pytest.mark.parametrize("span", [1, 3])
def test_high_losses_are_counted_as_by_a_moving_average(span):
    rng = np.random.default_rng(3)
    losses = np.concatenate([rng.uniform(0, 6, 300), rng.uniform(2, 6, 60)])
    width = N_SPANS * span
    ends = range(width, len(losses) + 1, span)
    averages = np.array([losses[end - width : end].mean() for end in ends])

    found = watched(losses, span=span)

    share = span * (averages > 3).sum() / len(losses)
    assert 0 < share < 1
    assert float(found["high_loss_share"]) == pytest.approx(share, abs=1e-6)
    assert bool(found["ends_high"]) == (averages[-1] > 3)


def test_a_spike_is_forgotten_once_it_has_left_the_window():
    losses = np.full(200, 0.5)
    losses[50] = 1e30  # a running sum would never be right again

    found = watched(losses, span=1)

    assert float(found["high_loss_share"]) == pytest.approx(N_SPANS / 200)
    assert float(found["ends_high"]) == 0


def test_a_run_shorter_than_the_window_is_never_high():
    found = watched(np.full(19, 100.0), span=1)

    assert float(found["high_loss_share"]) == 0
    assert float(found["ends_high"]) == 0


@pytest.mark.parametrize(
    ("n_steps", "window"), [(7.0, 20), (2000.0, 20), (2001.0, 40), (9375.0, 100)]
)
def test_window_covers_20_steps_and_a_hundredth_of_the_budget(n_steps, window):
    assert steps_in_span(n_steps) * N_SPANS == window
    assert window >= n_steps / 100


def test_every_early_step_is_sampled_and_every_fiftieth_after():
    chosen, step = [], 0
    while step < 800:
        step = int(next_sampled(step))
        chosen.append(step)
        step += 1

    assert chosen[: EARLY_STEPS + 1] == list(range(EARLY_STEPS + 1))
    assert chosen[EARLY_STEPS:] == [500, 550, 600, 650, 700, 750, 800]


def test_early_windows_are_full_and_end_at_step_500():
    measures = start_measures(PARAMS)
    for index, loss in [(0, 9.0), (1, 1.0), (2, 2.0), (499, 50.0), (500, 99.0)]:
        measures = watch_early_loss(measures, jnp.float32(loss), 64, index)

    # (9 + 1) / 2 and (2 + 50) / 2; step 500 is no longer early.
    assert float(measures.max_early_loss) == 26.0


@pytest.mark.parametrize("loss_after", [np.nan, np.inf, 1.1])
def test_a_loss_that_is_no_longer_a_number_is_an_overshoot(loss_after):
    measures = measure_step(
        start_measures(PARAMS), sampled_step(loss_after=loss_after), 0
    )

    found = summarise(measures, jnp.int32(1))
    assert float(found["overshoot_share"]) == 1


def test_late_steps_count_for_those_they_stand_for():
    measures = start_measures(PARAMS)
    measures = measure_step(measures, sampled_step(loss_after=2.0, gradient=10.0), 0)
    measures = measure_step(measures, sampled_step(loss_after=0.1), 550)

    found = summarise(measures, jnp.int32(600))

    assert float(found["overshoot_share"]) == pytest.approx(1 / 51)
    assert float(found["early_overshoot_share"]) == 1
    # Root of 8 entries of 1; bins are a fiftieth of a decade.
    assert float(found["gradient_norm_p50"]) == pytest.approx(np.sqrt(8), rel=0.024)


@pytest.mark.parametrize("factor", [0.0, 1e25, np.float32(3e38)])
def test_measures_stay_finite_however_far_weights_jump(factor):
    step = sampled_step(factor=factor, gradient=factor)
    measures = measure_step(start_measures(PARAMS), step, 0)

    found = summarise(measures, jnp.int32(1))

    names = ("first_update", "update_ratio", "gradient_norm_p99")
    assert all(np.isfinite(float(found[name])) for name in names)


def test_what_never_took_place_is_nan():
    found = summarise(start_measures(PARAMS), jnp.int32(0))

    names = ("max_early_loss", "overshoot_share", "first_update", "update_ratio")
    assert all(np.isnan(float(found[name])) for name in names)
    assert np.isnan(float(found["gradient_norm_p50"]))
