"""Where the best of few values is the first or the last of them."""

from dataclasses import replace

from builders import make_finished
from tuning_builders import make_tuned_result, make_tuned_study

from paribus.analysis.ends import BestAtEnd, best_at_ends
from paribus.space import SearchSpace
from paribus.status import RunStatus


HIGH, LOW = (0.97,) * 6, (0.95,) * 6


def test_each_hyperparameter_is_told_by_the_others_at_equal_values():
    # Rate by rate, at batch sizes 32 and 64: rate 0.001 and batch size 64 are best.
    rows = (LOW, HIGH, (0.93,) * 6, LOW)

    found = best_at_ends(make_finished(*rows, batch_size=(32, 64)))

    assert found == (
        BestAtEnd(
            hyperparameter="learning_rate", value=0.001, side="lowest", n_values=2
        ),
        BestAtEnd(hyperparameter="batch_size", value=64.0, side="highest", n_values=2),
    )


def test_ends_that_differ_between_places_are_none():
    assert best_at_ends(make_finished(LOW, HIGH, HIGH, LOW, batch_size=(32, 64))) == ()


def test_a_value_between_others_is_no_end():
    assert best_at_ends(make_finished(LOW, HIGH, LOW)) == ()


def test_equal_values_have_no_best():
    assert best_at_ends(make_finished(HIGH, HIGH)) == ()


def test_what_fails_half_of_the_time_was_tried_and_is_not_the_best():
    bad = {(2, seed): RunStatus.COLLAPSED for seed in range(3)}

    assert best_at_ends(make_finished(LOW, HIGH, (0.98,) * 6, status=bad)) == ()


def test_what_has_fewer_seeds_than_count_is_not_the_best():
    pending = {(2, seed): RunStatus.PENDING for seed in range(1, 6)}
    ahead = (0.98,) * 6

    assert best_at_ends(make_finished(LOW, HIGH, ahead, status=pending)) == ()
    (end,) = best_at_ends(make_finished(LOW, HIGH, ahead))
    assert end.value == 0.1


def test_nothing_is_lower_than_zero():
    result = make_finished(HIGH, LOW)
    space = SearchSpace(
        grids=({"dropout": (0.0, 0.5), "learning_rate": (0.01,), "batch_size": (32,)},)
    )
    no_lower = replace(result, study=replace(result.study, space=space))

    assert best_at_ends(no_lower) == ()
    flipped = replace(
        no_lower, curves={n: curve[::-1] for n, curve in result.curves.items()}
    )
    (end,) = best_at_ends(flipped)
    assert (end.hyperparameter, end.side, end.value) == ("dropout", "highest", 0.5)


def test_a_study_that_tunes_says_so_by_itself():
    study = make_tuned_study(learning_rate=(0.001, 0.01), batch_size=(32,))
    result = make_tuned_result(study, {(0.001, 32): 0.95, (0.01, 32): 0.9})

    assert best_at_ends(result) == ()
