"""Guards about what a study was designed to compare."""

from paribus.claims.evidence import Evidence, Question
from paribus.claims.refusals import Refusal


LARGE_BATCH_SHARE = 0.1


MIN_WORKLOADS = 5


# Settings that must be tuned before optimizers may be ranked (Choi et al. 2019).
_OPTIMIZER_SETTINGS = ("b1", "b2", "eps", "momentum")


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
