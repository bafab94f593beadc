"""Which configs does no other beat on accuracy, time and stability together?"""

from dataclasses import dataclass

import numpy as np

from paribus.analysis.run_measures import run_measure
from paribus.analysis.scores import oriented_scores
from paribus.analysis.solo_times import noisy_timing
from paribus.results import StudyResult
from paribus.stats.intervals import MIN_SEEDS
from paribus.stats.pareto import front_probabilities, pareto_front
from paribus.stats.stability import log_tuv


@dataclass(frozen=True, kw_only=True)
class TradeOff:
    """What one config gains and pays.

    Attributes:
        config: Its index.
        score: Mean of the primary accuracy.
        seconds: Of one run alone over the budget; None if not timed surely.
        variation: Geometric mean of TUV + .01, less .01, among learners.
        is_on_front: Whether no other config is as good on all and better on one.
        probability: Share of resamples of the seeds in which it is on the front.
    """

    config: int
    score: float
    seconds: float | None
    variation: float
    is_on_front: bool
    probability: float


def find_tradeoffs(result: StudyResult) -> tuple[TradeOff, ...]:
    """Weigh accuracy or R2, seconds and upward variation of every config.

    A config with a run that did not learn is no candidate: it pays in failures, which
    none of the three counts.

    Args:
        result: Statuses as `classify_runs` gives them.

    Returns:
        One record for each config whose runs all learned; empty with fewer than two of
        them or fewer than 2 seeds. Time counts only if every program was timed, and the
        timings are such as a claim in seconds may rest on.
    """
    if result.score_metric not in result.metrics or "train_loss" not in result.curves:
        return ()
    scores = oriented_scores(result, result.score_metric)
    tuv = run_measure(result, "tuv").values
    is_there = scores.is_counted & np.isfinite(tuv)
    seeds = [i for i, s in enumerate(result.seeds) if s in result.study.seeds]
    configs = np.flatnonzero(is_there[:, seeds].all(axis=1)).tolist()
    if len(configs) < 2 or len(seeds) < MIN_SEEDS:
        return ()
    part = np.ix_(configs, seeds)
    steady = log_tuv(tuv[part])
    objectives = [-scores.values[part], steady]
    epochs = result.study.budget.epochs
    timed = [result.seconds_per_epoch(result.configs[i]) for i in configs]
    # As no verdict in seconds rests on noisy timings, no front does.
    noise = noisy_timing(result)
    is_noisy = noise is not None and noise.forbids_seconds
    seconds = [None if s is None or is_noisy else s * epochs for s in timed]
    if None not in seconds:
        column = np.log([s for s in seconds if s is not None])
        objectives.append(np.broadcast_to(column[:, None], steady.shape))
    costs = np.stack(objectives, axis=-1)
    directions = ["minimize"] * costs.shape[-1]
    on_front = pareto_front(costs.mean(axis=1), directions)
    shares = front_probabilities(costs, directions, rng=np.random.default_rng(0))
    return tuple(
        TradeOff(
            config=config,
            score=float(scores.values[part][row].mean()),
            seconds=seconds[row],
            variation=float(
                np.exp(steady[row].mean()) - np.exp(log_tuv(np.zeros(1)))[0]
            ),
            is_on_front=bool(on_front[row]),
            probability=float(shares[row]),
        )
        for row, config in enumerate(configs)
    )
