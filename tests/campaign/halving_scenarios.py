"""Values that are stopped at a rung while faults are injected: pruned, gone on from."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from builders import make_facts
from campaign.scenarios import Say, Scenario
from store_builders import make_answers, make_measures, waiting
from tuning_builders import make_tuned_study

from paribus.analysis import plan_runs
from paribus.halving import Halving
from paribus.results import StudyResult
from paribus.status import RunStatus
from paribus.store import StudyWriter, read_study
from paribus.study import Budget, Run, Study


N_EVALUATIONS, AT_RUNG = 3, 2
METRICS = ("validation_accuracy", "test_accuracy", "train_loss")


def study() -> Study:
    """Three learning rates, two of which go on after the first of two epochs."""
    tuned = make_tuned_study(
        learning_rate=(0.001, 0.01, 0.1),
        batch_size=(32,),
        n_seeds=2,
        halving=Halving(factor=2, min_epochs=1),
    )
    return replace(tuned, budget=Budget(epochs=2, evaluate_every=1.0))


def values_of(asked: Study, run: Run) -> np.ndarray:
    """The curve of a run: the second learning rate is the best one, the first poor."""
    best = (0.3, 0.5, 0.4)[asked.configs().index(run.config)]
    seed = asked.all_seeds.index(run.seed)
    curve = best + 0.01 * seed + 0.05 * np.arange(N_EVALUATIONS)
    return curve.astype(np.float32)


def place_of(asked: Study, run: Run) -> int:
    return 1000 * asked.configs().index(run.config) + asked.all_seeds.index(run.seed)


def curves_of(
    asked: Study, runs: Sequence[Run], begin: int = 0, end: int = N_EVALUATIONS
) -> dict[str, np.ndarray]:
    values = np.stack([values_of(asked, run) for run in runs], axis=1)[begin:end]
    return {name: values.copy() for name in METRICS}


def state_of(runs: Sequence[Run]) -> dict[str, np.ndarray]:
    """What a block goes on with: large enough for several writes."""
    return {"state": np.ones((len(runs), 2000), np.float32)}


def _at_a_rung(folder: Path) -> None:
    """All runs that choose a value wait for one another."""
    with StudyWriter.create(
        folder / study().name, study(), make_facts(n_validation=5000)
    ) as writer:
        writer.begin_attempt({})
        choosing = study().all_seeds[2:]
        runs = [run for run in waiting(writer) if run.seed in choosing]
        block = writer.begin_block(runs, description="choose")
        writer.pause_block(
            block,
            curves_of(study(), runs, end=AT_RUNG),
            diverged_at=np.zeros(len(runs), np.int64),
            checkpoint=state_of(runs),
        )


def _go_on(folder: Path, say: Say) -> None:
    """As `paribus run`: prune, and train the rest of the block to its end."""
    place = folder / study().name
    with StudyWriter.open(place) as writer:
        writer.begin_attempt({})
        while _prune(place, writer, say):
            continue
        for block, runs in writer.stopped_blocks().items():
            _train(writer, block, runs, say)


def _prune(place: Path, writer: StudyWriter, say: Say) -> bool:
    stored = read_study(place)
    to_prune = plan_runs(stored).to_prune
    if to_prune is None or not to_prune.any():
        return False
    runs = [
        Run(stored.configs[i], stored.seeds[j])
        for i, j in np.argwhere(to_prune).tolist()
    ]
    writer.prune(runs)
    for run in runs:
        say(f"pruned {place_of(stored.study, run)}")
    return True


def _train(writer: StudyWriter, block: int, runs: Sequence[Run], say: Say) -> None:
    resumed = writer.resume_block(block)
    rows = None if resumed.rows is None else resumed.rows.tolist()
    if (resumed.evaluation, rows) != (AT_RUNG, [2, 3, 4, 5]):
        raise AssertionError(f"a block goes on from elsewhere: {resumed}")
    writer.commit_block(
        block,
        curves=curves_of(writer.study, runs),
        diverged_at=np.zeros(len(runs), np.int64),
        measures=make_measures(len(runs)),
        correct=make_answers(len(runs)),
    )
    for run in runs:
        say(f"run {place_of(writer.study, run)}")


def _look(folder: Path, result: StudyResult, said: Sequence[str]) -> list[str]:
    """Each run has its own numbers as far as it came, and what was said is so."""
    problems: list[str] = []
    ended: dict[str, set[int]] = {"run": set(), "pruned": set()}
    has_outcome = result.has_outcome()
    for i, config in enumerate(result.configs):
        for j, seed in enumerate(result.seeds):
            run = Run(config, seed)
            place = place_of(result.study, run)
            status = result.status[i, j]
            if run.seed in result.study.seeds and status == RunStatus.PENDING:
                continue  # what is chosen will be trained with them
            n = N_EVALUATIONS if has_outcome[i, j] else AT_RUNG
            found = [result.curves[name][i, j] for name in result.curves]
            expected = values_of(result.study, run)
            for curve in found:
                is_right = np.array_equal(np.float32(curve[:n]), expected[:n])
                if not (is_right and np.isnan(curve[n:]).all()):
                    problems.append(f"run {place} has other numbers than were stored")
            if has_outcome[i, j]:
                ended["run"].add(place)
            if status == RunStatus.PRUNED:
                ended["pruned"].add(place)
    for text in said:
        word, _, place = text.partition(" ")
        if word in ended and int(place) not in ended[word]:
            problems.append(f"{text} is lost")
    return problems


SCENARIOS = (
    Scenario(
        name="stop values at a rung",
        prepare=_at_a_rung,
        act=_go_on,
        study="tuned",
        look=_look,
    ),
)
