"""What a family refuses, and its edges."""

import numpy as np

from paribus.stats.families import (
    benjamini_hochberg,
    intersection_union_p_value,
    simultaneous_level,
)
from paribus.stats.looks import Looks


def test_one_contrast_and_one_look_keep_the_level():
    assert simultaneous_level(1) == 0.95


def test_looks_and_contrasts_share_the_error():
    assert simultaneous_level(8, looks=Looks(sizes=(10, 20))) == simultaneous_level(16)


def test_no_exploratory_tests_need_no_adjustment():
    assert benjamini_hochberg(np.array([])).shape == (0,)


def test_all_hold_only_as_surely_as_the_least_sure_part():
    assert intersection_union_p_value(np.array([0.001, 0.04, 0.02])) == 0.04
