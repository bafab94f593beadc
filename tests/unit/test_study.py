import re
from dataclasses import replace
from typing import Any

import pytest
from builders import make_study

from paribus.builders import Builder
from paribus.errors import StudyError, UnknownNameError
from paribus.space import Config, SearchSpace
from paribus.study import (
    ELSEWHERE,
    Budget,
    DataChoice,
    ModelChoice,
    OptimizerChoice,
    Settings,
    Study,
    check_name,
    check_seeds,
    count_seeds,
)
from paribus.tasks import TaskChoice


CONFIG = Config({"learning_rate": 0.01, "batch_size": 32})


@pytest.mark.parametrize("name", ["a", "notebook-2", "A.b_c", "0", "x" * 100])
def test_a_name_that_can_be_a_folder_is_accepted(name: str):
    check_name(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "-a", "a/b", "a b", "é", "nul", "COM1.txt", "x" * 101, "a\n"],
)
def test_a_name_that_cannot_be_a_folder_is_refused(name: str):
    with pytest.raises(StudyError, match="letters, digits"):
        check_name(name)


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ((), "must have at least one seed"),
        ((0, -1), f"must be from 0 to {2**63 - 1}, got -1 (value 2)"),
        ((2**63,), f"must be from 0 to {2**63 - 1}, got {2**63} (value 1)"),
        ((0, 1, 1), "must have each seed once, got 1 twice"),
        ((True,), "must be integers, got True (value 1)"),
        ((1, 1.0), "must be integers, got 1.0 (value 2)"),
    ],
)
def test_wrong_seeds_are_refused(seeds: tuple[object, ...], words: str):
    with pytest.raises(StudyError, match=f"^{re.escape(f'`study.seeds` {words}')}$"):
        check_seeds(seeds)


def test_the_largest_seed_is_accepted():
    check_seeds((0, 2**63 - 1))


def test_a_count_of_seeds_stands_for_the_first_integers():
    assert count_seeds(1) == (0,)
    assert count_seeds(3) == (0, 1, 2)
    assert len(count_seeds(1_000_000)) == 1_000_000


@pytest.mark.parametrize("count", [0, -3, 1_000_001, 10**12])
def test_a_wrong_count_of_seeds_is_refused(count: int):
    with pytest.raises(StudyError, match=f"1,000,000, got {count}$"):
        count_seeds(count)


def test_settings_join_the_space_the_fixed_and_the_defaults():
    study = replace(
        make_study(), optimizer=OptimizerChoice(name="keras_adam", settings={"b1": 0.5})
    )

    settings = study.settings(CONFIG)

    assert settings.batch_size == 32
    assert settings.model == {"hidden": (8,), "activation": "relu", "dropout": 0.0}
    assert settings.optimizer == {
        "learning_rate": 0.01,
        "b1": 0.5,
        "b2": 0.999,
        "eps": 1e-7,
        "schedule": "constant",
    }


def test_configs_that_differ_in_traced_hyperparameters_share_their_static_part():
    study = make_study()
    other = Config({**CONFIG, "learning_rate": 0.1})
    larger = Config({**CONFIG, "batch_size": 64})

    assert study.static_part(CONFIG) == study.static_part(other)
    assert study.static_part(CONFIG) != study.static_part(larger)


def test_a_study_is_read_back_as_it_was_written():
    study = make_study(learning_rate=(0.1, 0.01), batch_size=(32, 64), validation=9)

    assert Study.from_dict(study.to_dict()) == study
    assert Study.from_dict(replace(study, exact=True).to_dict()).exact
    assert not Study.from_dict(study.to_dict()).is_made_in_python


def test_what_was_added_to_the_record_later_is_read_back_and_may_be_missing():
    study = replace(
        make_study(n_seeds=3),
        diagnostics=("sharpness",),
        late_seeds=(2,),
        task=TaskChoice(label_smoothing=0.1),
    )
    written = study.to_dict()

    assert Study.from_dict(written) == study
    for part, name in (("study", "late_seeds"), ("study", "looks")):
        written[part].pop(name, None)
    written["study"].pop("n_looks", None)
    written.pop("task")
    assert Study.from_dict(written) == replace(study, late_seeds=(), task=TaskChoice())


def test_what_made_a_study_is_written_and_no_part_of_it():
    study = make_study()
    in_python = replace(study, is_made_in_python=True)

    assert Study.from_dict(in_python.to_dict()).is_made_in_python
    assert in_python == study
    assert in_python.fixed_settings() == study.fixed_settings()


def test_growing_changes_no_fixed_setting():
    small = make_study()
    large = make_study(learning_rate=(0.001, 0.01, 0.1), n_seeds=9)

    assert small.fixed_settings() == large.fixed_settings()


def test_a_default_that_is_written_down_changes_no_fixed_setting():
    study = make_study()
    explicit = replace(
        study,
        model=ModelChoice(name="mlp", settings={"hidden": (8,), "activation": "relu"}),
    )

    assert study.fixed_settings() == explicit.fixed_settings()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"budget": Budget(epochs=3, evaluate_every=1.0)}, "study.epochs"),
        ({"budget": Budget(epochs=2, evaluate_every=0.5)}, "study.evaluate_every"),
        (
            {"budget": Budget(epochs=2, evaluate_every=1.0, steps=9)},
            "study.steps",
        ),
        ({"name": "other"}, "study.name"),
        ({"looks": 3}, "study.looks"),
        ({"exact": True}, "study.exact"),
        ({"diagnostics": ("noise_scale",)}, "diagnostics.measure"),
        ({"data": DataChoice(name="mnist", validation=5)}, "data.validation"),
        ({"model": ModelChoice(name="mlp", settings={"hidden": (9,)})}, "model.hidden"),
    ],
)
def test_what_is_not_space_or_seeds_is_a_fixed_setting(
    change: dict[str, Any], key: str
):
    study = make_study()

    was, now = study.fixed_settings(), replace(study, **change).fixed_settings()

    assert {name for name in was if was[name] != now[name]} == {key}


def test_fixed_settings_have_the_keys_of_the_study_file():
    fixed = {
        "study.name": "tiny",
        "study.epochs": 2,
        "study.evaluate_every": 1.0,
        "study.steps": None,
        "study.looks": 1,
        "study.exact": False,
        "data.name": "mnist",
        "data.path": None,
        "data.validation": 0,
        "data.train": None,
        "data.loader": None,
        "data.target": None,
        "data.categorical": "one_hot",
        "data.standardise": False,
        "diagnostics.measure": [],
        "model.name": "mlp",
        "model.hidden": [8],
        "model.activation": "relu",
        "model.dropout": 0.0,
    }
    adam = {"optimizer.name": "keras_adam", "optimizer.b1": 0.9, "optimizer.eps": 1e-7}
    any_of_two = {"optimizer.name": None, "optimizer.momentum": 0.9}

    found = make_study().fixed_settings()

    assert two_optimizers(momentum=0.9).fixed_settings() == fixed | any_of_two
    assert found | fixed | adam == found  # with all other defaults of Adam
    assert {
        key for key in found.keys() - fixed if not key.startswith("optimizer.")
    } == set()
    assert "optimizer.learning_rate" not in found


def test_a_value_out_of_range_is_refused_with_its_position():
    with pytest.raises(StudyError, match=r"got -0\.1 \(value 2 of 2\)"):
        make_study(learning_rate=(0.1, -0.1))


def test_a_hyperparameter_that_nothing_has_is_refused():
    with pytest.raises(UnknownNameError) as raised:
        replace(make_study(), space=SearchSpace(grids=({"lr": (1.0,)},)))

    assert "`lr`" in str(raised.value)


def test_a_hyperparameter_without_a_value_is_refused():
    with pytest.raises(StudyError, match="`learning_rate` is missing"):
        replace(make_study(), space=SearchSpace(grids=({"batch_size": (32,)},)))


def test_a_hyperparameter_that_is_fixed_and_varied_is_refused():
    with pytest.raises(StudyError, match="got both"):
        replace(
            make_study(),
            optimizer=OptimizerChoice(name="adam", settings={"learning_rate": 0.1}),
        )


@pytest.mark.parametrize(
    ("every", "epochs", "expected"),
    [
        (1.0, 2, (0.0, 1.0, 2.0)),
        (0.5, 1, (0.0, 0.5, 1.0)),
        (2.0, 5, (0.0, 2.0, 4.0, 5.0)),
        (0.1, 1, tuple(k / 10 for k in range(11))),
    ],
)
def test_evaluations_begin_before_training_and_end_with_it(
    every: float, epochs: int, expected: tuple[float, ...]
):
    budget = Budget(epochs=epochs, evaluate_every=every)

    assert budget.evaluation_epochs() == pytest.approx(expected, abs=1e-12)


def test_auto_looks_often_at_first_and_five_times_in_the_last_fifth():
    epochs = Budget(epochs=20).evaluation_epochs()

    assert sum(0 < epoch <= 2 for epoch in epochs) == 16
    assert sum(2 < epoch <= 10 for epoch in epochs) == 16
    assert sum(epoch > 16 for epoch in epochs) >= 5
    assert epochs[0] == 0
    assert epochs[-1] == 20


def two_optimizers(**settings: float) -> Study:
    return replace(
        make_study(),
        optimizer=OptimizerChoice(settings=settings),
        space=SearchSpace(
            grids=(
                {
                    "optimizer": ("sgd", "keras_adam"),
                    "learning_rate": (0.01, 0.1),
                    "batch_size": (32,),
                },
            )
        ),
    )


def test_an_optimizer_of_the_space_takes_the_settings_it_has():
    study = two_optimizers(momentum=0.9, b1=0.5)

    by_name = {
        settings.optimizer_name: settings.optimizer
        for settings in map(study.settings, study.configs())
    }

    assert set(by_name) == {"sgd", "keras_adam"}
    assert by_name["sgd"]["momentum"] == 0.9
    assert "b1" not in by_name["sgd"]
    assert by_name["keras_adam"]["b1"] == 0.5
    assert "momentum" not in by_name["keras_adam"]


def test_configs_of_two_optimizers_share_no_program():
    study = two_optimizers()

    parts = [study.static_part(config) for config in study.configs()]

    mlp = {"batch_size": 32, "activation": "relu", "hidden": (8,)}
    sgd = {**mlp, "nesterov": False, "optimizer": "sgd", "schedule": "constant"}
    adam = {**mlp, "optimizer": "keras_adam", "schedule": "constant"}
    # Two learning rates each; the batch size, then the alphabet.
    assert parts == [tuple(part.items()) for part in (sgd, sgd, adam, adam)]


def test_a_study_of_two_optimizers_survives_being_written():
    study = two_optimizers(momentum=0.9)

    assert Study.from_dict(study.to_dict()) == study
    assert study.fixed_settings()["optimizer.momentum"] == 0.9


def test_the_optimizer_is_fixed_or_varied_not_both():
    with pytest.raises(StudyError, match=r"one of \[optimizer\] and .* got both"):
        replace(two_optimizers(), optimizer=OptimizerChoice(name="sgd"))


def test_a_setting_that_no_optimizer_of_the_space_has_is_refused():
    with pytest.raises(StudyError, match=r"`optimizer.nesterov`.*got keras_adam"):
        replace(
            two_optimizers(),
            optimizer=OptimizerChoice(settings={"nesterov": True}),
            space=SearchSpace(
                grids=(
                    {
                        "optimizer": ("keras_adam",),
                        "learning_rate": (0.1,),
                        "batch_size": (32,),
                    },
                )
            ),
        )


@pytest.mark.parametrize(("n_seeds", "expected"), [(4, False), (5, True)])
def test_runs_are_compared_with_a_linear_model_once_seeds_allow_a_verdict(
    n_seeds, expected
):
    assert make_study(n_seeds=n_seeds).has_baseline is expected


@pytest.mark.parametrize(
    ("settings", "grid", "expected"),
    [
        ({}, {}, False),
        ({"dropout": 0.0}, {}, False),
        ({"dropout": 0.5}, {}, True),
        ({}, {"dropout": (0.0,)}, True),  # a value may be added to the space
    ],
    ids=["no", "fixed at zero", "fixed", "varied"],
)
def test_a_study_drops_out_if_it_sets_or_varies_dropout(
    settings: dict[str, Any], grid: dict[str, Any], expected: bool
):
    study = replace(
        make_study(),
        model=ModelChoice(name="mlp", settings={"hidden": (8,), **settings}),
        space=SearchSpace(
            grids=({"learning_rate": (0.1,), "batch_size": (32,), **grid},)
        ),
    )

    assert study.has_dropout() is expected


def test_what_a_builder_drops_out_is_its_own_affair():
    builder = Builder(
        reference="mymodels:build", hyperparameters={}, supplied=(), source="0" * 12
    )
    model = ModelChoice(name="mymodels:build", builder=builder)

    assert not replace(make_study(), model=model).has_dropout()


def test_what_older_programs_did_not_know_is_written_where_it_says_something():
    plain = make_study()
    smooth = replace(plain, task=TaskChoice(label_smoothing=0.1))
    grids = (*plain.space.grids, {"learning_rate": (0.003,), "batch_size": (32,)})
    refined = replace(plain, space=SearchSpace(grids=grids, refined=(1,)))

    assert not {"refined", "task", "exact", "made_in"} & plain.to_dict().keys()
    assert smooth.to_dict()["task"]["label_smoothing"] == 0.1
    assert refined.to_dict()["refined"] == [1]


def test_a_run_trains_until_both_its_epochs_and_its_steps_are_over():
    study = replace(
        make_study(batch_size=(32, 8)),
        budget=Budget(epochs=2, evaluate_every=1.0, steps=9),
    )

    epochs = {c["batch_size"]: study.run_epochs(c, 96) for c in study.configs()}

    assert epochs == {32: 3.0, 8: 2.0}  # three and twelve steps an epoch
    assert study.evaluation_epochs(96) == (0.0, 0.75, 1.0, 2.0, 3.0)


def test_runs_of_another_tool_share_what_is_known_of_them():
    study = replace(
        make_study(),
        model=ModelChoice(name=ELSEWHERE, settings={}),
        optimizer=OptimizerChoice(name=ELSEWHERE),
        space=SearchSpace(grids=({"width": (8, 4), "rate": (0.1,)},)),
    )
    assert study.is_imported

    parts = [study.static_part(config) for config in study.configs()]
    settings = study.settings(study.configs()[0])

    assert parts == [(("rate", 0.1), ("width", 8)), (("rate", 0.1), ("width", 4))]
    assert settings == Settings(
        batch_size=0, model={}, optimizer_name=ELSEWHERE, optimizer={}
    )
    named = Config({"optimizer": "theirs", "batch_size": 64})
    assert study.settings(named) == replace(
        settings, batch_size=64, optimizer_name="theirs"
    )
