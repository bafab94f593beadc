"""B3f: whether sharpness and the generalisation gap go together. Described only."""

import math
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from paribus.analysis.run_measures import RunMeasure
from paribus.claims.arms import Arms
from paribus.claims.atoms import Atom
from paribus.claims.evidence import Evidence, Question
from paribus.claims.findings import MORE_THAN_MAX, untested
from paribus.claims.guards.recording import unrecorded
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.refusals import Refusal
from paribus.claims.scope import scope_sentence
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS
from paribus.stats.power import seeds_to_decide
from paribus.stats.trends import partial_kendall_tau, partial_tau_spread


# Fewer runs than this make no rank correlation worth printing.
MIN_RUNS = 20

_SHARPNESS = "asam_sharpness"


def linked(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """The partial rank correlation, learning rate and training loss held still.

    Never pooled over learning rates without holding them still, and decided by nothing:
    no smallest effect of it is agreed on. Its interval is a jackknife's over seeds.
    """
    question = Question(
        measure=_SHARPNESS,
        higher=(arms.configs["batch-largest"],),
        lower=(arms.configs["batch-medium"],),
        mode=arms.mode,
    )
    refusal = unrecorded(evidence, question)
    names = (_SHARPNESS, "gap", "train_loss")
    measures = [m for name in names if (m := evidence.measure(name)) is not None]
    if refusal is None and len(measures) < len(names):
        refusal = Refusal("the study has no test accuracy to take a gap from", "")
    if refusal is not None:
        return untested(evidence, question, refusal)
    runs = _runs(evidence, arms, measures)
    if runs.sum() < MIN_RUNS:
        reason = f"only {int(runs.sum())} runs have both, fewer than {MIN_RUNS}"
        return untested(evidence, question, Refusal(reason, "train more seeds"))
    tau = _tau(evidence, measures, runs)
    if not math.isfinite(tau):
        refusal = Refusal("one of the two does not vary between runs", "")
        return untested(evidence, question, refusal)
    n_seeds = int(runs.any(axis=0).sum())
    spread = _spread(evidence, measures, runs)
    margin = _margin(spread, n_seeds, evidence.confidence_level)
    is_seen = abs(tau) > margin
    return replace(
        untested(evidence, question, Refusal("", "")),
        verdict=Verdict.UNDECIDED,
        measure="partial rank correlation of sharpness and generalisation gap",
        estimate=tau,
        lower=_inside(tau - margin),
        upper=_inside(tau + margin),
        confidence_level=evidence.confidence_level,
        n_seeds=n_seeds,
        scope=scope_sentence(evidence, _pooled(question, runs), n_seeds=n_seeds),
        mode="",
        sides=(),
        reason=_DESCRIBED + (_SEEN if is_seen else _SIGN),
        more_seeds=None if is_seen else _more_seeds(evidence, tau, spread, n_seeds),
        notes=(_say_pooled(runs), *_within(evidence, measures, runs)),
        runs=tuple((int(i), int(j)) for i, j in np.argwhere(runs)),
    )


_DESCRIBED = "it is described only, learning rate and training loss held still"
_SIGN = "; so many seeds would tell whether the two go together or apart"
_SEEN = (
    "; its sign is seen, and as no smallest effect of it is agreed on, no number of "
    "seeds says more"
)


def _pooled(question: Question, runs: Bool[np.ndarray, "config seed"]) -> Question:
    """About all configs that have runs, whatever chose their learning rates."""
    configs = np.flatnonzero(runs.any(axis=1)).tolist()
    return replace(question, higher=tuple(configs), lower=(), sides=("", ""), mode="")


def _say_pooled(runs: Bool[np.ndarray, "config seed"]) -> str:
    n_configs = int(runs.any(axis=1).sum())
    return (
        f"Over all {int(runs.sum())} runs of {n_configs} configs together, at every "
        "batch size, tuned and held learning rates alike."
    )


def _margin(spread: float, n_seeds: int, confidence_level: float) -> float:
    """Half the width of a t interval; infinite where the spread is not known."""
    if not math.isfinite(spread):
        return math.inf
    quantile = special.stdtrit(n_seeds - 1, (1 + confidence_level) / 2)
    return float(quantile) * spread / math.sqrt(n_seeds)


def _inside(value: float) -> float | None:
    """A bound of a correlation; None where nothing bounds it."""
    return float(np.clip(value, -1, 1)) if math.isfinite(value) else None


def _more_seeds(
    evidence: Evidence, tau: float, spread: float, n_seeds: int
) -> int | None:
    """How many seeds would tell the sign."""
    if not math.isfinite(spread):
        return MIN_CONTRAST_SEEDS if n_seeds < MIN_CONTRAST_SEEDS else None
    more = seeds_to_decide(
        tau,
        boundaries=(0.0,),
        spread=spread,
        n_seeds=n_seeds,
        confidence_level=evidence.confidence_level,
    )
    return MORE_THAN_MAX if more is None else more


def _runs(
    evidence: Evidence, arms: Arms, measures: list[RunMeasure]
) -> Bool[np.ndarray, "config seed"]:
    """The optimizer's runs that have all of the measures."""
    configs = evidence.judged.configs
    is_own = [evidence.optimizer(config) == arms.optimizer for config in configs]
    has_all = np.all([np.isfinite(m.values) for m in measures], axis=0)
    return np.asarray(has_all & np.array(is_own)[:, None])


def _tau(
    evidence: Evidence,
    measures: list[RunMeasure],
    runs: Bool[np.ndarray, "config seed"],
) -> float:
    return partial_kendall_tau(*_controlled(evidence, measures, runs))


def _spread(
    evidence: Evidence,
    measures: list[RunMeasure],
    runs: Bool[np.ndarray, "config seed"],
) -> float:
    """How much the correlation varies with the seeds."""
    controlled = _controlled(evidence, measures, runs)
    return partial_tau_spread(*controlled, np.nonzero(runs)[1])


def _controlled(
    evidence: Evidence,
    measures: list[RunMeasure],
    runs: Bool[np.ndarray, "config seed"],
) -> tuple[
    Float[np.ndarray, " run"], Float[np.ndarray, " run"], Float[np.ndarray, "run 2"]
]:
    """The sharpness and the gap of runs, and what both may go with."""
    sharpness, gap, loss = (measure.values[runs] for measure in measures)
    return sharpness, gap, np.stack([_rates(evidence, runs), loss], axis=1)


def _rates(
    evidence: Evidence, runs: Bool[np.ndarray, "config seed"]
) -> Float[np.ndarray, " run"]:
    rates = [config["learning_rate"] for config in evidence.judged.configs]
    column = np.array(rates, dtype=np.float64)[:, None]
    return np.broadcast_to(column, runs.shape)[runs]


def _within(
    evidence: Evidence,
    measures: list[RunMeasure],
    runs: Bool[np.ndarray, "config seed"],
) -> tuple[str, ...]:
    """The same within each batch size that has runs enough."""
    sizes = np.array([c["batch_size"] for c in evidence.judged.configs])
    notes: list[str] = []
    for size in np.unique(sizes):
        own = np.asarray(runs & (sizes == size)[:, None])
        if own.sum() < MIN_RUNS:
            continue
        tau = _tau(evidence, measures, own)
        if math.isfinite(tau):
            notes.append(f"Within batch size {size}: {tau:+.2f}.")
    return tuple(notes)


ATOMS: tuple[Atom, ...] = (
    Atom(
        id="B3f",
        text="Sharper minima go together with a larger generalisation gap",
        needs=("batch-medium", "batch-largest"),
        judge=linked,
        contrast="",
        remedy="paribus run batch-size",
        is_shared=True,  # all runs are in it, whatever chose their learning rate
    ),
)
