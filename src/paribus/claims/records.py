"""What is said of a claim: the verdict, and the numbers it rests on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Verdict(StrEnum):
    """What the numbers say of a claim.

    Attributes:
        SUPPORTED: The whole interval lies beyond the smallest effect, as claimed.
        REFUTED: The whole interval lies beyond it on the other side.
        NEGLIGIBLE: The whole interval lies within the smallest effect of 0; of several
            parts, that of each.
        UNDECIDED: The interval reaches across the smallest effect.
        UNTESTED: A guard forbids the comparison, or the study lacks the configs.
        DEPENDS: Decided differently under another budget, clock or mode, or supported
            in some parts and negligible in others.
    """

    SUPPORTED = "supported"
    REFUTED = "refuted"
    NEGLIGIBLE = "negligible"
    UNDECIDED = "undecided"
    UNTESTED = "untested"
    DEPENDS = "depends"

    @property
    def icon(self) -> str:
        """A sign whose shape says the verdict, to those who see no colours too."""
        return _ICONS[self]


_ICONS = {
    Verdict.SUPPORTED: "✓",
    Verdict.REFUTED: "✗",
    Verdict.NEGLIGIBLE: "≈",
    Verdict.UNDECIDED: "?",
    Verdict.UNTESTED: "○",
    Verdict.DEPENDS: "⇄",
}


# What an estimate is of the true number.
Bound = Literal["", "lower", "upper", "none"]


@dataclass(frozen=True, kw_only=True)
class AtomVerdict:
    """One part of a claim that has a measure, an interval and a verdict of its own.

    Attributes:
        id: e.g. `L1a`; with `/sgd` behind it where a study has several optimizers, and
            with an entry of the robustness table behind that: `B3e/adam/untuned-S`.
        text: The atom as a sentence.
        verdict: What the numbers say.
        measure: What was compared, e.g. `tuv`; empty if untested for lack of configs.
        estimate: The difference, oriented so that the claim predicts it positive; for a
            ratio the ratio itself, claimed above 1. None where nothing was computed.
        lower: Lower bound of its simultaneous interval, on the same scale.
        upper: Upper bound.
        confidence_level: Of that interval: 1 - .05/m for m contrasts in the family.
        smallest_effect: The smallest effect of interest, on the same scale.
        is_ratio: Whether estimate, bounds and smallest effect are ratios.
        is_share: Whether they are shares of the runs of one side, compared with nothing
            but the smallest effect.
        unit: `"pp"` where the numbers are fractions shown as percentage points, else
            what a reader sees behind them, or empty.
        n_seeds: Seeds that both sides have; learners only where the measure asks so.
        reason: Why it is untested or depends; for undecided what is open; empty
            otherwise. A clause without a full stop.
        more_seeds: Seeds that would decide it if the true effect is near the estimate:
            only for undecided. None if not known; 1001 stands for more than 1000.
        remedy: What would test it: a command or a `--set`; for undecided a longer
            budget, where that would decide it; empty otherwise.
        scope: Data set, model, optimizer, schedule, budget, mode, seeds: a sentence.
        budget: `epochs`, `steps`, `seconds` or `target`.
        clock: `steps`, `epochs`, `seconds`, or empty where none is involved.
        epochs: After how many it was compared; None for the end of the budget.
        mode: `tuned`, `untuned`, or empty.
        is_primary: Whether it belongs to the confirmatory family; all others are
            exploratory.
        notes: Companions and qualifications, each a sentence.
        sides: Names of the two sides in words, claimed-higher first; may be empty.
        runs: Positions (config, seed) of the runs it rests on.
        p_value: Two-sided exact test of no difference, or of a share against the
            smallest effect; None where there is none. Of parts that must all hold the
            largest of theirs.
        p_value_holm: The same, Holm-adjusted over the confirmatory family; None for
            what does not belong to it.
        p_value_bh: The same, adjusted over all exploratory atoms by Benjamini and
            Hochberg; None for what is not exploratory.
        effect_size: Hedges' g_av: the difference in standard deviations of one run.
        share_above: Probability that a run of the side claimed higher is above one of
            the other, on the scale of the measure.
        parts: What the atom was put together from, e.g. one for each rival; empty for
            an atom of one comparison. `estimate` and so on are those of the part that
            made the verdict.
        n_late_seeds: How many of the seeds it rests on were added after runs had been
            seen: its interval is then narrower than such a plan allows.
        bound: Of a ratio of times to a target, what the estimate is where runs never
            reached it, which count as the end of the budget: of the side claimed slower
            a `lower` bound of the ratio, of the other an `upper` one, of both sides
            `none`: a ratio of times that were cut, on whichever side of the truth.
            Empty where all reached it, and for all else.
    """

    id: str
    text: str
    verdict: Verdict
    measure: str = ""
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    confidence_level: float | None = None
    smallest_effect: float | None = None
    is_ratio: bool = False
    is_share: bool = False
    unit: str = ""
    n_seeds: int = 0
    reason: str = ""
    more_seeds: int | None = None
    remedy: str = ""
    scope: str = ""
    budget: str = "epochs"
    clock: str = ""
    epochs: float | None = None
    mode: str = ""
    is_primary: bool = True
    notes: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    runs: tuple[tuple[int, int], ...] = ()
    p_value: float | None = None
    p_value_holm: float | None = None
    p_value_bh: float | None = None
    effect_size: float | None = None
    share_above: float | None = None
    parts: tuple["AtomVerdict", ...] = ()
    n_late_seeds: int = 0
    bound: Bound = ""

    @property
    def limit(self) -> str:
        """`"at most "` or `"at least "` where the estimate is a bound; else empty."""
        return {"lower": "at least ", "upper": "at most "}.get(self.bound, "")

    @property
    def caveat(self) -> str:
        """What must stand behind an estimate that bounds nothing; else empty."""
        if self.bound != "none":
            return ""
        return ", of times cut at the end of the budget, which bounds nothing"


@dataclass(frozen=True, kw_only=True)
class ClaimVerdict:
    """A claim: its atoms, and what they say together.

    Attributes:
        id: e.g. `L1`, or `U1` for the user's first; with `/sgd` behind it where a study
            has several optimizers. B3 is two lines, `B3-speed` and `B3-quality`.
        group: `learning rate`, `batch size` or `yours`.
        text: The claim as a sentence.
        verdict: From its atoms, by the rule of the claim.
        atoms: Those that make the verdict, then those that are listed apart.
        apart: How many of the last atoms are listed apart.
        is_late: Whether it was declared or changed after the first run.
        digest: Of a claim of the study's own: the fingerprint of all of them that were
            declared before the first run, as `claims_digest` gives it.
    """

    id: str
    group: Literal["learning rate", "batch size", "yours"]
    text: str
    verdict: Verdict
    atoms: tuple[AtomVerdict, ...]
    apart: int = 0
    is_late: bool = False
    digest: str = ""

    @property
    def deciding(self) -> tuple[AtomVerdict, ...]:
        """The atoms that make the verdict."""
        return self.atoms[: len(self.atoms) - self.apart]

    @property
    def n_tested(self) -> int:
        """How many of them were tested; a part may have a verdict and no number."""
        return sum(atom.verdict is not Verdict.UNTESTED for atom in self.deciding)

    @property
    def is_unmeasured(self) -> bool:
        """Whether a textbook claim is untested in all parts that make its verdict."""
        is_untested = self.verdict is Verdict.UNTESTED and self.group != "yours"
        return is_untested and not self.n_tested

    @property
    def listed_apart(self) -> tuple[AtomVerdict, ...]:
        """The other atoms."""
        return self.atoms[len(self.atoms) - self.apart :]
