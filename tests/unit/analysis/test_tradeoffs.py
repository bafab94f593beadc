from dataclasses import replace

import pytest
from claims_builders import Runs, make_runs, make_timing, make_tuned_study

from paribus.analysis.cautions import find_cautions
from paribus.analysis.solo_times import NoisyTiming
from paribus.analysis.tradeoffs import find_tradeoffs
from paribus.results import Attempt


@pytest.mark.parametrize(("variation", "seconds"), [(0.02, 5.0), (0.56, None)])
def test_no_front_rests_on_noisy_seconds(variation, seconds):
    study = make_tuned_study(learning_rate=(0.001, 0.01), is_tuned=False)
    result = make_runs(study, [Runs(), Runs(accuracy=0.9)])
    first, second = result.timings
    noisy = make_timing(second.config, variation=variation)

    found = find_tradeoffs(replace(result, timings=(first, noisy)))

    # 5 epochs of a second each.
    assert [tradeoff.seconds for tradeoff in found] == [seconds, seconds]


def test_no_front_rests_on_seconds_that_a_claim_may_not_compare():
    study = make_tuned_study(learning_rate=(0.001, 0.01), is_tuned=False)
    result = make_runs(study, [Runs(), Runs(accuracy=0.9)])
    attempt = Attempt(
        number=1, started="", environment={"cores": "2"}, n_runs=1, seconds=1.0
    )
    first, second = result.timings
    loaded = (replace(first, load_before=15.2), second)
    apart = (replace(first, by_round={}), second)

    for timings in (loaded, apart):
        changed = replace(result, timings=timings, attempts=(attempt,))
        assert [t.seconds for t in find_tradeoffs(changed)] == [None, None]
        assert any(isinstance(c, NoisyTiming) for c in find_cautions(changed))
