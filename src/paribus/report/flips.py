"""How often one seed would have told the opposite of each conclusion."""

from collections.abc import Iterator, Sequence

from paribus.claims import AtomVerdict, ClaimVerdict, Verdict
from paribus.report.claim_verdicts import short_id
from paribus.report.document import Table
from paribus.report.effects import standing
from paribus.report.numbers import percent
from paribus.report.verdicts import badge


_EXPECTED = (Verdict.NEGLIGIBLE, Verdict.UNDECIDED)


def flip_share(atom: AtomVerdict) -> float | None:
    """Give the share of one-seed studies that see the opposite direction. Exact.

    A one-seed study draws a run of each side independently; ties count half. None where
    there is no direction or no measured pair.
    """
    place = standing(atom)
    if place is None or atom.share_above is None or place.estimate == 0:
        return None
    return 1 - atom.share_above if place.estimate > 0 else atom.share_above


def tabulate_flips(claims: Sequence[ClaimVerdict]) -> Table | None:
    """List measured comparisons behind the verdicts, those with a verdict first.

    Conclusions that are practically absent or undecided come last: there a flip is what
    one expects.
    """
    rows = sorted(_rows(claims), key=lambda row: row[0])
    if not rows:
        return None
    return Table(
        caption="One-seed studies that see the opposite of a conclusion's direction",
        columns=("part", "higher in all seeds", "lower", "verdict", "see the opposite"),
        rows=tuple(row for _, row in rows),
        n_labels=3,
        note="Exact, over all pairs of a run of one side and one of the other. Where a "
        "difference is practically absent or undecided, flipping is expected.",
    )


def _rows(
    claims: Sequence[ClaimVerdict],
) -> Iterator[tuple[bool, tuple[str, ...]]]:
    for claim in claims:
        for atom in claim.atoms:
            for part in atom.parts or (atom,):
                share = flip_share(part)
                if share is None or len(part.sides) != 2:
                    continue
                place = standing(part)
                assert place is not None
                high, low = part.sides if place.estimate > 0 else part.sides[::-1]
                stamp = badge(part.verdict)
                row = (
                    f"{short_id(atom.id)}, {_measure(part)}",
                    high,
                    low,
                    f"{stamp.icon} {stamp.word}",
                    percent(share, 0),
                )
                yield part.verdict in _EXPECTED, row


def _measure(atom: AtomVerdict) -> str:
    return atom.measure.replace("_", " ")
