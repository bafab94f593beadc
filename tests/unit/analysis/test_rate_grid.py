from pathlib import Path

import numpy as np
from builders import make_study

from paribus.analysis.rate_grid import propose_grids
from paribus.choices import OptimizerChoice
from paribus.console import rates_text
from paribus.results.rate_sweep import RateCurves, RateSweep
from paribus.space import Config, SearchSpace
from paribus.study import Study
from paribus.study_file import read_study


RATES = np.geomspace(1e-6, 10, 71)


def losses(begins: float, ends: float) -> np.ndarray:
    x = np.log10(RATES)
    falling = 2.3 - 2 * np.clip(x - np.log10(begins), 0, 1)
    rising = np.clip(40 * (x - np.log10(ends)), 0, None)
    return np.repeat((falling + rising)[:, None], 3, axis=1)


def make(study: Study, **ranges: tuple[float, float]) -> RateSweep:
    """Losses of each batch size, named `b32` and so on."""
    curves = tuple(
        RateCurves(
            others=Config({"batch_size": int(name.removeprefix("b"))}),
            losses=losses(*ends),
        )
        for name, ends in ranges.items()
    )
    return RateSweep(
        study=study, rates=RATES, seeds=(2_000_000,), n_steps=284, curves=curves
    )


def test_one_grid_holds_the_ranges_of_all_batch_sizes(tmp_path: Path):
    study = make_study(batch_size=(32, 64))
    sweep = make(study, b32=(1e-4, 0.05), b64=(3e-4, 0.2))

    (grid,) = propose_grids(sweep)

    # From 1.3e-4 and to 0.2, outwards to half decades.
    assert (grid.lower, grid.upper, grid.n) == (1e-4, 0.316228, 8)
    assert not grid.is_open
    path = tmp_path / "pasted.toml"
    path.write_text(
        '[study]\nname = "pasted"\nseeds = 2\nepochs = 1\n[data]\nname = "mnist"\n'
        f'[model]\nname = "mlp"\n[optimizer]\nname = "adam"\n{grid.toml}\n'
    )
    pasted = read_study(path).study
    assert len(pasted.configs()) == 16
    assert pasted.batch_sizes() == (32, 64)
    rates = [
        float(str(c["learning_rate"]))
        for c in pasted.configs()
        if c["batch_size"] == 32
    ]
    np.testing.assert_allclose(rates, np.geomspace(1e-4, 0.316228, 8), rtol=1e-5)


def test_each_optimizer_has_a_grid_of_its_own():
    grids = tuple(
        {"optimizer": (name,), "learning_rate": (0.1,), "batch_size": (32,)}
        for name in ("sgd", "adam")
    )
    base = make_study()
    study = Study(
        name="two",
        seeds=base.seeds,
        budget=base.budget,
        data=base.data,
        model=base.model,
        optimizer=OptimizerChoice(),
        space=SearchSpace(grids=grids),
    )
    sweep = RateSweep(
        study=study,
        rates=RATES,
        seeds=(2_000_000,),
        n_steps=284,
        curves=tuple(
            RateCurves(
                others=Config({"optimizer": name, "batch_size": 32}),
                losses=losses(begins, 100 * begins),
            )
            for name, begins in (("sgd", 1e-2), ("adam", 1e-4))
        ),
    )

    sgd, adam = propose_grids(sweep)

    assert (sgd.optimizer, adam.optimizer) == ("sgd", "adam")
    assert sgd.lower > adam.lower
    assert 'optimizer = ["sgd"]' in sgd.toml
    assert "batch_size = [32]" in adam.toml


def test_what_the_terminal_says_of_a_range():
    study = make_study(batch_size=(32, 64))

    said = rates_text(make(study, b32=(1e-4, 0.05), b64=(1e-4, 1e3)), width=None)

    assert "284 steps at learning rates from 1e-06 to 10, 1 seed of its own" in said
    assert "[[space]]\nlearning_rate = { log = [0.0001, 10], n = 11 }" in said
    assert "beyond" in said
    assert "look further with --upper" in said


def test_no_grid_is_proposed_where_no_loss_falls():
    study = make_study()
    flat = RateCurves(others=Config({"batch_size": 32}), losses=np.full((71, 2), 2.3))
    sweep = RateSweep(
        study=study, rates=RATES, seeds=(1, 2), n_steps=284, curves=(flat,)
    )

    (grid,) = propose_grids(sweep)

    assert grid.toml == ""
    said = rates_text(sweep, width=None)
    assert "No grid is proposed: over 5 learning rates in a row" in said
