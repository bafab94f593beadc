"""What stands beside a verdict without making it: other measures, trends."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from paribus.analysis.measure_facts import measure_facts
from paribus.claims.answering import ask
from paribus.claims.arms import Arms, choose
from paribus.claims.evidence import Evidence, Question, is_same_value
from paribus.claims.records import AtomVerdict, Verdict
from paribus.space import Config
from paribus.stats.trends import MIN_GROUPS, ordered_trend


_RATE = "learning_rate"


def companions(
    evidence: Evidence, questions: Sequence[Question]
) -> tuple[AtomVerdict, ...]:
    """Judge other measures of one comparison; what was not recorded is left out."""
    found = (ask(evidence, question) for question in questions)
    return tuple(atom for atom in found if atom.verdict is not Verdict.UNTESTED)


def say_companion(atom: AtomVerdict) -> str:
    """Say a companion in one sentence, its measure first, without a verdict."""
    words = measure_facts(atom.measure).compared
    kind = "ratio" if atom.is_ratio else "difference"
    if atom.estimate is None:
        return f"Beside it, {words}: no number, and nothing is decided by it."
    bounds = ""
    if atom.lower is not None and atom.upper is not None:
        bounds = f" [{atom.lower:.3g}, {atom.upper:.3g}]"
    return f"Beside it, exploratory, {words}: {kind} {atom.estimate:.3g}{bounds}."


def say_batch_trend(evidence: Evidence, arms: Arms, measure: str) -> str:
    """Say whether a measure rises from batch size to batch size, over all of them.

    Each size has the learning rate of its own that tuning chose, or in untuned arms the
    one that all share. Sizes whose best rate lies on the edge of the grid are left out.

    Args:
        evidence: The study.
        arms: Tuned or untuned.
        measure: Of runs at a matched training loss: sharpness falls with the loss.

    Returns:
        A sentence; empty with fewer than three sizes that have a run.
    """
    found = evidence.measure(measure)
    if found is None:
        return ""
    groups: dict[int, Float[np.ndarray, " run"]] = {}
    for size, config in sorted(_by_batch_size(evidence, arms).items()):
        values = found.values[config]
        if np.isfinite(values).any():
            groups[size] = values[np.isfinite(values)]
    if len(groups) < MIN_GROUPS:
        return ""
    trend = ordered_trend(list(groups.values()))
    return (
        f"Over batch sizes {', '.join(map(str, groups))}, {found.facts.words} is "
        f"higher at the larger one in {trend.share_rising:.0%} of pairs of runs; "
        f"one-sided p of Jonckheere and Terpstra {trend.p_value:.2g}."
    )


def _by_batch_size(evidence: Evidence, arms: Arms) -> dict[int, int]:
    """Batch size -> the config that stands for it, all else equal."""
    rest = {name: v for name, v in arms.others.items() if name != _RATE}
    members: dict[int, tuple[int, ...]] = {}
    for i, config in enumerate(evidence.judged.configs):
        size = config.get("batch_size")
        own = config.without("batch_size", _RATE)
        if not isinstance(size, int) or own != rest:
            continue
        held = arms.others.get(_RATE)
        if held is None or is_same_value(config.get(_RATE), held):
            members[size] = (*members.get(size, ()), i)
    if arms.mode != "tuned":
        return {size: own[0] for size, own in members.items()}
    chosen = {
        size: choose(evidence, Config({**rest, "batch_size": size}), own)
        for size, own in members.items()
    }
    return {
        size: choice.config
        for size, choice in chosen.items()
        if choice is not None and choice.edge is None
    }
