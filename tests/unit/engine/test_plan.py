"""Which runs share a program and a block, and in which order they are trained."""

from dataclasses import replace

import pytest
from builders import make_study
from hypothesis import given, settings
from hypothesis import strategies as st
from tuning_builders import make_tuned_study

from paribus.engine.plan import (
    group_configs,
    plan_blocks,
    runs_per_device,
    steps_per_call,
)
from paribus.space import SearchSpace
from paribus.study import ModelChoice, Run, Study


def two_widths() -> Study:
    grid = {
        "learning_rate": (0.001, 0.01),
        "hidden": ((8,), (16, 4)),
        "batch_size": (64, 32),
    }
    return replace(
        make_study(n_seeds=3),
        model=ModelChoice(name="mlp", settings={}),
        space=SearchSpace(grids=(grid,)),
    )


def all_runs(study: Study) -> list[Run]:
    return [Run(config, seed) for seed in study.all_seeds for config in study.configs()]


def test_configs_that_differ_in_traced_numbers_share_a_group():
    study = two_widths()

    groups = group_configs(study)

    shared = [
        [c for c in study.configs() if (c["hidden"], c["batch_size"]) == static]
        for static in (((8,), 64), ((8,), 32), ((16, 4), 64), ((16, 4), 32))
    ]
    assert [list(group.configs) for group in groups] == shared
    assert [group.key for group in groups] == [
        study.static_part(configs[0]) for configs in shared
    ]


def test_a_group_is_described_by_the_static_hyperparameters_of_the_space():
    described = [group.description for group in group_configs(two_widths())]

    assert described == [
        "hidden=[8], batch_size=64",
        "hidden=[8], batch_size=32",
        "hidden=[16, 4], batch_size=64",
        "hidden=[16, 4], batch_size=32",
    ]


def test_a_group_of_one_config_is_described_too():
    (group,) = group_configs(make_study(learning_rate=(0.01,), batch_size=(32,)))

    assert len(group.configs) == 1
    assert group.description == "batch_size=32"


def test_every_config_gets_its_first_seed_before_its_second():
    study = make_study(batch_size=(64, 32), n_seeds=2)
    wide, narrow = group_configs(study)

    blocks = plan_blocks(study, all_runs(study), places={wide: 2, narrow: 1})

    (a, c), (b, d) = wide.configs, narrow.configs
    assert [(block.group, block.runs) for block in blocks] == [
        (wide, (Run(a, 0), Run(c, 0))),
        (narrow, (Run(b, 0),)),
        (narrow, (Run(d, 0),)),
        (wide, (Run(a, 1), Run(c, 1))),
        (narrow, (Run(b, 1),)),
        (narrow, (Run(d, 1),)),
    ]


def test_the_seeds_that_tune_are_trained_first():
    study = make_tuned_study(n_seeds=2)
    assert study.tuning is not None
    groups = group_configs(study)

    blocks = plan_blocks(study, all_runs(study), places=dict.fromkeys(groups, 3))

    order = list(dict.fromkeys(run.seed for block in blocks for run in block.runs))
    assert order == [*study.tuning.seeds, *study.seeds]


STUDY = make_study(learning_rate=(0.001, 0.01, 0.1), batch_size=(64, 32, 16), n_seeds=4)
RUNS = all_runs(STUDY)


@settings(max_examples=60)
@given(st.sets(st.sampled_from(range(len(RUNS)))), st.tuples(*[st.integers(1, 9)] * 3))
def test_each_wanted_run_is_in_one_block_of_its_group_and_in_order(chosen, places):
    wanted = [RUNS[position] for position in chosen]
    groups = group_configs(STUDY)

    blocks = plan_blocks(STUDY, wanted, places=dict(zip(groups, places, strict=True)))

    assert sorted(RUNS.index(r) for b in blocks for r in b.runs) == sorted(chosen)
    first_seeds = [block.runs[0].seed for block in blocks]
    assert first_seeds == sorted(first_seeds)
    for group, n_places in zip(groups, places, strict=True):
        own = [block.runs for block in blocks if block.group == group]
        # By seed, then by config: the order of RUNS; only the last block has room.
        expected = [run for run in RUNS if run.config in group.configs]
        assert [r for runs in own for r in runs] == [r for r in expected if r in wanted]
        assert all(len(runs) == n_places for runs in own[:-1])
        assert all(0 < len(runs) <= n_places for runs in own)


def per_device(**changes: float) -> int:
    # Without changes a run takes 2e8 products: a hundredth of a core's second.
    work = {"n_products": 2e5, "n_examples": 500, "epochs": 2.0}
    asked = {"n_runs": 1000, "n_devices": 4, "on_cpu": True, **work, **changes}
    return runs_per_device(**asked)


@pytest.mark.parametrize(
    ("changes", "n_runs"),
    [
        ({}, 50),  # half a second's
        ({"n_products": 4e5}, 25),
        ({"n_examples": 1000}, 25),
        ({"epochs": 4.0}, 25),
        ({"n_products": 2e5 * 49.9}, 1),
        ({"n_products": 1e12}, 1),  # one at least
        ({"n_products": 1.0}, 64),  # no more, however small
        ({"n_products": 0.0, "n_runs": 10**12}, 64),
        ({"n_runs": 80}, 20),  # all that wait, equally shared
        ({"n_runs": 81}, 21),
        ({"n_runs": 1}, 1),
        ({"on_cpu": False}, 250),
        ({"on_cpu": False, "n_runs": 81}, 21),
        ({"on_cpu": False, "n_products": 1e12}, 250),  # however long they take
        ({"on_cpu": False, "n_runs": 100_000}, 1024),
    ],
)
def test_a_device_has_the_runs_that_its_time_allows(
    changes: dict[str, float], n_runs: int
):
    assert per_device(**changes) == n_runs


@pytest.mark.parametrize(
    ("n_products", "batch_size", "n_runs", "steps"),
    [
        (1e6, 100, 2, 100),  # 2e8 products a step: 100 in a second
        (2e6, 100, 2, 50),
        (1e6, 200, 2, 50),
        (1e6, 100, 4, 50),
        (1e12, 100, 2, 1),
        (1e-3, 1, 1, 2**31 - 1),  # no more than a counter of 32 bits
    ],
)
def test_a_call_has_the_steps_of_a_second(
    n_products: float, batch_size: int, n_runs: int, steps: int
):
    sizes = {
        "n_products": n_products,
        "batch_size": batch_size,
        "runs_per_device": n_runs,
    }

    assert steps_per_call(**sizes, on_cpu=True) == steps
    assert steps_per_call(**sizes, on_cpu=False) == 2**31 - 1
