"""Guards about what was trained and recorded, and how."""

import numpy as np

from paribus.analysis.measure_facts import TIMES, measure_facts, needs_classes
from paribus.analysis.scores import is_learner
from paribus.claims.evidence import Evidence, Question, measure_of
from paribus.claims.refusals import Refusal
from paribus.status import WAITING, RunStatus


_FROM_START = ("tuv", "aulc", "aulc_10")
_LAST_BATCH = ("drop_last", "drop_remainder")


def unrecorded(evidence: Evidence, question: Question) -> Refusal | None:
    """The study lacks what the measure is made from."""
    if question.measure in TIMES:
        return None  # `unreachable_target` says it better
    task = evidence.judged.study.task
    if not task.is_classification and needs_classes(question.measure):
        words = measure_facts(question.measure).words
        return Refusal(
            f"the study predicts numbers, and {words} needs classes",
            "a study of classification",
        )
    if measure_of(evidence, question) is not None or unfinished(evidence, question):
        return None  # what is missing may still come: `broken_runs` says so
    words = measure_facts(question.measure).words
    if evidence.measure(question.measure) is not None:
        return Refusal(
            f"some runs end before the equal {question.budget} that it is compared at",
            "paribus run batch-size",
        )
    if evidence.judged.epochs[0] > 0 and question.measure in _FROM_START:
        return Refusal(
            "no run was evaluated before its first step, where the "
            f"{words.partition(',')[0]} begins",
            "record the evaluation at epoch 0 too",
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
    ("matched_test_accuracy", "sharpness"),
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
    return int(np.isin(status, WAITING).sum())


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
    is_learned = is_learner(judged)
    patterns = {
        tuple(np.isfinite(curve[i, is_learned[i]]).all(axis=0).tolist())
        for i in question.configs
        if is_learned[i].any()
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
