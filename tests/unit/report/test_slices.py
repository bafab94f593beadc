from report_builders import FULL_GRID, make_notebook_study
from tuning_builders import make_tuned_study

from paribus.report.pairs import pair_label
from paribus.report.slices import covering_slices, label_config, slices, varying


def test_the_notebook_has_its_two_tasks_as_slices():
    study = make_notebook_study()

    (task_1,) = slices(study, varied="learning_rate")
    (task_2,) = slices(study, varied="batch_size")

    assert task_1.configs == (0, 1, 2)
    assert task_1.fixed == {"batch_size": 32}
    assert task_2.configs == (1, 3, 4)
    assert task_2.fixed == {"learning_rate": 0.01}


def test_few_slices_hold_every_config_of_a_grid():
    study = make_notebook_study(grids=FULL_GRID)

    chosen = covering_slices(study)

    assert [part.varied for part in chosen] == ["learning_rate"] * 3
    assert {index for part in chosen for index in part.configs} == set(range(9))


def test_chosen_configs_are_side_by_side_whatever_was_tuned_for_them():
    study = make_tuned_study(optimizer=("sgd", "adam"))
    by_name = {
        (c["optimizer"], c["batch_size"], c["learning_rate"]): i
        for i, c in enumerate(study.configs())
    }
    chosen = [
        by_name["sgd", 32, 0.1],
        by_name["sgd", 64, 0.01],
        by_name["adam", 32, 0.001],
        by_name["adam", 64, 0.001],
    ]

    small, large = slices(study, varied="optimizer", chosen=chosen)

    assert (small.fixed, small.configs) == ({"batch_size": 32}, (chosen[0], chosen[2]))
    assert (large.fixed, large.configs) == ({"batch_size": 64}, (chosen[1], chosen[3]))


def test_values_are_ordered_by_size():
    grid = ({"learning_rate": (0.1, 0.001, 0.01), "batch_size": (32,)},)

    (part,) = slices(make_notebook_study(grids=grid), varied="learning_rate")

    assert part.configs == (1, 2, 0)


def test_a_label_leaves_out_what_does_not_vary():
    grid = ({"learning_rate": (0.1, 0.001), "batch_size": (32,)},)
    study = make_notebook_study(grids=grid)

    assert varying(study) == ("learning_rate",)
    assert label_config(study, study.configs()[1]) == "learning rate 0.001"


def test_a_pair_says_what_differs_and_what_is_shared():
    study = make_notebook_study(grids=FULL_GRID)
    first, second, *_, last = study.configs()

    assert pair_label(study, second, first) == (
        "batch size 64 over 32, learning rate 0.001"
    )
    assert pair_label(study, first, last) == (
        "learning rate 0.001 over 0.1, batch size 32 over 128"
    )
    sides = (
        {"optimizer": "sgd", "schedule": "cosine"},
        {"optimizer": "keras_adam", "schedule": "constant"},
    )
    assert pair_label(study, *sides) == (
        "SGD over Keras's Adam, cosine over constant schedule"
    )
