"""A comparison in a sentence."""

from builders import make_finished

from paribus.analysis import compare
from paribus.report.prose_pairs import say_comparison
from paribus.status import RunStatus


def test_seeds_on_which_a_side_never_learned_are_said_though_none_ended_badly():
    """Still improving, at 14 % of ten classes: not among the bad, nor the learners."""
    slow = (0.14, 0.96, 0.97, 0.96, 0.96, 0.97, 0.98)
    result = make_finished(slow, (0.9,) * 7, status={(0, 0): RunStatus.UNCONVERGED})
    found = compare(
        result,
        {"learning_rate": 0.001},
        {"learning_rate": 0.01},
        metric="test_accuracy",
    )

    text = say_comparison(result.study, found)

    assert "on 1 of 7 seeds a side never learned; learning rate 0.001 has a" in text
    assert "over the 6 seeds where both learned" in text
    assert "ended badly" not in text
