from dataclasses import replace

import pytest
from claims_builders import Runs, make_runs, make_timing, make_tuned_study

from paribus.analysis.tradeoffs import find_tradeoffs


@pytest.mark.parametrize(("variation", "seconds"), [(0.02, 5.0), (0.56, None)])
def test_no_front_rests_on_noisy_seconds(variation, seconds):
    study = make_tuned_study(learning_rate=(0.001, 0.01), is_tuned=False)
    result = make_runs(study, [Runs(), Runs(accuracy=0.9)])
    first, second = result.timings
    noisy = make_timing(second.config, variation=variation)

    found = find_tradeoffs(replace(result, timings=(first, noisy)))

    # 5 epochs of a second each.
    assert [tradeoff.seconds for tradeoff in found] == [seconds, seconds]
