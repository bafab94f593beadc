"""What a claim may be about is what the analysis can make."""

from paribus.analysis.measure_facts import measure_names
from paribus.declared import MEASURES, is_measure


def test_a_claim_may_name_every_measure_and_no_other():
    assert set(MEASURES) == set(measure_names())


def test_a_recorded_measure_may_say_when_it_was_taken():
    assert is_measure("asam_sharpness_at_0.1")
    assert is_measure("gradient_norm_p90")
    assert not is_measure("test_accuracy_p90")
    assert not is_measure("asam_sharpness_at_noon")
