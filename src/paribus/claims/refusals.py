"""What a guard answers: why a question is not judged."""

from collections.abc import Callable
from typing import NamedTuple

from paribus.claims.evidence import Evidence, Question


class Refusal(NamedTuple):
    """Why a question is not judged.

    Attributes:
        reason: A clause that goes on from "not tested because".
        remedy: A command or a setting that would test it.
        allows_direction: Whether one seed may still show a direction: it concerns how
            values were chosen, and one seed decides nothing.
    """

    reason: str
    remedy: str
    allows_direction: bool = False


Guard = Callable[[Evidence, Question], Refusal | None]
