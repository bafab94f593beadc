"""What is wrong between the parts of a study, for messages with and without places."""

from typing import NamedTuple

from paribus.errors import StudyError


class Problem(NamedTuple):
    """One thing that does not fit.

    Attributes:
        key: Where, within the table that is checked.
        text: The rule and the value.
        hint: One action; empty where there is none.
    """

    key: tuple[str | int, ...]
    text: str
    hint: str = ""

    def error(self, table: str) -> StudyError:
        """The error for readers who have no study file before them."""
        place = ", ".join((table, *map(str, self.key)))
        return StudyError(f"{self.text} ({place})", hint=self.hint)
