"""Made-up studies for claims: curves with the speed, the end and the bumps asked."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from builders import CHANCE, make_facts

from paribus.claims.evidence import Choice, Evidence, Question
from paribus.results import StudyResult, Timing
from paribus.results.timings import SoloTime
from paribus.space import Config, SearchSpace
from paribus.status import RunStatus
from paribus.study import Budget, DataChoice, ModelChoice, OptimizerChoice, Study
from paribus.tuning import Tuning


HALF_DECADES = (1e-4, 3.16e-4, 1e-3, 3.16e-3, 1e-2, 3.16e-2, 1e-1, 3.16e-1, 1.0)
EPOCHS = 5
ENTROPY = 2.301


@dataclass(frozen=True, kw_only=True)
class Runs:
    """How the runs of one config go.

    Attributes:
        accuracy: Mean final accuracy.
        spread: Its standard deviation over seeds.
        speed: How fast the curve rises, per epoch.
        speed_spread: Standard deviation of the logarithm of that.
        bumps: TUV, about.
        n_bad: How many of the runs, the first ones, collapse.
        status: What becomes of the others.
        measures: Recorded measures: name -> mean, with a standard deviation of 5%.
    """

    accuracy: float = 0.97
    spread: float = 0.001
    speed: float = 3.0
    speed_spread: float = 0.05
    bumps: float = 0.05
    n_bad: int = 0
    status: RunStatus = RunStatus.CONVERGED
    measures: Mapping[str, float] = field(default_factory=dict)


def make_tuned_study(
    *,
    learning_rate: Sequence[float] = HALF_DECADES,
    batch_size: Sequence[int] = (64,),
    n_seeds: int = 10,
    compare: str = "all",
    held: tuple[float, ...] = (),
    is_tuned: bool = True,
    validation: int = 5000,
    optimizer: str = "adam",
) -> Study:
    """A study of a full grid, with 3 seeds that choose and 10 that set targets."""
    seeds = tuple(range(1_000_000, 1_000_013))
    return Study(
        name="made-up",
        seeds=tuple(range(n_seeds)),
        budget=Budget(epochs=EPOCHS, evaluate_every=0.125),
        data=DataChoice(name="mnist", validation=validation),
        model=ModelChoice(name="mlp"),
        optimizer=OptimizerChoice(name=optimizer),
        space=SearchSpace(
            grids=(
                {
                    "learning_rate": tuple(learning_rate),
                    "batch_size": tuple(batch_size),
                },
            )
        ),
        tuning=Tuning(seeds=seeds, n_choosing=3, held=held, compare=compare)  # pyright: ignore[reportArgumentType]
        if is_tuned
        else None,
    )


def make_runs(
    study: Study, runs: Mapping[Config, Runs] | Sequence[Runs], *, seed: int = 0
) -> StudyResult:
    """A result whose runs go as asked, one `Runs` for each config of the study."""
    rng = np.random.default_rng(seed)
    configs = study.configs()
    plans = [runs[c] for c in configs] if isinstance(runs, Mapping) else list(runs)
    n_seeds = len(study.all_seeds)
    epochs = np.array(study.budget.evaluation_epochs())
    shape = (len(configs), n_seeds)
    accuracy = np.empty((*shape, len(epochs)))
    loss = np.empty_like(accuracy)
    status = np.full(shape, int(RunStatus.CONVERGED))
    names = {name for plan in plans for name in plan.measures}
    measures = {name: np.full(shape, np.nan) for name in names}
    for i, plan in enumerate(plans):
        accuracy[i], loss[i] = _curves(plan, epochs, n_seeds, rng)
        status[i] = int(plan.status)
        status[i, : plan.n_bad] = int(RunStatus.COLLAPSED)
        accuracy[i, : plan.n_bad] = 0.1
        loss[i, : plan.n_bad] = ENTROPY
        for name, mean in plan.measures.items():
            measures[name][i] = mean * (1 + 0.05 * rng.normal(size=n_seeds))
    curves = {
        f"{split}_accuracy": accuracy for split in ("train", "validation", "test")
    }
    curves |= {f"{split}_loss": loss for split in ("train", "validation", "test")}
    if not study.data.validation:
        curves = {n: c for n, c in curves.items() if not n.startswith("validation")}
    return StudyResult(
        study=study,
        data=make_facts(n_validation=study.data.validation),
        status=status,
        diverged_at=np.zeros(shape, dtype=np.int64),
        epochs=epochs,
        curves=curves,
        messages={},
        timings=tuple(make_timing(config) for config in configs),
        measures=measures,
    )


def _curves(
    plan: Runs, epochs: np.ndarray, n_seeds: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    final = plan.accuracy + plan.spread * rng.normal(size=(n_seeds, 1))
    speed = plan.speed * np.exp(plan.speed_spread * rng.normal(size=(n_seeds, 1)))
    rise = 1 - np.exp(-speed * epochs)
    accuracy = CHANCE + (final - CHANCE) * rise / rise[:, -1:]
    loss = ENTROPY * (1 - 0.97 * rise / rise[:, -1:])
    # Every second evaluation of the first half a bump; together they make the TUV.
    is_bump = (np.arange(len(epochs)) % 2 == 1) & (epochs < epochs[-1] / 2)
    size = plan.bumps * np.exp(0.1 * rng.normal(size=(n_seeds, 1)))
    fall = np.diff(loss, axis=1, prepend=loss[:, :1])
    height = size * 0.97 * ENTROPY / max(is_bump.sum(), 1)
    return accuracy, loss + is_bump * (height - np.minimum(fall, 0))


def make_timing(
    config: Config, *, seconds: float = 1.0, variation: float = 0.02
) -> Timing:
    """A solo timing of five rounds that vary as asked, each config in its own way."""
    rng = np.random.default_rng(zlib.crc32(config.to_json().encode()))
    # Of mean 0, median 0 and standard deviation 1.
    deviations = rng.permutation([-1.5, -0.5, 0.0, 0.5, 1.5]) / np.sqrt(1.25)
    return Timing.of_rounds(
        {
            number: SoloTime(
                config=config,
                seconds_per_epoch=seconds * (1 + variation * float(deviation)),
                load_before=0.1,
            )
            for number, deviation in enumerate(deviations, start=1)
        }
    )


def make_rates(
    small: Runs | None = None,
    medium: Runs | None = None,
    large: Runs | None = None,
    best: Runs | None = None,
    *,
    n_seeds: int = 10,
    seed: int = 0,
) -> StudyResult:
    """A learning-rate study: 0.001, 0.01, 0.1 as asked, the best at 0.00316."""
    study = make_tuned_study(n_seeds=n_seeds)
    ordinary = Runs(accuracy=0.95)
    named: dict[object, Runs] = {
        1e-3: small or ordinary,
        3.16e-3: best or Runs(accuracy=0.98, spread=0.0005),
        1e-2: medium or ordinary,
        1e-1: large or ordinary,
    }
    plans = [
        named.get(config["learning_rate"], Runs(accuracy=0.9))
        for config in study.configs()
    ]
    return make_runs(study, plans, seed=seed)


def without(result: StudyResult, *curves: str) -> StudyResult:
    """The same result without some of its curves."""
    return replace(
        result, curves={n: c for n, c in result.curves.items() if n not in curves}
    )


BATCH_SIZES = (32, 64, 128, 6000)
# The best for every batch size; what is held for all is another one.
BEST_RATE, HELD_RATE = 0.01, 0.003


def make_batches(
    small: Runs | None = None,
    medium: Runs | None = None,
    large: Runs | None = None,
    largest: Runs | None = None,
    *,
    held: Mapping[int, Runs] | None = None,
    n_seeds: int = 10,
    seconds: Mapping[int, float] | None = None,
    variation: float = 0.02,
    batch_size: Sequence[int] = BATCH_SIZES,
    seed: int = 0,
) -> StudyResult:
    """A batch-size study, tuned at 0.01 as asked, and with 0.003 held for all."""
    study = make_tuned_study(
        learning_rate=(0.001, HELD_RATE, BEST_RATE, 0.03),
        batch_size=batch_size,
        n_seeds=n_seeds,
        compare="tuned",
        held=(HELD_RATE,),
    )
    named = {32: small, 64: medium, 128: large, 6000: largest}
    plans = {
        config: _batch_plan(config, named, held or {}) for config in study.configs()
    }
    result = make_runs(study, plans, seed=seed)
    is_trained = np.array(
        [
            config["learning_rate"] in (BEST_RATE, HELD_RATE)
            for config in study.configs()
        ]
    )
    status = result.status.copy()
    status[~is_trained, :n_seeds] = RunStatus.ABSENT
    times = seconds or {}
    timings = tuple(
        make_timing(
            config,
            seconds=times.get(config["batch_size"], 1.0),  # pyright: ignore[reportArgumentType, reportCallIssue]
            variation=variation,
        )
        for config in study.configs()
    )
    return replace(result, status=status, timings=timings)


def _batch_plan(
    config: Config, named: Mapping[int, Runs | None], held: Mapping[int, Runs]
) -> Runs:
    size = config["batch_size"]
    assert isinstance(size, int)
    if config["learning_rate"] == BEST_RATE:
        return named.get(size) or Runs(accuracy=0.98)
    if config["learning_rate"] == HELD_RATE:
        # Slow, so that it is not what the time to a target chooses.
        return held.get(size, Runs(accuracy=0.96, speed=0.3))
    return Runs(accuracy=0.9)


def with_answers(
    result: StudyResult, *, n_examples: int = 2000, seed: int = 0
) -> StudyResult:
    """Add which test examples each run got right, as often as its test accuracy."""
    rng = np.random.default_rng(seed)
    hard = rng.random(n_examples)
    accuracy = result.final("test_accuracy")[..., None]
    noise = 0.02 * rng.normal(size=(*result.status.shape, n_examples))
    return replace(result, correct={"test": hard + noise < accuracy})


def make_pair(
    a: Runs | None = None, b: Runs | None = None, *, n_seeds: int = 10
) -> StudyResult:
    """Two configs that are not tuned."""
    study = make_tuned_study(
        learning_rate=(0.001, 0.01), is_tuned=False, n_seeds=n_seeds
    )
    return make_runs(study, [a or Runs(), b or Runs()])


def ask(guard: Callable[..., Any], result: StudyResult, **changes: Any) -> Any:
    """What a guard says of the first config against the second."""
    question = Question(
        measure="validation_accuracy", higher=(0,), lower=(1,), sides=("a", "b")
    )
    return guard(Evidence.of(result), replace(question, **changes))


def make_choice(**changes: Any) -> Choice:
    """A choice to which no guard objects, but for changes."""
    plain = Choice(
        config=0,
        value=0.01,
        others=Config({"batch_size": 64}),
        edge=None,
        value_to_add=None,
        spacing_decades=0.5,
        n_runs=(3, 3),
        is_independent=True,
    )
    return replace(plain, **changes)
