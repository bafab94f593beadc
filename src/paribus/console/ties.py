"""How near to the best each config is, as a word of a table."""

import math
from collections.abc import Sequence

from paribus.analysis import ConfigSummary
from paribus.analysis.scores import is_loss, judged
from paribus.analysis.ties import MIN_SEEDS_TO_JUDGE, smallest_loss
from paribus.results import StudyResult


AS_GOOD = "practically as good"
AS_GOOD_MARK = "≈"

_TIED_TEXT = {True: "tied with the best", False: "", None: "too few seeds to say"}
_MIXED = "mixed, not ranked"
_TIED_MARK = {True: "tied", False: "", None: "?"}


def best_text(
    summary: ConfigSummary, summaries: Sequence[ConfigSummary], metric: str
) -> str:
    """How near to the best a config is; nothing of one that is not compared.

    Args:
        summary: The config.
        summaries: All configs of the study: one that is tied with no other is the best.
        metric: What they are compared by.
    """
    if not summary.status:
        return ""
    if is_shown_as_good(summary):
        return f"{'tied' if summary.is_tied_with_best else 'worse'}, {AS_GOOD}"
    if not summary.is_tied_with_best:
        return _TIED_TEXT[summary.is_tied_with_best]
    if _is_alone(summaries):
        return "the best" if _n_compared(summaries) > 1 else ""
    if summary.regret_upper == 0:
        return f"tied, {best_mean(metric)}"
    return _MIXED if summary.is_mixed else _TIED_TEXT[True]


def best_mark(summary: ConfigSummary, summaries: Sequence[ConfigSummary]) -> str:
    """The same for a narrow column."""
    if not summary.status:
        return ""
    if summary.is_tied_with_best and _is_alone(summaries):
        return "best" if _n_compared(summaries) > 1 else ""
    mark = _TIED_MARK[summary.is_tied_with_best]
    return f"{mark} {AS_GOOD_MARK}".lstrip() if is_shown_as_good(summary) else mark


def _is_alone(summaries: Sequence[ConfigSummary]) -> bool:
    return sum(bool(summary.is_tied_with_best) for summary in summaries) == 1


def _n_compared(summaries: Sequence[ConfigSummary]) -> int:
    return sum(summary.is_tied_with_best is not None for summary in summaries)


def is_shown_as_good(summary: ConfigSummary) -> bool:
    """Whether a config is practically as good as the best mean, and not that itself."""
    return bool(summary.is_practically_tied and summary.regret_upper)


def ties_legend(result: StudyResult, summaries: Sequence[ConfigSummary]) -> list[str]:
    """What the words mean, of those that occur, a line each."""
    lines = []
    if sum(bool(summary.is_tied_with_best) for summary in summaries) > 1:
        lines.append(
            "tied with the best: not shown to be worse; with few seeds that says little"
        )
    if any(
        s.is_tied_with_best and s.is_mixed and s.regret_upper != 0 for s in summaries
    ):
        lines.append(
            f"{_MIXED}: not shown to be worse either; some runs ended badly, and "
            f"fewer than {MIN_SEEDS_TO_JUDGE} learned"
        )
    compared = [summary for summary in summaries if summary.status]
    is_judged = [summary.is_tied_with_best is not None for summary in compared]
    if any(is_judged) and not all(is_judged):
        lines.append(
            f"{_TIED_TEXT[None]}: fewer than {MIN_SEEDS_TO_JUDGE} seeds; not compared "
            "with the others, whatever the mean"
        )
    if any(map(is_shown_as_good, summaries)):
        lines.append(f"{AS_GOOD}: {_say_as_good(result)}, with 95% confidence")
    return lines


def _say_as_good(result: StudyResult) -> str:
    claims, metric = result.study.claims, result.primary_metric
    smallest = smallest_loss(judged(result), metric, claims=claims)
    assert smallest is not None
    if is_loss(metric):
        return f"higher than the lowest mean by less than {math.expm1(smallest):.2%}"
    return f"loses less than {smallest:.4g} to the highest mean"


def best_mean(metric: str) -> str:
    """What the config that is ahead has."""
    return f"{'lowest' if is_loss(metric) else 'highest'} mean"
