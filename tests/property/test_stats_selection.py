"""What holds for any tuning."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.stats.regret import learning_rate_sensitivity, regret, safe_range
from paribus.stats.selection import has_equal_budget, select_value


quick = settings(max_examples=60)
accuracies = st.integers(0, 1000).map(lambda n: n / 1000)
grids = st.tuples(st.integers(1, 8), st.integers(1, 5)).flatmap(
    lambda shape: hnp.arrays(float, shape, elements=accuracies)
)


def values_for(scores: np.ndarray) -> np.ndarray:
    return np.logspace(-4, 0, len(scores))


@quick
@given(grids, st.randoms(use_true_random=False))
def test_the_order_of_seeds_and_values_changes_no_choice(scores: np.ndarray, random):
    values, is_bad = values_for(scores), scores < 0.2
    rows = random.sample(range(len(scores)), len(scores))
    columns = random.sample(range(scores.shape[1]), scores.shape[1])

    before = select_value(values, scores, is_bad)
    after = select_value(
        values[rows], scores[np.ix_(rows, columns)], is_bad[np.ix_(rows, columns)]
    )

    assert before.value == after.value
    np.testing.assert_allclose(before.mean_scores, after.mean_scores)


@quick
@given(grids)
def test_no_value_that_learns_is_better_than_the_chosen_one(scores: np.ndarray):
    is_bad = scores < 0.2

    selection = select_value(values_for(scores), scores, is_bad)

    allowed = is_bad.mean(axis=1) < 0.5
    if selection.best is None:
        assert not allowed.any()
    else:
        assert allowed[selection.best]
        highest = scores[allowed].mean(axis=1).max()
        np.testing.assert_allclose(scores[selection.best].mean(), highest)


@quick
@given(grids)
def test_adding_the_value_asked_for_makes_the_choice_interior(scores: np.ndarray):
    values = values_for(scores)
    selection = select_value(values, scores, np.zeros(scores.shape, dtype=bool))
    worse = np.full((len(selection.values_to_add), scores.shape[1]), -1.0)

    extended = select_value(
        np.concatenate([values, np.array(selection.values_to_add)]),
        np.concatenate([scores, worse]),
        np.zeros((len(scores) + len(worse), scores.shape[1]), dtype=bool),
    )

    assert extended.value == selection.value
    assert extended.edge is None


@quick
@given(grids)
def test_the_chosen_config_has_no_regret_and_lies_in_its_safe_range(
    scores: np.ndarray,
):
    values = values_for(scores)
    best = int(scores.mean(axis=1).argmax())

    lost = regret(scores, best)
    found = safe_range(values, lost.mean(axis=1), best)

    assert (lost[best] == 0).all()
    assert found.lower <= values[best] <= found.upper


@quick
@given(hnp.arrays(float, 9, elements=st.floats(0, 10)), st.floats(0.1, 5))
def test_sensitivity_is_at_most_the_descent(losses: np.ndarray, initial: float):
    found = learning_rate_sensitivity(np.logspace(-4, 0, 9), losses, initial, 4)

    assert -1e-12 <= found <= initial - min(losses.min(), initial) + 1e-12


@quick
@given(
    hnp.arrays(int, (1, 6), elements=st.integers(0, 4)),
    st.randoms(use_true_random=False),
)
def test_equal_budgets_may_stand_at_other_values(counts: np.ndarray, random):
    shuffled = counts[:, random.sample(range(6), 6)]
    more = shuffled.copy()
    more[0, 0] += 1

    assert has_equal_budget(np.concatenate([counts, shuffled]))
    assert not has_equal_budget(np.concatenate([counts, more]))
