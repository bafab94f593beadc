"""L3e: do runs that ended badly recover when they go on at the best learning rate?"""

import math
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from paribus.analysis.measure_facts import measure_facts
from paribus.analysis.scores import is_bad
from paribus.claims.arms import Arms
from paribus.claims.evidence import Evidence, Question
from paribus.claims.findings import MORE_THAN_MAX, Found, said, unbounded, untested
from paribus.claims.guards import first_refusal
from paribus.claims.guards.recording import broken_runs
from paribus.claims.records import AtomVerdict
from paribus.claims.refusals import Refusal
from paribus.claims.remedies import MORE_SEEDS
from paribus.declared import RESCUE
from paribus.space import show_value
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS
from paribus.stats.intervals import share_interval
from paribus.stats.proportions import runs_to_decide_share, share_p_value


# Fewer bad runs than this are not judged.
MIN_BAD_RUNS = MIN_CONTRAST_SEEDS

_AGAIN = "the same command with another --out"
_MEASURE = "damaged_share"


def permanent(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """L3e: the share of bad runs that the best learning rate does not rescue.

    Supported means that more than the smallest share stays damaged, negligible that all
    but the smallest share recover: what held them up was the noise of their steps. A
    share is never below 0, so there is no opposite that could refute it.
    """
    best = arms.choices.get("best")
    question = Question(
        measure=_MEASURE,
        higher=(arms.configs["large"],),
        sides=(arms.words["large"], ""),
        choices=() if best is None else (best,),
    )
    refusal = _refusal(evidence, question)
    if refusal is not None:
        return untested(evidence, question, refusal)
    found = said(evidence, question, _found(evidence, question))
    # That the share is above 0 is no effect seen: one damaged run makes it so.
    return replace(found, is_share=True, reason="")


def _refusal(evidence: Evidence, question: Question) -> Refusal | None:
    study = evidence.whole.study
    (config,) = question.configs
    if RESCUE not in study.diagnostics:
        return _not_asked(evidence)
    refusal = broken_runs(evidence, question)
    if refusal is not None:
        return refusal
    n_ended = int(evidence.judged.has_outcome()[config].sum())
    n_bad = int(is_bad(evidence.judged)[config].sum())
    if n_bad < MIN_BAD_RUNS:
        more = math.ceil(MIN_BAD_RUNS * n_ended / n_bad) if n_bad else None
        return Refusal(
            f"{n_bad} of {n_ended} runs ended badly at {question.sides[0]}, and the "
            f"rescue test needs {MIN_BAD_RUNS}",
            "" if more is None else MORE_SEEDS.format(more),
        )
    n_tried = int(_is_tried(evidence, config).sum())
    if n_tried >= MIN_BAD_RUNS:
        return first_refusal(evidence, question)
    tuning = study.tuning
    if tuning is not None and not tuning.tunes(evidence.judged.configs[config]):
        return Refusal(
            "copies have no best learning rate of their own, at which their bad runs "
            "could go on",
            "",
        )
    # Where nothing was tried the best rate may be why: it is not known at an edge.
    failures = replace(question, measure="bad_share")
    edge = None if n_tried else first_refusal(evidence, failures)
    return edge or Refusal(
        f"{n_tried} of the {n_bad} bad runs went on at the best learning rate, and the "
        f"rescue test needs {MIN_BAD_RUNS}: the best rate and its target must be known "
        "when they end",
        _AGAIN,
    )


def _not_asked(evidence: Evidence) -> Refusal:
    study = evidence.whole.study
    names = ", ".join(f'"{name}"' for name in (*study.diagnostics, RESCUE))
    is_tuned = study.tuning is not None
    return Refusal(
        "the study does not let its bad runs go on at the best learning rate, to see "
        "whether they recover",
        f"--set 'diagnostics.measure=[{names}]' with another --out"
        if is_tuned and not study.is_imported
        else "paribus run learning-rate",
    )


def _is_tried(evidence: Evidence, config: int) -> Bool[np.ndarray, " seed"]:
    """Which runs ended badly and were trained on."""
    measure = evidence.measure(_MEASURE)
    if measure is None:
        return np.full(len(evidence.judged.seeds), False)
    return np.isfinite(measure.values[config])


def _found(evidence: Evidence, question: Question) -> Found:
    (config,) = question.configs
    measure = evidence.measure(_MEASURE)
    assert measure is not None
    seeds = _is_tried(evidence, config)
    is_damaged = measure.values[config][seeds] > 0
    n, n_damaged = len(is_damaged), int(is_damaged.sum())
    level = evidence.confidence_level
    interval = share_interval(
        np.array([n_damaged]), np.array([n]), confidence_level=level
    )
    facts = measure_facts(_MEASURE)
    assert facts.smallest_effect is not None
    p_value = share_p_value(n_damaged, n, share=facts.smallest_effect)
    contrast = replace(
        unbounded(n_damaged / n, level, n, p_value=p_value),
        lower=float(interval.lower[0]),
        upper=float(interval.upper[0]),
    )
    return Found(
        contrast=contrast,
        facts=facts,
        smallest_effect=facts.smallest_effect,
        seeds=seeds,
        more_seeds=_more_seeds(evidence, n_damaged / n, config, level),
        notes=_notes(evidence, config, seeds, is_damaged),
    )


def _more_seeds(evidence: Evidence, share: float, config: int, level: float) -> int:
    """Seeds that would decide it, if as many of them end badly."""
    smallest = measure_facts(_MEASURE).smallest_effect
    assert smallest is not None
    runs = runs_to_decide_share(share, smallest_effect=smallest, confidence_level=level)
    if runs is None:
        return MORE_THAN_MAX
    ended = evidence.judged.has_outcome()[config].sum()
    n_tried = _is_tried(evidence, config).sum()
    return min(math.ceil(runs * ended / n_tried), MORE_THAN_MAX)


def _notes(
    evidence: Evidence,
    config: int,
    seeds: Bool[np.ndarray, " seed"],
    is_damaged: Bool[np.ndarray, " run"],
) -> tuple[str, ...]:
    meaning = (
        "A run that reaches it was held up by the noise of its steps; one that does "
        "not is called damaged, however much it gains."
    )
    smallest = measure_facts(_MEASURE).smallest_effect
    test = f"The exact test beside it asks whether this share is {smallest:.0%}."
    return (
        _tried(evidence, config, seeds, int((~is_damaged).sum())),
        *_gain(evidence, config, seeds),
        meaning,
        test,
        *_dead(evidence, config, seeds, is_damaged),
    )


def _tried(
    evidence: Evidence, config: int, seeds: Bool[np.ndarray, " seed"], n_rescued: int
) -> str:
    """What the bad runs went on with, and how many of them reached the target."""
    epochs = evidence.judged.study.budget.epochs
    target, rate = "the target", "the best learning rate"
    if (targets := _recorded(evidence, "rescue_target", config, seeds)) is not None:
        target = f"{np.median(targets):.4f}"
    if (
        rates := _recorded(evidence, "rescue_learning_rate", config, seeds)
    ) is not None:
        rate = f"learning rate {_shown(rates)}"
    return (
        f"{n_rescued} of {int(seeds.sum())} bad runs reached {target} when they went "
        f"on for {epochs:g} epochs at {rate}, the moments of their optimizer set back "
        "to 0."
    )


def _recorded(
    evidence: Evidence, name: str, config: int, seeds: Bool[np.ndarray, " seed"]
) -> Float[np.ndarray, " run"] | None:
    """A measure of the runs that were trained on; None if it was not recorded."""
    values = evidence.judged.measures.get(name)
    return None if values is None else values[config][seeds].astype(np.float64)


def _gain(
    evidence: Evidence, config: int, seeds: Bool[np.ndarray, " seed"]
) -> tuple[str, ...]:
    """Where the runs stood before and after; a diverged one at what guessing scores."""
    before = evidence.measure(evidence.judged.score_metric)
    after = _recorded(evidence, "rescued_accuracy", config, seeds)
    if before is None or after is None:
        return ()
    words = before.facts.words.removeprefix("final ")
    first, last = np.median(before.values[config][seeds]), np.median(after)
    return (f"Their median {words} was {first:.1%} before and {last:.1%} after.",)


def _shown(rates: Float[np.ndarray, " run"]) -> str:
    # Recorded in float32, which six digits hide.
    return " or ".join(show_value(float(f"{r:.6g}")) for r in dict.fromkeys(rates))


def _dead(
    evidence: Evidence,
    config: int,
    seeds: Bool[np.ndarray, " seed"],
    is_damaged: Bool[np.ndarray, " run"],
) -> tuple[str, ...]:
    """How much of the network was dead when these runs ended, by what became of them.

    Nothing is known of a run that diverged.
    """
    if "train_dead_share" not in evidence.judged.metrics:
        return ()
    last = evidence.judged.final("train_dead_share")[config][seeds]
    shares = {
        "that recovered": last[~is_damaged & np.isfinite(last)],
        "that did not": last[is_damaged & np.isfinite(last)],
    }
    said = [
        f"{np.median(values):.0%} in runs {which}"
        for which, values in shares.items()
        if values.size
    ]
    if not said:
        return ()
    return (
        "Units of the worst ReLU layer that were 0 for every example at the end, "
        f"median: {', '.join(said)}.",
    )
