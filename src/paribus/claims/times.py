"""How long each side took to reach a target that was set before they were compared."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from paribus.analysis.measure_facts import measure_facts
from paribus.analysis.scores import is_learner
from paribus.analysis.targets import (
    MIN_PILOT_RUNS,
    pilot_runs,
    steadiest_rung,
)
from paribus.claims.arms import learning_rate_arms
from paribus.claims.evidence import Evidence, Question
from paribus.claims.findings import Found, seeds_that_decide, unbounded
from paribus.claims.guards.tuning import best_on_edge
from paribus.claims.records import Bound
from paribus.claims.refusals import Refusal
from paribus.claims.remedies import longer_budget
from paribus.claims.throughput import with_timing_error
from paribus.counts import count
from paribus.results.clocks import evaluation_steps
from paribus.stats.target_times import (
    TargetTimes,
    TimeRatio,
    log_time_ratio,
    restricted_mean_difference,
)
from paribus.stats.targets import (
    RUNGS,
    first_crossings,
    reachable_rung,
    target_ladder,
)


# Fewer runs that set targets are said to be few, as in a quick study.
FULL_PILOT_RUNS = 10

_UNREACHABLE = "the faster side misses even the lowest target in more than 20% of seeds"


def find_time_ratio(evidence: Evidence, question: Question) -> Found | Refusal:
    """Compare times to target, censored ones included; or say why there is no target.

    Args:
        evidence: The study.
        question: About one config; against it one other, or the geometric mean of
            several. Its `rung` is where the ladder is entered, -1 for the one whose
            time varied least in the runs that set the targets.
    """
    if refusal := _no_common_clock(evidence, question):
        return refusal
    pilot = _pilot_scores(evidence, question)
    n_pilots = 0 if pilot is None else len(pilot[0])
    if pilot is None or n_pilots < MIN_PILOT_RUNS:
        return _too_few_pilots(evidence, question, n_pilots)
    final, curves = pilot
    targets = target_ladder(final, evidence.judged.data.majority_share)
    at = evidence.whole.epochs.astype(np.float64)
    by_pilots = steadiest_rung(at, curves, targets)
    chosen = by_pilots if question.rung < 0 else question.rung
    seeds = evidence.seeds_of(question.configs)
    higher, lower = (
        _times(evidence, question, side, targets, seeds)
        for side in (question.higher, question.lower)
    )
    rung = reachable_rung(higher, lower, chosen) if seeds.any() else chosen
    if rung is None:
        return Refusal(_UNREACHABLE, longer_budget(evidence.judged.study))
    if len(question.higher) > 1 and not np.isfinite(higher[rung]).all():
        return Refusal(
            "a mean of several times needs all their runs to reach the target",
            longer_budget(evidence.judged.study),
        )
    found = _compared(evidence, question, (higher[rung], lower[rung]), rung, targets)
    if rung != by_pilots and any(choice.by == "time" for choice in question.choices):
        first = f"Learning rates were chosen by the time to {targets[by_pilots]:.4f}."
        found = replace(found, notes=(*found.notes, first))
    if n_pilots >= FULL_PILOT_RUNS:
        return found
    few = f"The target rests on {n_pilots} runs of the best config; 10 are usual."
    return replace(found, notes=(*found.notes, few))


def _no_common_clock(evidence: Evidence, question: Question) -> Refusal | None:
    if len(question.lower) != 1:
        return Refusal(
            "a time to target compares one config with one other",
            "name the other hyperparameters on both sides",
        )
    is_counted = question.clock != "steps" or _knows_steps(evidence, question)
    if not is_counted and len(_sizes(evidence, question)) > 1:
        return Refusal(
            "steps cannot be counted without the number of training examples",
            "name it where the runs are imported: --train-examples",
        )
    return None


def _too_few_pilots(evidence: Evidence, question: Question, n_pilots: int) -> Refusal:
    if evidence.whole.study.tuning is not None:
        if on_edge := _pilot_on_edge(evidence, question):
            return on_edge
        return Refusal(
            f"a target needs {MIN_PILOT_RUNS} runs of the best config that learned, "
            f"with tuning seeds, and there {'is' if n_pilots == 1 else 'are'} "
            f"{n_pilots}",
            f"--set tuning.target_seeds={FULL_PILOT_RUNS}",
        )
    some = f"only {n_pilots}" if n_pilots else "no"
    return Refusal(
        f"{some} runs beside those that are compared set the target to reach, which "
        f"needs {MIN_PILOT_RUNS} of the best config",
        "paribus run batch-size" if question.mode else "paribus run learning-rate",
    )


def _pilot_on_edge(evidence: Evidence, question: Question) -> Refusal | None:
    """Why more seeds would set no target: they are added to an interior best alone."""
    own = evidence.optimizer(evidence.judged.configs[question.higher[0]])
    choices = [
        arms.choices["best"]
        for arms in learning_rate_arms(evidence, own)
        if "best" in arms.choices
    ]
    if any(choice.edge is None for choice in choices):
        return None
    found = best_on_edge(evidence, replace(question, choices=tuple(choices)))
    return found and found._replace(
        reason=f"no target is set while {found.reason}", allows_direction=False
    )


def _compared(
    evidence: Evidence,
    question: Question,
    times: tuple[Float[np.ndarray, " seed"], Float[np.ndarray, " seed"]],
    rung: int,
    targets: Float[np.ndarray, " rung"],
) -> Found:
    facts = measure_facts(question.measure)
    smallest = math.log(question.smallest_effect or facts.smallest_effect or 1.25)
    seeds = evidence.seeds_of(question.configs)
    target = f"Target: {targets[rung]:.4f}, {RUNGS[rung]:.1%} of the way to the best."
    found = Found(
        contrast=unbounded(math.nan, evidence.confidence_level, 0),
        facts=facts,
        smallest_effect=smallest,
        seeds=seeds,
        notes=(target,),
    )
    if not seeds.any():
        return found
    sides = [
        TargetTimes(times=own, tau=_tau(evidence, question, side))
        for side, own in zip((question.higher, question.lower), times, strict=True)
    ]
    rng = np.random.default_rng(0)
    level = evidence.confidence_level
    ratio = log_time_ratio(*sides, confidence_level=level, rng=rng)
    contrast = ratio.contrast
    notes = (target, *_lost(evidence, question, times))
    of_timings, obstacle = 0.0, ""
    if question.clock == "seconds":
        contrast, of_timings = with_timing_error(evidence, question, contrast)
        notes += ("The error of the timings is part of the interval.",)
        if abs(abs(contrast.estimate) - smallest) <= of_timings:
            obstacle = _BY_TIMINGS
    unit = question.clock
    if unit == "steps" and not _knows_steps(evidence, question):
        unit = "epochs"
        notes += ("Steps cannot be counted: they are in the ratio of epochs.",)
    if ratio.n_censored_a or ratio.n_censored_b:
        rest = restricted_mean_difference(*sides, confidence_level=level, rng=rng)
        missed = f"{ratio.n_censored_a} and {ratio.n_censored_b}"
        n, bound = len(sides[0].times), _bound(ratio)
        # Over seeds only, so of seconds there would be too narrow a one.
        is_exact = rest.is_bounded and question.clock != "seconds"
        notes += (
            f"Runs that never reached it: {missed} of {n}; the ratio counts them as "
            f"the end of the budget, so {_BOUNDS[bound]}. Up to "
            f"{min(side.tau for side in sides):.4g} {unit}, the earlier end, the mean "
            "times differ by "
            f"{rest.estimate:+.4g} {unit}"
            + (f" [{rest.lower:+.4g}, {rest.upper:+.4g}]." if is_exact else "."),
        )
    return replace(
        found,
        contrast=contrast,
        more_seeds=seeds_that_decide(
            contrast, smallest, question, fixed_width=of_timings
        ),
        notes=notes,
        bound=_bound(ratio),
        obstacle=obstacle,
    )


_BY_TIMINGS = (
    "the error of the timings alone keeps it open, which no number of seeds narrows"
)


_BOUNDS: Mapping[Bound, str] = {
    "lower": "it is a lower bound",
    "upper": "it is an upper bound",
    "none": "it is one of times that were cut on both sides, and bounds nothing",
}


def _bound(ratio: TimeRatio) -> Bound:
    """What the ratio is of the true one."""
    if ratio.is_lower_bound:
        return "lower"
    if ratio.is_upper_bound:
        return "upper"
    return "none" if ratio.n_censored_a and ratio.n_censored_b else ""


def _tau(evidence: Evidence, question: Question, side: tuple[int, ...]) -> float:
    """The end of the budget on the clock; of several configs the geometric mean."""
    judged = evidence.judged
    at = judged.epochs.astype(np.float64)
    ends = [
        np.interp(
            judged.study.run_epochs(judged.configs[config], judged.data.n_train),
            at,
            _clock(evidence, question, config),
        )
        for config in side
    ]
    return float(np.exp(np.log(ends).mean()))


def _clock(
    evidence: Evidence, question: Question, config: int
) -> Float[np.ndarray, " evaluation"]:
    """Where the evaluations of a config lie on the clock that the question is about."""
    judged = evidence.judged
    epochs = judged.epochs.astype(np.float64)
    if question.clock == "steps" and _knows_steps(evidence, question):
        return evaluation_steps(judged, config).astype(np.float64)
    if question.clock == "seconds":
        seconds = judged.seconds_per_epoch(judged.configs[config])
        assert seconds is not None, "a guard refuses what was not timed"
        return epochs * seconds
    return epochs


def _knows_steps(evidence: Evidence, question: Question) -> bool:
    """Whether steps can be counted; where they cannot, epochs stand in."""
    return bool(evidence.judged.data.n_train) and all(_sizes(evidence, question))


def _sizes(evidence: Evidence, question: Question) -> set[int]:
    """The batch sizes of both sides; 0 for one that is not known."""
    judged = evidence.judged
    configs = (judged.configs[i] for i in question.configs)
    return {judged.study.settings(config).batch_size for config in configs}


def _times(
    evidence: Evidence,
    question: Question,
    side: tuple[int, ...],
    targets: Float[np.ndarray, " rung"],
    seeds: Bool[np.ndarray, " seed"],
) -> Float[np.ndarray, "rung counted"]:
    """On the clock of the question; never for a seed that one config never gets there.

    Of several configs the geometric mean, taken seed by seed, so that it stays paired.
    """
    judged = evidence.judged
    curves = judged.curve(judged.score_metric)[:, seeds].astype(np.float64)
    logs = [
        np.log(first_crossings(_clock(evidence, question, i), curves[i], targets))
        for i in side
    ]
    return np.exp(np.mean(logs, axis=0))


def _pilot_scores(
    evidence: Evidence, question: Question
) -> tuple[Float[np.ndarray, " run"], Float[np.ndarray, "run evaluation"]] | None:
    """Final scores and curves of the optimizer's best config, with seeds of their own.

    In a study with tuning these are the tuning seeds; without, the seeds of the best
    config that the compared sides do not have.
    """
    whole = evidence.whole
    tuning = whole.study.tuning
    if tuning is None:
        compared = evidence.seeds_of(question.configs)
        seeds = tuple(
            s for s, is_used in zip(whole.seeds, compared, strict=True) if not is_used
        )
    else:
        seeds = tuning.seeds
    if not seeds:
        return None
    own = evidence.optimizer(evidence.judged.configs[question.higher[0]])
    return pilot_runs(evidence.of_seeds(seeds), own)


def _lost(
    evidence: Evidence,
    question: Question,
    times: tuple[Float[np.ndarray, " seed"], Float[np.ndarray, " seed"]],
) -> tuple[str, ...]:
    """Runs that reached the target and ended badly all the same."""
    seeds = evidence.seeds_of(question.configs)
    learned = is_learner(evidence.judged)[list(question.configs)][:, seeds]
    n_configs = [len(question.higher), len(question.lower)]
    reached = np.repeat(np.isfinite(np.array(times)), n_configs, axis=0)
    n = int((reached & ~learned).sum())
    text = f"{count(n, 'run')} reached it and ended badly all the same."
    return (text,) if n else ()
