"""Where both sides reach a matched training loss, and how far that is from the ends."""

import numpy as np
import pytest
from claims_builders import Runs, make_pair
from hypothesis import given
from hypothesis import strategies as st

from paribus.claims.evidence import Evidence, Question
from paribus.claims.matched import MatchedEnd, far_from_end, matched_ends, say_level


QUESTION = Question(
    measure="asam_sharpness_at_0.3", higher=(0,), lower=(1,), sides=("a", "b")
)


def test_a_level_is_reached_at_the_first_evaluation_at_or_below_it():
    measures = {"asam_sharpness_at_0.3": 1.0}
    result = make_pair(
        Runs(speed=1, speed_spread=0.3, measures=measures),
        Runs(speed=4, speed_spread=0.3, measures=measures),
    )
    result.measures["asam_sharpness_at_0.3"][0, :3] = np.nan

    slow, fast = matched_ends(Evidence.of(result), QUESTION, "0.3")

    # By a plain loop, over the seeds that have the measure on both sides.
    for config, end in ((0, slow), (1, fast)):
        reached, final = [], []
        for seed in range(3, len(result.seeds)):
            losses = result.curves["train_loss"][config, seed].tolist()
            below = [e for e, x in zip(result.epochs, losses, strict=True) if x <= 0.3]
            reached.append(float(below[0]))
            final.append(losses[-1])
        assert end.reached == np.median(reached)
        assert end.final == pytest.approx(np.median(final))
    assert fast.reached < slow.reached
    assert (slow.side, fast.side) == ("a", "b")
    assert say_level("0.3", (slow, fast)).startswith(
        f"Both sides at a training loss of 0.3, first reached after {slow.reached:.2g} "
        f"epochs at a and {fast.reached:.2g} epochs at b; runs end at"
    )


@given(st.tuples(*[st.floats(1e-6, 0.3)] * 2), st.sampled_from([0.3, 0.1, 0.01]))
def test_a_level_is_far_if_either_side_ends_below_three_tenths_of_it(finals, level):
    ends = [
        MatchedEnd(side=side, reached=1.0, final=final)
        for side, final in zip("ab", finals, strict=True)
    ]

    found = far_from_end(str(level), ends)

    share = min(finals) / level
    if share > 0.3 * (1 + 1e-9):
        assert found is None
    elif share < 0.3 * (1 - 1e-9):
        assert found is not None
        side = "ab"[int(np.argmin(finals))]
        assert f"where runs of {side} end" in found.reason
