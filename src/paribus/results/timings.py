"""How long an epoch takes when one run has the machine to itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from paribus.space import Config


# Rounds that a timing is made of. More would be taken from those that came last.
N_ROUNDS = 5

# Above it seconds are not compared: of a ratio within rounds the standard deviation of
# its logarithm, of repeats that followed one another their coefficient of variation.
MAX_TIMING_VARIATION = 0.1


@dataclass(frozen=True, kw_only=True)
class SoloTime:
    """What one run took alone, in one round.

    Attributes:
        config: The config whose program was timed.
        seconds_per_epoch: Evaluation and compilation excluded.
        load_before: The machine's load average over a minute before it.
    """

    config: Config
    seconds_per_epoch: float
    load_before: float


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long an epoch of one run takes when it has the machine to itself.

    Attributes:
        config: The config whose program was timed; those that share it share the time.
        seconds_per_epoch: Median over the repeats, evaluation and compilation excluded.
        variation: Coefficient of variation over the repeats.
        n_repeats: How many.
        load_before: The machine's load average over a minute before a repeat, the
            highest.
        by_round: Seconds of an epoch by round, one a repeat. In a round every program
            of the study has its turn, so what disturbs the machine for longer meets all
            of them, and differences within rounds are free of it. Empty if the repeats
            of one program followed one another, as in studies of older versions.
    """

    config: Config
    seconds_per_epoch: float
    variation: float
    n_repeats: int
    load_before: float
    by_round: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def of_rounds(cls, times: Mapping[int, SoloTime]) -> "Timing":
        """The timing of one program, from its last rounds.

        Args:
            times: By the number of the round; at least one.
        """
        last = sorted(times)[-N_ROUNDS:]
        by_round = {number: times[number].seconds_per_epoch for number in last}
        seconds = np.array(list(by_round.values()))
        spread = float(seconds.std(ddof=1)) if len(last) > 1 else 0.0
        return cls(
            config=times[last[-1]].config,
            seconds_per_epoch=float(np.median(seconds)),
            variation=spread / float(seconds.mean()),
            n_repeats=len(last),
            load_before=max(times[number].load_before for number in last),
            by_round=by_round,
        )


def common_rounds(timings: Sequence[Timing]) -> tuple[int, ...]:
    """The rounds in which all of some programs were timed, ascending."""
    if not timings:
        return ()
    return tuple(sorted(set.intersection(*(set(t.by_round) for t in timings))))


def log_seconds(timings: Sequence[Timing]) -> Float[np.ndarray, "program round"]:
    """The logarithm of the seconds of an epoch, in the rounds that all programs share.

    Args:
        timings: One a program, at least one.
    """
    rounds = common_rounds(timings)
    return np.log([[timing.by_round[r] for r in rounds] for timing in timings])


def log_ratios(a: Sequence[Timing], b: Sequence[Timing]) -> Float[np.ndarray, " round"]:
    """The logarithm of the seconds of one side over the other's, round by round.

    What slows all programs for a round or longer is in none of them.

    Args:
        a: The programs of one side, at least one; of several the geometric mean.
        b: Those of the other side.

    Returns:
        One value for each round that all of them share, ascending.
    """
    logs = log_seconds([*a, *b])
    return logs[: len(a)].mean(axis=0) - logs[len(a) :].mean(axis=0)
