from collections import defaultdict
from dataclasses import replace

import pytest
from tuning_builders import make_tuned_result, make_tuned_study

from paribus.builders import Builder
from paribus.refinement import may_be_added, with_added
from paribus.report.making import tabulate_making
from paribus.report.prose import (
    count_untuned,
    say_failing,
    say_protocol,
    say_question,
)
from paribus.space import SearchSpace
from paribus.study import ModelChoice


SAME = defaultdict(lambda: 0.9)  # every config ends alike


def make_copies(compare: str = "tuned"):
    """Three tuned learning rates and, of two of them, copies with a falling rate."""
    study = make_tuned_study(
        learning_rate=(0.001, 0.01, 0.1), batch_size=(32,), compare=compare
    )
    tuned, copies = dict(study.space.grids[0]), dict(study.space.grids[0])
    copies["learning_rate"] = (0.001, 0.01)
    grids = (
        {**tuned, "schedule": ("constant",)},
        {**copies, "schedule": ("linear",)},
    )
    assert study.tuning is not None
    tuning = replace(study.tuning, where={"schedule": "constant"})
    return replace(study, space=SearchSpace(grids=grids), tuning=tuning)


def test_half_is_not_called_most():
    assert say_failing({"a 1, b 2": (3, 6)}) == (
        "Half of the runs or more ended badly at a 1, b 2 (3 of 6)."
    )


def test_runs_that_are_sublinear_alone_are_said_to_be_that():
    said = say_failing({"a 1": (3, 6), "a 2": (6, 6)}, ["a 2"])

    assert said == (
        "Half of the runs or more ended badly at a 1 (3 of 6). Half of the runs or "
        "more ended sublinear at a 2 (6 of 6): with a training loss more than 1.25 "
        "times that of a linear model, whatever their score."
    )


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("__main__:build", "build"),
        ("my.models:Network", "Network"),
        ("?:make.<locals>.build", "build"),
        ("m:init+m:apply", "init+apply"),
    ],
)
def test_a_model_of_ones_own_is_named_without_its_module(reference: str, name: str):
    builder = Builder(reference=reference)
    study = replace(
        make_tuned_study(), model=ModelChoice(name=reference, builder=builder)
    )

    asked = say_question(make_tuned_result(study, SAME))

    assert f" for the model {name} on " in asked


def test_a_title_asks_for_the_width_of_hidden_layers_not_for_the_hidden():
    study = make_tuned_study(learning_rate=(0.01, 0.1), batch_size=(32,))
    (grid,) = study.space.grids
    grids = ({**grid, "hidden": ((8,), (16, 16))},)
    varied = replace(
        study,
        space=SearchSpace(grids=grids),
        model=replace(study.model, settings={}),
    )

    asked = say_question(make_tuned_result(varied, SAME))

    assert "the learning rate and the width of the hidden layers change" in asked


def test_copies_are_not_said_to_have_seeds_that_choose():
    study = make_copies()
    assert study.tuning is not None
    n_seeds, n_choosing = len(study.seeds), study.tuning.n_choosing
    result = make_tuned_result(study, SAME)

    assert count_untuned(study) == 2
    assert (
        f"3 of them with {n_choosing} seeds each to choose by, and {n_seeds} others to "
        "compare those that were chosen; the 2 that are not tuned with "
        f"{n_seeds} seeds each: "
    ) in say_protocol(result)
    (row,) = (row for row in tabulate_making(result).rows if row[0] == "configs")
    assert row[1] == (
        "5, those that are tuned trained with the seeds that choose; what they chose, "
        "with the others; the 2 that are not tuned, with the seeds"
    )


def test_configs_that_tuning_added_are_counted():
    study = make_tuned_study(batch_size=(32,), refine=True)
    whole = with_added(study, may_be_added(study))
    scores = {tuple(c.values()): 0.9 for c in whole.configs()}

    said = say_protocol(make_tuned_result(whole, scores))

    of = "5 configs of learning rate (2 at half or twice the best declared learning "
    assert said.startswith(f"{of}rate), 2 seeds each to choose by")


def test_where_all_are_compared_none_is_said_to_be_left_out():
    study = make_tuned_study(learning_rate=(0.001, 0.01), compare="all")

    assert count_untuned(study) == 0
    said = say_protocol(make_tuned_result(study, SAME))
    assert f"and {len(study.seeds)} others to compare them: " in said
