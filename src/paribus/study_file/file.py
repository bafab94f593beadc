"""A study as its file tells it, and where the file says what."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paribus.errors import StudyError
from paribus.study import Study
from paribus.study_file.mistakes import Key


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """A study as its file tells it.

    Attributes:
        study: What is asked.
        folder: What a relative `data.path` is relative to: the file's folder.
        text: The file's content, before `--set` and `--seeds`.
        place: Says where a key of the study file, or the option that set it, stands.
        n_united: Configs that stand in more than one grid; each is trained once.
    """

    study: Study
    folder: Path
    text: str
    place: Callable[[Key], str] = field(repr=False, compare=False)
    n_united: int = 0

    def placed(self, error: StudyError) -> StudyError:
        """The error with its place: it was found when the study met its data."""
        if not error.key:
            return error
        return type(error)(f"{error} ({self.place(error.key)})", hint=error.hint)

    @contextmanager
    def placing(self) -> Iterator[None]:
        """Say where the file says what does not fit the data.

        Raises:
            StudyError: As raised inside, with its place.
        """
        try:
            yield
        except StudyError as error:
            raise self.placed(error) from None
