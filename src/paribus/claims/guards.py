"""Reasons not to judge a question at all: each names what would test it.

A guard takes the evidence and the question and returns None where it has nothing to
say, because it does not apply or because all is well.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from paribus.analysis.measure_facts import TIMES, measure_facts
from paribus.analysis.scores import is_bad, is_learner
from paribus.analysis.tuned import choose_tuned, extension_option
from paribus.claims.evidence import Choice, Evidence, Question, measure_of
from paribus.claims.horizon import cut_schedule
from paribus.claims.refusals import Guard, Refusal
from paribus.space import show_value
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS
from paribus.status import RunStatus


MAX_UNCONVERGED = 0.2
MAX_TIMING_VARIATION = 0.1
# Before a timing the study itself may have kept every core busy, and two compilers.
OWN_LOAD = 2
LARGE_BATCH_SHARE = 0.1
MAX_SPACING_DECADES = 0.5
MIN_WORKLOADS = 5

# Settings that must be tuned before optimizers may be ranked (Choi et al. 2019).
_OPTIMIZER_SETTINGS = ("b1", "b2", "eps", "momentum")
_LAST_BATCH = ("drop_last", "drop_remainder")


def first_refusal(evidence: Evidence, question: Question) -> Refusal | None:
    """The first guard that refuses the question; None if it may be judged."""
    for guard in GUARDS:
        refusal = guard(evidence, question)
        if refusal is not None:
            return refusal
    return None


def unrecorded(evidence: Evidence, question: Question) -> Refusal | None:
    """The study lacks what the measure is made from."""
    if question.measure in TIMES:
        return None  # `unreachable_target` says it better
    if measure_of(evidence, question) is not None or unfinished(evidence, question):
        return None  # what is missing may still come: `broken_runs` says so
    words = measure_facts(question.measure).words
    if evidence.measure(question.measure) is not None:
        return Refusal(
            f"some runs end before the equal {question.budget} that it is compared at",
            "paribus run batch-size",
        )
    return Refusal(f"the study has not recorded the {words}", _how_to_record(question))


def _how_to_record(question: Question) -> str:
    diagnostic = next(
        (d for name, d in _DIAGNOSTICS if question.measure.startswith(name)), None
    )
    if diagnostic is not None:
        return f"--set 'diagnostics.measure=[\"{diagnostic}\"]'"
    if question.measure.startswith("validation"):
        return "--set data.validation=5000"
    if question.measure == "jitter":
        return "--set 'study.evaluate_every=\"auto\"'"
    return "run the study again with this version"


_DIAGNOSTICS = (
    ("asam_sharpness", "sharpness"),
    ("sam_sharpness", "sharpness"),
    ("keskar_phi", "sharpness"),
    ("lambda_max", "curvature"),
    ("preconditioned_lambda_max", "curvature"),
    ("edge_ratio", "curvature"),
    ("noise_scale", "noise_scale"),
    ("test_ece", "calibration"),
    ("test_nll", "calibration"),
    ("test_brier", "calibration"),
    ("weight_distance", "weight_distance"),
    ("annealed_train_loss", "anneal"),
)


def no_smallest_effect(evidence: Evidence, question: Question) -> Refusal | None:
    """There is no convention for the measure, and none was declared."""
    measure = measure_of(evidence, question)
    if question.smallest_effect is not None or measure is None:
        return None
    if measure.smallest_effect is not None:
        return None
    return Refusal(
        f"`{question.measure}` has no usual smallest effect and none is declared",
        "add `smallest_effect` to the claim",
    )


def unfinished(evidence: Evidence, question: Question) -> int:
    """How many runs of the contrast wait, or were stopped before their end."""
    status = evidence.judged.status[list(question.configs)]
    waiting = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.INTERRUPTED)
    return int(np.isin(status, waiting).sum())


def broken_runs(evidence: Evidence, question: Question) -> Refusal | None:
    """A run of the contrast failed, was interrupted, or is still to come."""
    status = evidence.judged.status[list(question.configs)]
    if n := int((status == RunStatus.FAILED).sum()):
        return Refusal(f"{n} of its runs failed", "run it again with --retry-failed")
    if n := unfinished(evidence, question):
        return Refusal(
            f"{n} of its runs are not finished", "the same command trains the rest"
        )
    return None


def unequal_cadence(evidence: Evidence, question: Question) -> Refusal | None:
    """The sides were not evaluated at the same numbers of examples."""
    judged = evidence.judged
    if judged.primary_metric not in judged.curves:
        return None
    # Not a minibatch's: with large batches no step may lie between two evaluations.
    curve = judged.curve(judged.primary_metric)[:, :, : judged.n_evaluations]
    patterns = {
        tuple(np.isfinite(curve[i, learned]).all(axis=0).tolist())
        for i in question.configs
        if (learned := is_learner(judged)[i]).any()
    }
    if len(patterns) <= 1:
        return None
    return Refusal(
        "the sides were not evaluated equally often in examples",
        '--set study.evaluate_every="auto"',
    )


def uneven_last_batch(evidence: Evidence, question: Question) -> Refusal | None:
    """One side drops the last, partial batch of an epoch and the other does not."""
    configs = [evidence.judged.configs[i] for i in question.configs]
    for name in _LAST_BATCH:
        if len({config.get(name) for config in configs}) > 1:
            return Refusal(
                "the last, partial batch of an epoch is handled differently",
                f"train all configs with one value of `{name}`",
            )
    return None


def few_learners(evidence: Evidence, question: Question) -> Refusal | None:
    """Stability and sharpness are measured among learners, and a side has too few."""
    population = measure_facts(question.measure).population
    n_ended = evidence.judged.has_outcome()[list(question.configs)].sum(axis=1)
    if population == "all" or (n_ended < MIN_CONTRAST_SEEDS).any():
        return None
    may_be_dead = population == "unmixed" and not question.needs_learners
    bad = is_bad(evidence.judged)
    learned = is_learner(evidence.judged)
    for side, words in zip(
        (question.higher, question.lower), question.sides, strict=True
    ):
        n = int(learned[list(side)].all(axis=0).sum())
        is_dead = may_be_dead and not learned[list(side)].any()
        if n >= MIN_CONTRAST_SEEDS or is_dead or not bad[list(side)].any():
            continue
        seeds = "seed" if n == 1 else "seeds"
        return Refusal(
            f"only {n} {seeds} learned at {words or 'one side'}, fewer than 5",
            "train more seeds, or a value at which runs learn",
        )
    return None


def unconverged(evidence: Evidence, question: Question) -> Refusal | None:
    """More than a fifth of a side's runs were still improving at the end."""
    if not question.judges_final_quality:
        return None
    judged = evidence.judged
    for side, words in zip(
        (question.higher, question.lower), question.sides, strict=True
    ):
        status = judged.status[list(side)]
        ended = judged.has_outcome()[list(side)]
        n = int((status == RunStatus.UNCONVERGED).sum())
        if n > MAX_UNCONVERGED * int(ended.sum()):
            return Refusal(
                f"{n} of {int(ended.sum())} runs of {words or 'one side'} were still "
                "improving at the end",
                f"--set study.epochs={3 * judged.study.budget.epochs}",
            )
    return None


def dependent_choice(evidence: Evidence, question: Question) -> Refusal | None:
    """The best value was chosen by the runs that would judge it."""
    if all(choice.is_independent for choice in question.choices):
        return None
    return Refusal(
        "the best learning rate would be judged by the seeds that chose it",
        _built_in(question),
        allows_direction=True,
    )


def chosen_on_test(evidence: Evidence, question: Question) -> Refusal | None:
    """Without a validation split the best value would be chosen on the test split."""
    if not question.choices or evidence.whole.data.n_validation:
        return None
    return Refusal(
        "the best learning rate would be chosen on the test split",
        "--set data.validation=5000",
        allows_direction=True,
    )


def best_on_edge(evidence: Evidence, question: Question) -> Refusal | None:
    """The best value lies on the edge of the grid: a better one may lie beyond."""
    for choice in question.choices:
        if choice.edge is not None:
            at = choice.others.label()
            return Refusal(
                f"the best learning rate, {show_value(choice.value)}"
                + (f" at {at}" if at else "")
                + f", lies on the {choice.edge} edge of the grid",
                _extended_grid(evidence, choice),
                allows_direction=True,
            )
    return None


def coarse_grid(evidence: Evidence, question: Question) -> Refusal | None:
    """A best value between widely spaced ones looks worse than it is."""
    if not question.needs_fine_grid:
        return None
    for choice in question.choices:
        # Rounding of .001, .00316, .01: half a decade is written with three digits.
        if choice.spacing_decades > MAX_SPACING_DECADES + 0.01:
            return Refusal(
                "learning rates lie more than half a decade apart around the best one",
                "paribus run learning-rate --size standard",
                allows_direction=True,
            )
    return None


def unequal_tuning(evidence: Evidence, question: Question) -> Refusal | None:
    """The sides were not tuned with the same number of values and seeds."""
    budgets = {tuple(sorted(choice.n_runs)) for choice in question.choices}
    if len(budgets) <= 1:
        return None
    return Refusal(
        "the sides were tuned with different numbers of values or seeds",
        "give every side the same values of the learning rate in [[space]]",
    )


def shared_seeds(evidence: Evidence, question: Question) -> Refusal | None:
    """Seeds that chose a value would also judge it."""
    tuning = evidence.whole.study.tuning
    shared = set(tuning.seeds if tuning else ()) & set(evidence.judged.seeds)
    if not question.choices or not shared:
        return None
    return Refusal(
        f"seed {min(shared)} both chose the learning rate and would judge it",
        "give `tuning.seeds` that `study.seeds` does not have",
    )


def small_batches(evidence: Evidence, question: Question) -> Refusal | None:
    """The largest batch is below a tenth of the data: not what is called large."""
    if not question.needs_large_batch:
        return None
    n_train = evidence.judged.data.n_train
    named = (evidence.judged.configs[i] for i in question.configs)
    largest = max(evidence.judged.study.settings(config).batch_size for config in named)
    if is_large_batch(largest, n_train):
        return None
    return Refusal(
        f"the largest batch, {largest}, is below a tenth of the {n_train:,} "
        "training examples",
        "paribus run batch-size --size standard",
    )


def is_large_batch(batch_size: int, n_train: int) -> bool:
    """Whether a batch is a tenth of the data, to within the rounding of its size."""
    return batch_size >= 0.99 * LARGE_BATCH_SHARE * n_train


def noisy_timing(evidence: Evidence, question: Question) -> Refusal | None:
    """Seconds were not measured, or vary too much to be trusted."""
    is_timed = question.clock == "seconds" or question.budget == "seconds"
    if not (is_timed or question.measure.startswith("seconds")):
        return None
    judged = evidence.judged
    timings = {judged.study.static_part(t.config): t for t in judged.timings}
    for i in question.configs:
        timing = timings.get(judged.study.static_part(judged.configs[i]))
        again = "the same command with another --out, on an idle machine"
        if timing is None:
            return Refusal("no run was timed alone on the machine", again)
        if timing.variation > MAX_TIMING_VARIATION:
            return Refusal(
                f"the seconds of a step vary by {timing.variation:.0%} between repeats",
                again,
            )
        n_cores = _n_cores(evidence)
        if n_cores is not None and timing.load_before > n_cores + OWN_LOAD:
            return Refusal(
                f"seconds were timed under a load of {timing.load_before:.1f} on "
                f"{n_cores} cores, more than training itself makes",
                again,
            )
    return None


def _n_cores(evidence: Evidence) -> int | None:
    """Of the smallest machine that trained the study; None if it is not known."""
    found = [a.environment.get("cores", "") for a in evidence.whole.attempts]
    return min((int(n) for n in found if n.isdecimal()), default=None)


def ranked_optimizers(evidence: Evidence, question: Question) -> Refusal | None:
    """Optimizers are ranked with settings fixed that decide which of them wins."""
    names = {evidence.optimizer(evidence.judged.configs[i]) for i in question.configs}
    varied = evidence.judged.study.space.hyperparameters()
    if len(names) <= 1 or any(name in varied for name in _OPTIMIZER_SETTINGS):
        return None
    return Refusal(
        "optimizers are not ranked with their epsilon, betas and momentum fixed",
        "vary `eps`, `b1` and `b2` in [[space]]",
    )


def one_workload(n_workloads: int) -> Refusal | None:
    """A study has one workload, and "often" is about many."""
    if n_workloads >= MIN_WORKLOADS:
        return None
    has = "one workload" if n_workloads == 1 else f"{n_workloads} workloads"
    return Refusal(
        f'the study has {has}, and "often" needs {MIN_WORKLOADS}',
        "run the study on 5 data sets",
    )


def _extended_grid(evidence: Evidence, choice: Choice) -> str:
    """The option that adds what would make the choice interior."""
    if evidence.whole.study.tuning is not None:
        for tuned in choose_tuned(evidence.whole):
            if tuned.others == choice.others and choice.value_to_add is not None:
                wanted = replace(tuned, value_to_add=choice.value_to_add)
                return extension_option(evidence.whole, wanted)
    return "paribus run learning-rate"


def _built_in(question: Question) -> str:
    if question.mode:
        return "paribus run batch-size"
    return "paribus run learning-rate"


GUARDS: Sequence[Guard] = (
    unrecorded,
    no_smallest_effect,
    broken_runs,
    ranked_optimizers,
    uneven_last_batch,
    cut_schedule,
    unequal_cadence,
    small_batches,
    shared_seeds,
    dependent_choice,
    chosen_on_test,
    unequal_tuning,
    best_on_edge,
    coarse_grid,
    noisy_timing,
    few_learners,
    unconverged,
)
