"""The report in at most eight lines, for a reader with two minutes."""

from collections.abc import Sequence

from paribus.analysis.cautions import GRAVE, Caution, find_cautions
from paribus.claims import ClaimVerdict, Verdict
from paribus.report.cautions import say_caution, say_gist
from paribus.report.claim_verdicts import (
    say_claim,
    say_left_out,
    say_untested,
    say_verdicts,
)
from paribus.report.document import Bullets, Callout, Section
from paribus.report.findings import Findings
from paribus.report.prose import say_failing, say_statuses
from paribus.report.ties import say_best
from paribus.report.unvaried import say_all_unvaried
from paribus.report.variance import say_shares
from paribus.stats.families import ERROR_RATE
from paribus.status import RunStatus


MAX_LINES = 8

# What says most comes first.
_ORDER = (
    Verdict.REFUTED,
    Verdict.SUPPORTED,
    Verdict.DEPENDS,
    Verdict.NEGLIGIBLE,
    Verdict.UNDECIDED,
    Verdict.UNTESTED,
)


def arrange_summary(findings: Findings) -> Section:
    """What was found, each a line, then reasons for caution; the grave ones first."""
    cautions = find_cautions(findings.result, n_intervals=count_intervals(findings))
    grave = [caution for caution in cautions if isinstance(caution, GRAVE)]
    others = [caution for caution in cautions if not isinstance(caution, GRAVE)]

    def say(said: Sequence[Caution]) -> tuple[str, ...]:
        return tuple(
            say_caution(caution, findings.result.study, findings.shown)
            for caution in said
        )

    blocks: list[Callout | Bullets] = []
    if grave:
        text = "Before you trust the numbers:"
        blocks.append(Callout(kind="warning", text=text, items=say(grave)))
    blocks.append(Bullets(items=tuple(summary_lines(findings))))
    if others:
        blocks.append(
            Callout(
                kind="warning",
                text=say_gist(others),
                items=say(others),
                is_folded=True,
            )
        )
    return Section(anchor="summary", heading="In short", blocks=tuple(blocks))


def count_intervals(findings: Findings) -> int:
    """How many intervals share the error rate: the claims', or else those of pairs."""
    atoms = [atom for claim in findings.verdicts for atom in claim.atoms]
    # Parts that share an interval's own error rate have a higher level than the family.
    levels = [a.confidence_level for a in atoms if a.confidence_level is not None]
    levels = levels or [c.confidence_level for c in findings.comparisons]
    return round(ERROR_RATE / (1 - min(levels, default=1 - ERROR_RATE)))


def summary_lines(findings: Findings) -> list[str]:
    """At most eight lines: the study's own claims, how runs ended, then all else.

    What is said of textbook claims that the study is not about is one line.
    """
    runs = [
        say_statuses(count_statuses(findings)),
        *_say_failing(findings),
        *filter(None, (say_best(findings),)),
        *_say_effects(findings),
    ]
    if findings.unvaried:
        runs.append(say_all_unvaried(findings.unvaried))
    said = _say_claims(findings.discussed, MAX_LINES - len(runs))
    own = [line for claim, line in said if claim and claim.group == "yours"]
    others = [line for claim, line in said if not claim or claim.group != "yours"]
    return [*own, *runs, *others]


def _say_claims(
    claims: Sequence[ClaimVerdict], room: int
) -> list[tuple[ClaimVerdict | None, str]]:
    """As many claims as there is room for, each a line, and how many there are."""
    unmeasured = [claim for claim in claims if claim.is_unmeasured]
    rest = [c for c in claims if not c.is_unmeasured or len(unmeasured) < 2]
    tail: list[tuple[ClaimVerdict | None, str]] = []
    if len(unmeasured) > 1:
        tail.append((None, say_untested(unmeasured, among=claims)))
    is_counted = len(claims) > room
    by_weight = sorted(
        range(len(rest)),
        key=lambda i: (
            rest[i].group != "yours",
            _ORDER.index(rest[i].verdict),
            -rest[i].n_tested,
        ),
    )
    chosen = sorted(by_weight[: max(room - len(tail) - is_counted, 0)])
    left_out = [claim for i, claim in enumerate(rest) if i not in chosen]
    counted = say_verdicts(claims) + say_left_out(left_out, among=claims)
    head = [(None, counted)] if is_counted else []
    return [*head, *((rest[i], say_claim(rest[i])) for i in chosen), *tail]


def count_statuses(findings: Findings) -> dict[RunStatus, int]:
    """How many runs ended in which way; runs that the study does not have left out."""
    status = findings.result.status
    counts = {s: int((status == s).sum()) for s in RunStatus}
    return {s: n for s, n in counts.items() if n and s is not RunStatus.ABSENT}


def _say_failing(findings: Findings) -> list[str]:
    failing = {
        label or "the only config": summary
        for index, label in findings.shown.items()
        for summary in [findings.summaries[index]]
        if 2 * summary.n_bad >= summary.n_seeds > 0
    }
    sublinear = [
        label
        for label, summary in failing.items()
        if summary.n_bad == summary.status.get(RunStatus.SUBLINEAR, 0)
    ]
    counts = {label: (s.n_bad, s.n_seeds) for label, s in failing.items()}
    return [say_failing(counts, sublinear)] if failing else []


def _say_effects(findings: Findings) -> list[str]:
    """What the scores vary with, where no claim says anything of hyperparameters."""
    if any(claim.n_tested for claim in findings.discussed):
        return []
    found = findings.variance
    return [say_shares(found)] if found else []
