"""What is said with an interval, beside its numbers."""

from dataclasses import replace

import numpy as np
from claims_builders import Runs, make_pair

from paribus.claims.answering import ask
from paribus.claims.evidence import Evidence, Question


def test_an_interval_of_no_width_says_that_every_seed_is_equal():
    measures = {"early_overshoot_share": 0.0}
    result = make_pair(Runs(measures=measures), Runs(measures=measures))
    question = Question(
        measure="early_overshoot_share", higher=(0,), lower=(1,), sides=("a", "b")
    )
    shares = np.zeros(result.status.shape)
    equal = replace(result, measures={"early_overshoot_share": shares})
    shares = shares.copy()
    shares[0, 3] = 0.1
    other = replace(result, measures={"early_overshoot_share": shares})

    found = ask(Evidence.of(equal), question)
    assert (found.lower, found.upper) == (0, 0)
    said = f"Both sides are exactly equal with each of the {found.n_seeds} seeds."
    assert said in found.notes
    assert not any(
        "exactly equal" in n for n in ask(Evidence.of(other), question).notes
    )
