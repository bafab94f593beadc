"""What stands beside a verdict: which other arms, in which order, at which level."""

from dataclasses import replace

import pytest
from claims_builders import make_rates

from paribus.claims.arms import Arms
from paribus.claims.atoms import Atom
from paribus.claims.evidence import Evidence
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.robustness import MAX_OTHER_ARMS, beside, comparable, with_entries
from paribus.space import Config


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence.of(make_rates(n_seeds=2))


def says_its_level(evidence: Evidence, arms: Arms) -> AtomVerdict:
    return AtomVerdict(
        id="",
        text="",
        verdict=Verdict.NEGLIGIBLE,
        confidence_level=evidence.confidence_level,
        budget=arms.budget,
        mode=arms.mode,
    )


def make_atom(*budgets) -> Atom:
    return Atom(
        id="A1",
        text="It holds",
        needs=("small", "best"),
        judge=says_its_level,
        contrast="a",
        remedy="",
        budgets=budgets,
    )


UNTESTED = AtomVerdict(id="A1", text="It holds", verdict=Verdict.UNTESTED)
LABELS = ("", "far", "near", "middle", "lacking")


def make_arms(label: str, *roles: str, **others) -> Arms:
    return Arms(
        optimizer="adam",
        others=Config(others),
        configs=dict.fromkeys(roles, LABELS.index(label)),
        words=dict.fromkeys(roles, ""),
        label=label,
    )


PRIMARY = make_arms("", "small", "best", batch_size=64, schedule="constant", width=8)
FAR = make_arms("far", "small", "best", batch_size=32, schedule="cosine", width=9)
NEAR = make_arms("near", "small", "best", batch_size=32, schedule="constant", width=8)
MIDDLE = make_arms("middle", "small", "best", batch_size=32, schedule="cosine", width=8)
LACKING = make_arms("lacking", "small", batch_size=64, schedule="cosine", width=8)


def labels(arms: tuple[Arms, ...]) -> list[str]:
    return [these.label for these in arms]


def test_arms_that_lack_a_role_take_no_place_from_those_that_can_be_judged(evidence):
    others = (LACKING, LACKING, LACKING, FAR, MIDDLE, NEAR)

    compared = comparable(make_atom(), PRIMARY, others)
    entries = beside(
        evidence, make_atom(), PRIMARY, compared, primary=UNTESTED, suffix="/adam"
    )

    assert labels(compared) == ["near", "middle", "far"]
    assert [entry.id for entry in entries] == [
        f"A1/adam/{name}" for name in ("near", "middle", "far")
    ]
    assert not any(entry.is_primary for entry in entries)


def test_without_primary_arms_others_keep_their_order():
    assert labels(comparable(make_atom(), None, (FAR, LACKING, NEAR))) == [
        "far",
        "near",
    ]


@pytest.mark.parametrize(
    ("primary", "others", "budgets", "n_entries"),
    [
        (PRIMARY, (LACKING, NEAR, FAR), (), 2),
        (PRIMARY, (NEAR,), ("epochs", "steps", "seconds"), 2 + 3),
        (PRIMARY, (NEAR, MIDDLE, FAR, FAR), (), MAX_OTHER_ARMS),
        (None, (NEAR,), ("epochs", "steps"), 2),
        (LACKING, (NEAR,), ("epochs", "steps"), 2),
    ],
)
def test_entries_share_the_error_rate_of_one_interval(
    evidence, primary, others, budgets, n_entries
):
    atom = make_atom(*budgets)
    at = evidence.at_level(0.99)

    compared = comparable(atom, primary, others)
    entries = beside(at, atom, primary, compared, primary=UNTESTED, suffix="")

    assert len(entries) == n_entries
    for entry in entries:
        assert entry.confidence_level == pytest.approx(1 - 0.01 / n_entries)


def test_the_primary_budget_is_not_judged_again(evidence):
    atom = make_atom("epochs", "steps")

    entries = beside(evidence, atom, PRIMARY, (NEAR,), primary=UNTESTED, suffix="")

    assert [entry.budget for entry in entries] == ["steps", "epochs", "steps"]


def test_the_same_runs_are_judged_again_only_at_another_budget(evidence):
    atom = make_atom("epochs", "steps")
    same = replace(NEAR, configs=PRIMARY.configs, mode="untuned")

    entries = beside(evidence, atom, PRIMARY, (same,), primary=UNTESTED, suffix="")

    assert [entry.id for entry in entries] == ["A1/", "A1/untuned-S"]
    shared = 1 - (1 - evidence.confidence_level) / 2
    for entry in entries:
        assert entry.confidence_level == pytest.approx(shared)


def rests_on_its_runs(evidence: Evidence, arms: Arms) -> AtomVerdict:
    """As where the time to a target chooses: not the runs that the arms say."""
    found = says_its_level(evidence, arms)
    runs = ((0, 0), (1, 0)) if arms.label in ("", "near") else ((2, 0), (1, 0))
    return replace(found, estimate=1.0, runs=runs)


def test_what_turns_out_to_compare_the_same_runs_takes_no_share_of_the_error(evidence):
    atom = replace(make_atom(), judge=rests_on_its_runs)
    primary = atom.verdict(evidence, PRIMARY)

    entries = beside(
        evidence, atom, PRIMARY, (NEAR, MIDDLE, FAR), primary=primary, suffix=""
    )

    assert [entry.id for entry in entries] == ["A1/middle", "A1/far"]
    shared = 1 - (1 - evidence.confidence_level) / 2
    for entry in entries:
        assert entry.confidence_level == pytest.approx(shared)


def test_the_same_runs_by_another_measure_stand_beside_it(evidence):
    atom = replace(make_atom(), judge=rests_on_its_runs)
    primary = replace(atom.verdict(evidence, PRIMARY), measure="jitter")

    assert (
        len(beside(evidence, atom, PRIMARY, (NEAR,), primary=primary, suffix="")) == 1
    )


def test_what_is_the_same_for_all_arms_is_judged_once():
    atom = replace(make_atom(), is_shared=True)

    assert comparable(atom, PRIMARY, (NEAR, FAR)) == ()
    assert comparable(atom, LACKING, (FAR, MIDDLE)) == (MIDDLE,)
    assert comparable(atom, None, (FAR, NEAR)) == (FAR,)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ((NEAR, MIDDLE, FAR, LACKING), ()),
        (
            (NEAR, MIDDLE, FAR, FAR, LACKING),
            ("1 more set of configs is not judged beside it.",),
        ),
        (
            (NEAR, MIDDLE, FAR, FAR, FAR),
            ("2 more sets of configs are not judged beside it.",),
        ),
    ],
)
def test_only_sets_that_could_be_judged_are_said_to_be_left_out(evidence, others, said):
    atom = make_atom()
    compared = comparable(atom, PRIMARY, others)
    primary = atom.verdict(evidence, PRIMARY)

    entries = beside(evidence, atom, PRIMARY, compared, primary=UNTESTED, suffix="")
    found = with_entries(primary, entries, n_others=len(compared))[0]

    assert found.notes == said
