"""For each atom a study that supports it, one that refutes it, one that cannot tell."""

from dataclasses import replace

import numpy as np
import pytest
from claims_builders import Runs, make_rates, make_runs, make_tuned_study

from paribus.analysis.targets import find_target
from paribus.claims import AtomVerdict, Verdict, judge
from paribus.claims.arms import learning_rate_arms
from paribus.claims.catalogue.learning_rate import more_stable
from paribus.claims.evidence import Evidence
from paribus.results import StudyResult
from paribus.space import SearchSpace
from paribus.stats.targets import RUNGS
from paribus.status import RunStatus


N_MANY = 60


def atom_of(result: StudyResult, name: str) -> AtomVerdict:
    atoms = [atom for claim in judge(result) for atom in claim.atoms]
    return next(atom for atom in atoms if atom.id == name)


def overshooting(share: float, **more: float) -> Runs:
    return Runs(measures={"early_overshoot_share": share, **more})


CASES = [
    (
        "L1a",
        "supported",
        {"small": Runs(bumps=0.05), "medium": Runs(bumps=0.3), "large": Runs(bumps=1)},
    ),
    ("L1a", "refuted", {"small": Runs(bumps=0.6), "medium": Runs(bumps=0.1)}),
    ("L1a", "negligible", {}),
    # A rival that is dead is not stable: its failures count in place of its bumps.
    ("L1a", "supported", {"medium": Runs(bumps=0.5), "large": Runs(n_bad=20)}),
    ("L1a", "refuted", {"small": Runs(n_bad=20)}),
    ("L1b", "supported", {"small": Runs(speed=1), "medium": Runs(speed=3)}),
    ("L1b", "refuted", {"small": Runs(speed=5), "medium": Runs(speed=2)}),
    (
        "L1b",
        "undecided",
        {
            "small": Runs(speed=2, speed_spread=0.6),
            "medium": Runs(speed=3, speed_spread=0.6),
        },
    ),
    ("L2a", "supported", {"medium": Runs(accuracy=0.98, spread=0.0005)}),
    ("L2a", "refuted", {"medium": Runs(accuracy=0.95)}),
    ("L2a", "undecided", {"medium": Runs(accuracy=0.977, spread=0.003)}),
    # Slower than 0.1 and faster than 0.001, with a score between theirs.
    (
        "L2b",
        "supported",
        {
            "small": Runs(speed=1, accuracy=0.97),
            "medium": Runs(speed=2, accuracy=0.96),
            "large": Runs(speed=5, accuracy=0.93),
        },
    ),
    (
        "L2b",
        "refuted",
        {"medium": Runs(speed=1, accuracy=0.93), "small": Runs(speed=3)},
    ),
    ("L2b", "undecided", {}),
    ("L3a", "supported", {"large": Runs(speed=4), "medium": Runs(speed=2)}),
    ("L3a", "refuted", {"large": Runs(speed=1.5), "medium": Runs(speed=3)}),
    ("L3a", "negligible", {}),
    ("L3b", "supported", {"large": overshooting(0.4), "medium": overshooting(0.1)}),
    ("L3b", "refuted", {"large": overshooting(0.1), "medium": overshooting(0.4)}),
    ("L3b", "negligible", {"large": overshooting(0.1), "medium": overshooting(0.1)}),
    ("L3c", "supported", {"large": Runs(n_bad=20)}),
    ("L3c", "refuted", {"medium": Runs(n_bad=20)}),
    ("L3c", "undecided", {"large": Runs(n_bad=4)}),
    ("L3d", "supported", {"large": Runs(accuracy=0.95)}),
    ("L3d", "negligible", {"large": Runs(accuracy=0.98, spread=0.0003)}),
    ("L3d", "undecided", {"large": Runs(accuracy=0.977, spread=0.004)}),
    ("L3d", "untested", {"large": Runs(n_bad=20)}),
]


@pytest.mark.parametrize(("name", "verdict", "arms"), CASES)
def test_each_atom_says_what_its_study_shows(name, verdict, arms):
    assert atom_of(make_rates(**arms), name).verdict == verdict


def test_the_chosen_value_is_not_compared_with_itself():
    found = atom_of(make_rates(medium=Runs(accuracy=0.985)), "L2a")

    assert found.verdict is Verdict.UNTESTED
    assert "learning rate 0.01 is itself the value that was chosen" in found.reason


def test_30_seeds_without_a_failure_say_that_failures_are_practically_absent():
    short = atom_of(make_rates(n_seeds=29), "L3c")
    assert (short.verdict, short.more_seeds) == (Verdict.UNDECIDED, 30)
    assert atom_of(make_rates(n_seeds=30), "L3c").verdict is Verdict.NEGLIGIBLE


def test_a_dead_network_is_not_called_stable():
    """Without bumps because it does nothing: no measure of smoothness is given."""
    result = make_rates(small=Runs(n_bad=20, bumps=0), medium=Runs(bumps=0.3))
    found = atom_of(result, "L1a")
    assert found.verdict is Verdict.REFUTED
    assert found.measure == "bad_share"


def test_time_to_target_is_compared_at_a_target_that_other_seeds_set():
    found = atom_of(make_rates(small=Runs(speed=1), medium=Runs(speed=2)), "L1b")

    assert (found.budget, found.clock, found.is_ratio) == ("target", "steps", True)
    # Twice as slow, and both curves reach the target well before they flatten.
    assert found.estimate == pytest.approx(2, rel=0.1)
    # 97 % of the way from guessing to the best config's .98.
    assert "Target: 0.95" in found.notes[0]


@pytest.mark.parametrize("n_seeds", [4, 5, 9, 10])
def test_targets_need_five_runs_of_the_best_config_and_are_best_with_ten(n_seeds):
    study = make_tuned_study(learning_rate=(1e-3, 3.16e-3, 1e-2, 1e-1))
    assert study.tuning is not None
    few = replace(study.tuning, seeds=study.tuning.seeds[:n_seeds])
    plans = [Runs(accuracy=0.95), Runs(accuracy=0.98), *[Runs(accuracy=0.95)] * 2]

    found = atom_of(make_runs(replace(study, tuning=few), plans), "L1b")

    assert (found.verdict is Verdict.UNTESTED) == (n_seeds < 5)
    if n_seeds < 5:
        assert "needs 5 runs of the best config" in found.reason
        assert found.remedy == "--set tuning.target_seeds=10 with another --out"
    says_few = any(f"rests on {n_seeds} runs" in note for note in found.notes)
    assert says_few == (5 <= n_seeds < 10)


def test_a_best_rate_on_the_edge_gets_no_seeds_that_set_targets_but_a_larger_grid():
    study = make_tuned_study(learning_rate=(1e-3, 3.16e-3, 1e-2))
    assert study.tuning is not None
    few = replace(study.tuning, seeds=study.tuning.seeds[:3])
    rising = [Runs(accuracy=0.9), Runs(accuracy=0.95), Runs(accuracy=0.98)]

    found = atom_of(make_runs(replace(study, tuning=few), rising), "L1b")

    assert found.verdict is Verdict.UNTESTED
    assert found.reason == (
        "no target is set while the best learning rate, 0.01, lies on the upper edge "
        "of the grid"
    )
    assert found.remedy.startswith("--set 'space.1.learning_rate=[0.001, 0.00316, ")
    assert found.remedy.endswith("0.01, 0.0316]'")


def test_the_fastest_rate_is_compared_at_the_target_that_chose_it():
    """The spread of times is least at the lowest target, not at the one of L1b."""
    result = make_rates(
        small=Runs(speed=1),
        medium=Runs(speed=2),
        best=Runs(accuracy=0.98, spread=0.004, speed=3, speed_spread=0.01),
    )
    target = find_target(result, "adam")
    assert target is not None
    assert target.rung != RUNGS[1]

    notes = atom_of(result, "L1b").notes

    (beside,) = (note for note in notes if "the fastest learning rate" in note)
    assert f"Target: {target.score:.4f}" in beside
    assert f"Target: {target.score:.4f}" not in notes[0]


def test_replaced_weights_are_told_from_overshooting():
    result = make_rates(
        large=overshooting(0.4, first_update=0.9),
        medium=overshooting(0.1, first_update=0.1),
    )
    assert "weights were replaced" in atom_of(result, "L3b").notes[0]


def test_a_mixture_is_compared_among_learners_and_says_so():
    found = atom_of(make_rates(medium=Runs(accuracy=0.98, n_bad=3)), "L2a")

    assert found.n_seeds == 7
    assert found.notes[:1] == (
        "Among the 7 seeds whose runs learned on both sides; of 10 seeds, runs ended "
        "badly: 3 at learning rate 0.01 and 0 at the best learning rate (0.00316).",
    )


def test_every_learning_rate_is_said_in_multiples_of_the_best():
    assert atom_of(make_rates(), "L3c").notes[-1] == (
        "Of learning rates, 0.01 is 3.16 times, 0.1 is 31.6 times the best of the "
        "grid, 0.00316."
    )


def test_missing_values_are_untested_and_name_the_study_that_has_them():
    study = make_tuned_study(learning_rate=(0.001, 0.01), is_tuned=False)
    found = atom_of(make_runs(study, [Runs(), Runs()]), "L3c")

    assert found.verdict is Verdict.UNTESTED
    assert found.reason == "the study has no runs at learning rate 0.1"
    assert found.remedy == "paribus run learning-rate"


def test_a_value_with_only_choosing_runs_is_not_said_to_have_none():
    study = make_tuned_study(learning_rate=(0.001, 0.01, 0.1), compare="tuned")
    accuracies = (0.9, 0.95, 0.9)
    result = make_runs(study, [Runs(accuracy=accuracy) for accuracy in accuracies])
    result.status[[0, 2], :10] = RunStatus.ABSENT

    found = atom_of(result, "L3c")

    assert found.verdict is Verdict.UNTESTED
    assert found.reason == (
        "at learning rate 0.01 and learning rate 0.1 the study has only runs that "
        "chose a learning rate"
    )


def test_one_seed_shows_a_direction_and_decides_nothing():
    study = make_tuned_study(n_seeds=1, is_tuned=False)
    plans = [Runs(accuracy=0.9 + 0.01 * k) for k in range(9)]
    claims = judge(make_runs(study, plans))
    found = next(a for c in claims for a in c.atoms if a.id == "L2a")

    assert found.verdict is Verdict.UNDECIDED
    assert found.estimate is not None
    assert found.estimate < 0
    assert (found.n_seeds, found.more_seeds) == (1, 5)
    assert all(claim.verdict is not Verdict.SUPPORTED for claim in claims)


def test_the_scope_names_everything_that_was_held():
    scope = atom_of(make_rates(), "L3c").scope
    assert scope == (
        "Scope: MNIST, mlp (hidden [128], activation relu, dropout 0), "
        "Adam (b1 0.9, b2 0.999, eps 1e-08), batch size 64, constant schedule, "
        "5 epochs, 10 seeds; varied by seed: initial weights and the order of examples."
    )


def test_the_scope_says_on_how_many_examples_where_not_on_all():
    runs = make_rates()
    data = replace(runs.study.data, train=10_000)
    fewer = replace(
        runs,
        study=replace(runs.study, data=data),
        data=replace(runs.data, n_train=10_000),
    )
    assert atom_of(fewer, "L3c").scope.startswith(
        "Scope: MNIST, 10,000 training examples, mlp ("
    )


def test_overshooting_is_that_of_the_first_500_steps_not_of_a_run_long_dead():
    """On a dead network every other step raises the loss: that is noise."""
    dead, alive = (
        Runs(measures={"early_overshoot_share": 0.1, "overshoot_share": whole})
        for whole in (0.5, 0.1)
    )
    found = atom_of(make_rates(large=dead, medium=alive), "L3b")
    assert found.measure == "early_overshoot_share"
    assert found.verdict is Verdict.NEGLIGIBLE


def test_a_side_none_of_whose_runs_learned_is_not_called_unfinished():
    found = atom_of(make_rates(large=Runs(n_bad=20), n_seeds=2), "L3d")
    assert (found.verdict, found.n_seeds) == (Verdict.UNDECIDED, 0)
    assert found.reason == "no seed learned on both sides"


def test_a_side_that_is_dead_throughout_is_compared_and_said_to_be():
    """Its mean describes it, as nothing is mixed; but no reader may miss it."""
    found = atom_of(make_rates(medium=Runs(n_bad=20)), "L2a")
    assert found.verdict is Verdict.REFUTED
    assert found.notes[0] == (
        "Of 10 seeds, runs ended badly: 10 at learning rate 0.01 and 0 at the best "
        "learning rate (0.00316)."
    )


def with_cosine(result_of_large: Runs) -> AtomVerdict:
    """L3c of a study whose cosine copies of .1 end as asked, and all others well."""
    # None against none is decided by the 35 seeds that eight contrasts ask for.
    study = make_tuned_study(n_seeds=N_MANY)
    assert study.tuning is not None
    rates = (0.001, 0.01, 0.1)
    copies = {"learning_rate": rates, "batch_size": (64,), "schedule": ("cosine",)}
    grids = ({**study.space.grids[0], "schedule": ("constant",)}, copies)
    study = replace(
        study,
        space=SearchSpace(grids=grids),
        tuning=replace(study.tuning, where={"schedule": "constant"}),
    )
    constant = {0.1: Runs(n_bad=N_MANY), 3.16e-3: Runs(accuracy=0.98)}
    plans = [
        result_of_large
        if (config["schedule"], config["learning_rate"]) == ("cosine", 0.1)
        else Runs(accuracy=0.95)
        if config["schedule"] == "cosine"
        else constant.get(config["learning_rate"], Runs(accuracy=0.95))  # pyright: ignore[reportArgumentType, reportCallIssue]
        for config in study.configs()
    ]
    result = make_runs(study, plans)
    atoms = {a.id: a for claim in judge(result) for a in claim.atoms}
    assert atoms["L3c/schedule=cosine"].is_primary is False
    # The copies are not tuned: nothing is compared with a best one of theirs.
    assert "L2a/schedule=cosine" not in atoms
    return atoms["L3c"]


def test_a_verdict_that_the_cosine_copies_share_stands():
    assert with_cosine(Runs(n_bad=N_MANY)).verdict is Verdict.SUPPORTED


def test_a_verdict_that_the_cosine_copies_contradict_depends_on_the_schedule():
    found = with_cosine(Runs(accuracy=0.95))

    assert found.verdict is Verdict.DEPENDS
    assert found.reason == (
        "supported here, negligible for schedule=cosine; the two are not compared "
        "directly"
    )


@pytest.mark.parametrize(
    ("small", "large", "said"),
    [
        (
            0.0,
            0.0,
            "It is 0 in every run of both sides: neither ever rose.",
        ),
        (
            0.0,
            0.3,
            "Medians without the 0.01: 0.3 at learning rate 0.01 and 0 at learning "
            "rate 0.001.",
        ),
    ],
)
def test_an_upward_variation_near_zero_is_shown_without_what_is_added_to_it(
    small, large, said
):
    """(0 + .01) / (0 + .01) is a ratio of 1, and (.3 + .01) / .01 one of 31."""
    evidence = Evidence.of(with_rises(make_rates(n_seeds=5), small=small, medium=large))
    arms, *_ = learning_rate_arms(evidence, "adam")

    found = more_stable(evidence, arms).parts[0]

    assert found.measure == "tuv"
    assert found.estimate == pytest.approx((large + 0.01) / (small + 0.01))
    assert said in found.notes


def with_rises(result: StudyResult, **rises: float) -> StudyResult:
    """Training losses that fall all the way, but for one rise of a share of it."""
    loss = result.curves["train_loss"].copy()
    n = loss.shape[-1]
    loss[:] = np.linspace(2.0, 0.0, n)
    for name, rise in rises.items():
        # Down to 0 at half time, up by the share of the descent, and down again.
        half = np.linspace(2.0, 0.0, n // 2)
        last = np.linspace(2.0 * rise, 0.0, n - n // 2)
        i = {"small": 2, "medium": 4}[name]
        loss[i] = np.concatenate([half, last])
    return replace(result, curves={**result.curves, "train_loss": loss})


def test_rates_that_only_chose_are_told_from_rates_that_were_never_tried():
    study = make_tuned_study(learning_rate=(0.001, 0.003, 0.01), compare="tuned")
    result = make_runs(study, [Runs(accuracy=a) for a in (0.9, 0.97, 0.9)])
    result.status[[0, 2], :10] = RunStatus.ABSENT

    assert atom_of(result, "L1a").reason == (
        "at learning rate 0.001 and learning rate 0.01 the study has only runs that "
        "chose a learning rate, and none at learning rate 0.1"
    )
    assert atom_of(result, "L1b").reason == (
        "at learning rate 0.001 and learning rate 0.01 the study has only runs that "
        "chose a learning rate"
    )
    assert atom_of(result, "L3d").reason == "the study has no runs at learning rate 0.1"
