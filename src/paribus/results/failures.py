"""How many runs may fail before a study counts as failed?"""

from paribus.errors import TooManyFailuresError
from paribus.results.asked import only_asked
from paribus.results.result import StudyResult
from paribus.status import RunStatus
from paribus.study import Study


def check_failures(result: StudyResult, asked: Study, *, max_failed: int) -> None:
    """Refuse a result of which more runs failed than are put up with.

    Args:
        result: All that a folder holds: a study that contains `asked`.
        asked: Whose runs count.
        max_failed: Failed runs to put up with.

    Raises:
        TooManyFailuresError: If more failed; it says what the first one raised.
    """
    result = only_asked(result, asked)
    n_failed = int((result.status == RunStatus.FAILED).sum())
    if n_failed > max_failed:
        message = next(iter(result.messages.values()), "")
        raise TooManyFailuresError(
            f"{n_failed} of {result.status.size} runs failed, at most {max_failed} "
            f"may: {message}",
            hint="--retry-failed trains them again",
        )
