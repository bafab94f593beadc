"""How runs failed stands beside every share of failures, and whether time was short."""

from dataclasses import replace

import pytest
from claims_builders import make_rates

from paribus.claims.arms import learning_rate_arms
from paribus.claims.catalogue.learning_rate import fails, more_stable
from paribus.claims.evidence import Evidence, Question
from paribus.claims.failures import say_failures
from paribus.results import StudyResult
from paribus.status import RunStatus


DIVERGED, FELL_BACK, COLLAPSED, RISING, SUBLINEAR, CONVERGED = (
    RunStatus.DIVERGED,
    RunStatus.LATE_COLLAPSE,
    RunStatus.COLLAPSED,
    RunStatus.UNCONVERGED,
    RunStatus.SUBLINEAR,
    RunStatus.CONVERGED,
)
SMALL, MEDIUM, LARGE = 2, 4, 6  # among the half decades
N = 10


@pytest.fixture(scope="module")
def ordinary() -> StudyResult:
    return make_rates(n_seeds=N)


def with_statuses(result: StudyResult, **statuses: list[RunStatus]) -> Evidence:
    """The judging runs of named rates end so; what is not listed converged."""
    status = result.status.copy()
    for name, words in statuses.items():
        i = {"small": SMALL, "medium": MEDIUM, "large": LARGE}[name]
        status[i, : len(words)] = words
    return Evidence.of(replace(result, status=status))


def about(higher: int, lower: int) -> Question:
    sides = ("learning rate 0.1", "learning rate 0.001")
    return Question(measure="bad_share", higher=(higher,), lower=(lower,), sides=sides)


def test_bad_runs_of_both_sides_are_counted_by_status(ordinary):
    evidence = with_statuses(
        ordinary,
        large=[SUBLINEAR, DIVERGED, COLLAPSED, DIVERGED, FELL_BACK, RISING],
        small=[SUBLINEAR],
    )

    assert say_failures(evidence, about(LARGE, SMALL)) == (
        "Bad runs at learning rate 0.1: 2 diverged, 1 late collapse, 1 collapsed, 1 "
        "sublinear.",
        "Bad runs at learning rate 0.001: 1 sublinear.",
    )


def test_where_no_run_ended_badly_nothing_is_said(ordinary):
    evidence = with_statuses(ordinary, large=[RISING] * N)

    assert say_failures(evidence, about(LARGE, SMALL)) == ()


@pytest.mark.parametrize(
    ("small", "large", "is_confounded"),
    [
        ([RISING] * 3, [SUBLINEAR] * 4, True),
        ([RISING] * 3, [COLLAPSED] * 4, True),
        ([RISING] * 2, [SUBLINEAR] * 4, False),  # a fifth, and not more
        ([RISING] * 3, [DIVERGED] * 4, False),  # no longer budget would mend these
        ([RISING] * 3, [FELL_BACK] * 4, False),
        ([RISING] * 3, [RISING] * 4, False),
    ],
)
def test_slow_runs_against_runs_that_stayed_low_are_confounded_with_speed(
    ordinary, small, large, is_confounded
):
    evidence = with_statuses(ordinary, small=small, large=large)
    question = about(LARGE, SMALL)

    mirrored = replace(
        question,
        higher=question.lower,
        lower=question.higher,
        sides=question.sides[::-1],
    )
    confounded = (
        "How often runs fail is confounded with how fast they learn: 3 of 10 runs at "
        "learning rate 0.001 were still improving at the end and count as no failures, "
        "while 4 of 4 bad runs at learning rate 0.1 are collapsed or sublinear, as "
        "slow runs are too. A longer budget would tell slow from failed."
    )
    for asked in (question, mirrored):
        assert (confounded in say_failures(evidence, asked)) == is_confounded


def test_unfinished_runs_are_no_part_of_the_share(ordinary):
    """3 of 4 that ended were still improving; the other 6 are still to be trained."""
    pending = [RunStatus.PENDING] * 6
    evidence = with_statuses(
        ordinary, small=[RISING] * 3 + pending, large=[SUBLINEAR] * 4
    )

    assert "3 of 4 runs" in say_failures(evidence, about(LARGE, SMALL))[-1]


@pytest.mark.parametrize(
    ("judge", "rival"), [(fails, "medium"), (more_stable, "small")]
)
def test_the_atoms_about_failures_say_how_runs_failed(ordinary, judge, rival):
    evidence = with_statuses(
        ordinary, large=[DIVERGED] * 9, **{rival: [RISING, SUBLINEAR]}
    )
    arms, *_ = learning_rate_arms(evidence, "adam")

    found = judge(evidence, arms)

    assert "Bad runs at learning rate 0.1: 9 diverged." in found.notes
    assert len(set(found.notes)) == len(found.notes)
    other = {"medium": "0.01", "small": "0.001"}[rival]
    assert f"Bad runs at learning rate {other}: 1 sublinear." in found.notes


def test_one_bad_run_is_written_as_one(ordinary):
    def said(large: list[RunStatus]) -> str:
        evidence = with_statuses(ordinary, small=[RISING] * 3, large=large)
        return " ".join(say_failures(evidence, about(LARGE, SMALL)))

    assert "the one bad run at learning rate 0.1 is collapsed" in said([SUBLINEAR])
    several = said([SUBLINEAR, DIVERGED])
    assert "1 of 2 bad runs at learning rate 0.1 is collapsed" in several
