"""What was asked for, out of what a study folder holds."""

from dataclasses import replace

import numpy as np
from jaxtyping import Int

from paribus.refinement import with_added
from paribus.results.progress import Progress, has_ended
from paribus.results.result import StudyResult
from paribus.space import Config
from paribus.status import RunStatus
from paribus.stopping import at_look_of
from paribus.study import DeclaredClaim, Study


def only_asked(result: StudyResult, asked: Study) -> StudyResult:
    """Keep the configs and seeds of a study, in its order; drop what else is stored.

    Args:
        result: All that a folder holds: a study that contains `asked`.
        asked: What was asked for.

    Returns:
        A result of the configs and seeds of `asked`, and of what refinement added to
        them. The same one if that is all.
    """
    asked = at_look_of(with_added(asked, result.configs), result.study)
    if asked.configs() == result.configs and asked.all_seeds == result.seeds:
        return result
    configs, seeds = _places(result.configs, result.seeds, asked)
    grid = np.ix_(configs, seeds)
    place = {
        (int(i), int(j)): (new_i, new_j)
        for new_i, i in enumerate(configs)
        for new_j, j in enumerate(seeds)
    }
    return replace(
        result,
        study=replace(
            result.study,
            seeds=asked.seeds,
            tuning=asked.tuning,
            space=asked.space,
            claims=_asked_claims(result.study, asked),
        ),
        status=result.status[grid],
        diverged_at=result.diverged_at[grid],
        curves={name: curve[grid] for name, curve in result.curves.items()},
        measures={name: values[grid] for name, values in result.measures.items()},
        correct={name: values[grid] for name, values in result.correct.items()},
        messages={place[k]: v for k, v in result.messages.items() if k in place},
    )


def only_asked_progress(
    progress: Progress, asked: Study, *, seeds: tuple[int, ...]
) -> Progress:
    """Count only the runs of a study in the progress of a larger one.

    Args:
        progress: Of all that a folder holds.
        asked: What was asked for.
        seeds: The seeds of the folder, in order: the second axis of `progress`.
    """
    asked = with_added(asked, progress.configs)
    grid = np.ix_(*_places(progress.configs, seeds, asked))
    status = progress.status[grid]
    n_present = int((status != RunStatus.ABSENT).sum())
    return replace(
        progress,
        n_runs=min(progress.n_runs, n_present),
        n_finished=int(has_ended(status).sum()),
        scores=progress.scores[grid],
        status=status,
        configs=asked.configs(),
    )


def _asked_claims(stored: Study, asked: Study) -> tuple[DeclaredClaim, ...]:
    """The asked claims, late where they are stored as late."""
    wanted = [replace(claim, is_late=False) for claim in asked.claims]
    return tuple(c for c in stored.claims if replace(c, is_late=False) in wanted)


def _places(
    configs: tuple[Config, ...], seeds: tuple[int, ...], asked: Study
) -> tuple[Int[np.ndarray, " config"], Int[np.ndarray, " seed"]]:
    config_at = {config: i for i, config in enumerate(configs)}
    seed_at = {seed: j for j, seed in enumerate(seeds)}
    return (
        np.array([config_at[config] for config in asked.configs()]),
        np.array([seed_at[seed] for seed in asked.all_seeds]),
    )
