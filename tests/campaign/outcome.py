"""What a part of the campaign did and found."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The counts of one kind of fault.

    Attributes:
        name: Of the part, and of the kind where it has several.
        n: How many faults, kills or inputs there were.
        unit: What was counted, in the plural.
        violations: Promises that were broken, in words; each names its fault.
        is_enumerated: Whether these are all there are, not a sample.
        is_sample: Whether each was drawn as those that users meet are; else the count
            bounds nothing.
        seconds: How long it took.
    """

    name: str
    n: int
    unit: str
    violations: Sequence[str]
    is_enumerated: bool = False
    is_sample: bool = True
    seconds: float = 0.0

    def bound(self) -> str:
        """What the count says of the faults that were not tried."""
        if self.is_enumerated:
            return "every one"
        if self.violations or not self.n or not self.is_sample:
            return "no bound"
        # No event in n independent tries: (1 - p)^n = 0.05 at p = 3 / n.
        return f"at most {100 * 3 / self.n:.2g} % (95 %)"

    def line(self) -> str:
        """What was found, for a terminal."""
        return (
            f"{self.name}: {self.n} {self.unit}, {len(self.violations)} violations, "
            f"{self.seconds:.0f} s"
        )
