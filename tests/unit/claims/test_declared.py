import hashlib
from dataclasses import replace
from typing import Any

import pytest
from claims_builders import Runs, make_batches, make_runs, make_tuned_study

from paribus.analysis.measure_facts import measure_facts, measure_names
from paribus.claims import Verdict, judge
from paribus.claims.declared import claims_digest
from paribus.declared import MEASURES, DeclaredClaim, is_measure, is_ratio
from paribus.errors import StudyError
from paribus.space import SearchSpace
from paribus.status import RunStatus


def make_claim(**changes) -> DeclaredClaim:
    plain = DeclaredClaim(
        text="0.01 beats 0.001",
        measure="validation_accuracy",
        a={"learning_rate": 0.01},
        b={"learning_rate": 0.001},
        relation="greater",
        smallest_effect=0.005,
    )
    return replace(plain, **changes)


def judged(claim: DeclaredClaim, *plans: Runs) -> Any:
    study = make_tuned_study(
        learning_rate=(0.001, 0.01), batch_size=(32, 64), is_tuned=False
    )
    plans = plans or (Runs(accuracy=0.95),) * 2 + (Runs(accuracy=0.97),) * 2
    return last(make_runs(replace(study, claims=(claim,)), plans))


def last(result) -> Any:
    own = [claim for claim in judge(result) if claim.group == "yours"]
    return own[-1].atoms[0]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "supported"),
        ({"relation": "less"}, "refuted"),
        ({"relation": "at_least"}, "supported"),
        ({"relation": "equivalent"}, "refuted"),
        ({"relation": "equivalent", "smallest_effect": 0.05}, "supported"),
        ({"smallest_effect": 0.05}, "negligible"),
        ({"smallest_effect": 0.02}, "undecided"),
        ({"measure": "train_loss", "smallest_effect": 1.2}, "negligible"),
    ],
)
def test_each_relation_is_judged(changes, verdict):
    assert judged(make_claim(**changes)).verdict == verdict


def test_values_are_averaged_over_what_is_equal_seed_by_seed():
    found = judged(make_claim())
    assert (found.id, found.n_seeds) == ("U1", 10)
    assert "averaged over batch_size in {32, 64}, " in found.scope
    assert found.estimate == pytest.approx(0.02, abs=0.001)
    assert {config for config, _ in found.runs} == {0, 1, 2, 3}


def test_a_config_can_be_a_side():
    sides = {
        "a": {"learning_rate": 0.01, "batch_size": 32},
        "b": {"learning_rate": 0.001, "batch_size": 64},
    }
    assert {config for config, _ in judged(make_claim(**sides)).runs} == {2, 1}


def test_tuned_sides_stand_for_what_tuning_chose():
    claim = make_claim(
        a={"batch_size": 32, "learning_rate": "tuned"},
        b={"batch_size": 128, "learning_rate": "tuned"},
    )
    result = make_batches(small=Runs(accuracy=0.98), large=Runs(accuracy=0.97))
    found = last(replace(result, study=replace(result.study, claims=(claim,))))

    assert (found.verdict, found.mode) == (Verdict.SUPPORTED, "tuned")
    rates = {result.configs[config]["learning_rate"] for config, _ in found.runs}
    assert rates == {0.01}


def test_shares_and_times_are_measures_too():
    dead = (Runs(),) * 2 + (Runs(n_bad=10),) * 2
    more = make_claim(measure="bad_share", smallest_effect=None)
    assert judged(more, *dead).verdict is Verdict.SUPPORTED
    time = make_claim(measure="steps_to_target", smallest_effect=None)
    assert judged(time).reason == "a time to target compares one config with one other"


def test_a_late_claim_is_marked_and_no_part_of_the_family():
    early, late = judged(make_claim()), judged(make_claim(is_late=True))
    assert early.is_primary
    assert not late.is_primary
    assert early.p_value_holm is not None
    assert late.p_value_holm is None
    assert late.confidence_level < early.confidence_level


@pytest.mark.parametrize("effect", [0.5, 1.0])
def test_a_factor_of_1_or_below_is_no_smallest_effect_of_a_ratio(effect):
    with pytest.raises(StudyError, match=rf"factor above 1, got {effect:g}") as caught:
        judged(make_claim(measure="tuv", smallest_effect=effect))
    assert "1.25" in caught.value.hint
    assert judged(make_claim(measure="tuv", smallest_effect=1.01)).smallest_effect


@pytest.mark.parametrize("suffix", ["", "_at_0.1", "_100", "_p90"])
def test_a_study_knows_which_measures_are_compared_by_ratios(suffix):
    known = [name for name in measure_names() if is_measure(name + suffix)]
    assert known
    for name in known:
        assert is_ratio(name + suffix) == measure_facts(name + suffix).is_ratio


def test_sides_without_equal_partners_are_untested():
    study = make_tuned_study(learning_rate=(0.001, 0.01), is_tuned=False)
    rates = ({"learning_rate": (0.001,), "batch_size": (32,)},)
    rates += ({"learning_rate": (0.01,), "batch_size": (64,)},)
    apart = replace(study, space=SearchSpace(grids=rates), claims=(make_claim(),))
    found = last(make_runs(apart, [Runs(), Runs()]))
    assert "has a partner with learning_rate=0.001" in found.reason


def test_a_study_may_name_exactly_the_measures_that_are_known():
    assert set(MEASURES) == set(measure_names())


def test_the_digest_is_of_what_was_declared_in_time():
    study = make_tuned_study(is_tuned=False)
    assert claims_digest(study) == hashlib.sha256(b"[]").hexdigest()
    early = replace(study, claims=(make_claim(),))
    both = replace(early, claims=(make_claim(), make_claim(is_late=True)))
    assert claims_digest(early) == claims_digest(both) != claims_digest(study)
    assert claims_digest(early) != claims_digest(
        replace(study, claims=(make_claim(smallest_effect=0.006),))
    )


def test_a_claim_about_what_only_chose_says_how_to_compare_what_was_chosen():
    study = make_tuned_study(
        learning_rate=(0.001, 0.01, 0.1), batch_size=(32, 64), compare="tuned"
    )
    claim = make_claim(a={"batch_size": 32}, b={"batch_size": 64})
    # 32 is best at rate 0.001, 64 at 0.01: no rate has runs to compare of both.
    plans = [Runs(accuracy=a) for a in (0.97, 0.9, 0.9, 0.97, 0.9, 0.9)]
    result = make_runs(replace(study, claims=(claim,)), plans)
    result.status[[1, 2, 4, 5], :10] = RunStatus.ABSENT

    found = last(result)

    assert found.verdict is Verdict.UNTESTED
    assert found.reason == (
        "the study has only the runs that chose a value where batch_size=32 and "
        "batch_size=64 have equal others"
    )
    assert found.remedy == 'write learning_rate = "tuned" in both `a` and `b`'


@pytest.mark.parametrize(
    ("best_of_64", "reason", "remedy"),
    [
        (
            (0.9, 0.95, 0.97),
            "the best learning rate, 0.1 at batch size 64, lies on the upper edge of "
            "the grid",
            "--set 'space.1.learning_rate=[0.001, 0.01, 0.1, 1]'",
        ),
        (
            (0.9, 0.97, 0.95),
            "learning_rate=0.01, batch_size=64 was chosen, and no run that compares it "
            "has been trained",
            "the same command trains the rest",
        ),
    ],
    ids=["at an edge", "interrupted"],
)
def test_a_claim_about_what_was_chosen_says_why_no_run_compares_it(
    best_of_64, reason, remedy
):
    study = make_tuned_study(
        learning_rate=(0.001, 0.01, 0.1), batch_size=(32, 64), compare="tuned"
    )
    sides = {
        "a": {"batch_size": 64, "learning_rate": "tuned"},
        "b": {"batch_size": 32, "learning_rate": "tuned"},
    }
    by_rate = zip((0.9, 0.97, 0.9), best_of_64, strict=True)
    plans = [Runs(accuracy=accuracy) for pair in by_rate for accuracy in pair]
    result = make_runs(replace(study, claims=(make_claim(**sides),)), plans)
    rates = [config["learning_rate"] for config in result.configs]
    sizes = [config["batch_size"] for config in result.configs]
    is_compared = [r == 0.01 and s == 32 for r, s in zip(rates, sizes, strict=True)]
    result.status[[not there for there in is_compared], :10] = RunStatus.ABSENT

    found = last(result)

    assert (found.verdict, found.reason) == (Verdict.UNTESTED, reason)
    assert found.remedy == remedy


@pytest.mark.parametrize("n_seeds", [1, 2, 4, 5])
def test_what_was_still_improving_does_not_hide_that_seeds_are_few(n_seeds):
    study = make_tuned_study(
        learning_rate=(0.001, 0.01), is_tuned=False, n_seeds=n_seeds
    )
    still = Runs(status=RunStatus.UNCONVERGED)
    study = replace(study, claims=(make_claim(),))

    found = last(make_runs(study, [still, Runs()]))

    improving = (
        f"{n_seeds} of {n_seeds} runs of learning_rate=0.001 were still improving at "
        "the end"
    )
    longer = "--set study.epochs=15"
    assert found.verdict is Verdict.UNTESTED
    if n_seeds < 5:
        improving += f"; and a verdict needs 5 seeds, of which it has {n_seeds}"
        longer += " and --set study.seeds=5"
    assert (found.reason, found.remedy) == (improving, f"{longer} with another --out")


def judged_where(*n_bad: int) -> Any:
    """Learning rates 0.001 and 0.01, each at batch sizes 32 and 64."""
    return judged(make_claim(), *(Runs(n_bad=n) for n in n_bad))


@pytest.mark.parametrize(
    ("n_bad", "reason", "remedy"),
    [
        (
            (0, 0, 10, 0),
            "at learning_rate=0.01 no seed learned at batch_size=32",
            "a claim that names batch_size=64, to compare there alone",
        ),
        (
            (0, 10, 10, 0),
            "at learning_rate=0.01 no seed learned at batch_size=32",
            "a value or a budget at which runs learn",
        ),
        (
            (0, 0, 7, 0),
            "at learning_rate=0.01 only 3 seeds learned at batch_size=32, fewer than 5",
            "--set study.seeds=17, or a new study with planned looks",
        ),
    ],
)
def test_a_side_of_several_configs_says_at_which_it_did_not_learn(
    n_bad: tuple[int, ...], reason: str, remedy: str
):
    found = judged_where(*n_bad)
    assert (found.verdict, found.reason, found.remedy) == ("untested", reason, remedy)


def test_a_claim_that_names_where_runs_learned_is_tested():
    """What the remedy asks for."""
    named = make_claim(a={"learning_rate": 0.01, "batch_size": 64})
    plans = (Runs(accuracy=0.95),) * 2 + (Runs(n_bad=10), Runs(accuracy=0.97))
    assert judged(named, *plans).verdict == "supported"
