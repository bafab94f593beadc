"""What was asked of a study after its first runs is late, and told."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_facts, make_study
from store_builders import make_store

from paribus.errors import StudyError
from paribus.store import StudyWriter, read_study
from paribus.study import Budget, DeclaredClaim, Study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "studies" / "tiny"


def claimed(text: str) -> Study:
    claim = DeclaredClaim(
        text=text,
        measure="test_accuracy",
        a={"learning_rate": 0.001},
        b={"learning_rate": 0.01},
        relation="greater",
    )
    return replace(make_study(), claims=(claim,))


def test_a_claim_made_before_the_first_run_is_not_late(folder: Path):
    StudyWriter.create(folder, make_study(), make_facts()).close()

    with StudyWriter.open(folder) as writer:
        writer.grow(claimed("early"))

    assert [claim.is_late for claim in read_study(folder).study.claims] == [False]


def test_a_claim_made_after_the_first_run_is_late_and_none_is_taken_back(folder: Path):
    make_store(folder, study=claimed("first"))

    for wanted in (claimed("second"), claimed("second"), make_study()):
        with StudyWriter.open(folder) as writer:
            writer.grow(wanted)
            writer.grow(writer.study)  # in which a claim is late already

    stored = read_study(folder).study.claims
    assert [(claim.text, claim.is_late) for claim in stored] == [
        ("first", False),
        ("second", True),
    ]


def test_seeds_are_late_only_if_runs_were_seen_before_them(folder: Path):
    StudyWriter.create(folder, make_study(n_seeds=2), make_facts()).close()
    with StudyWriter.open(folder) as writer:
        writer.grow(make_study(n_seeds=4))
        assert writer.study.late_seeds == ()
        writer.begin_attempt({})
        writer.begin_block(list(writer.runs())[:1], description="the first run")

        writer.grow(make_study(n_seeds=6))
        assert writer.study.late_seeds == (4, 5)
        writer.grow(make_study(n_seeds=2))

    assert read_study(folder).study.late_seeds == (4, 5)


def test_batch_sizes_stay_where_all_runs_are_evaluated_by_steps(folder: Path):
    budget = Budget(epochs=2, evaluate_every=1.0, steps=100)
    StudyWriter.create(
        folder, replace(make_study(), budget=budget), make_facts()
    ).close()

    grown = replace(make_study(batch_size=(32, 64)), budget=budget)
    with (
        StudyWriter.open(folder) as writer,
        pytest.raises(StudyError, match=r"`batch_size` must stay.* got 64 too"),
    ):
        writer.grow(grown)


def test_seeds_within_the_planned_looks_are_not_late(folder: Path):
    planned = replace(make_study(n_seeds=2), looks=2)
    StudyWriter.create(folder, planned, make_facts()).close()
    with StudyWriter.open(folder) as writer:
        writer.begin_attempt({})
        writer.begin_block(list(writer.runs())[:1], description="the first run")

        writer.grow(replace(planned, seeds=(0, 1, 2, 3)))
        assert (writer.study.late_seeds, writer.study.n_looks) == ((), 2)
        writer.grow(replace(planned, seeds=(0, 1, 2, 3)))  # nothing new: no look
        assert writer.study.n_looks == 2
        writer.grow(replace(planned, seeds=(0, 1, 2, 3, 4, 5)))
        assert (writer.study.late_seeds, writer.study.n_looks) == ((4, 5), 3)

    stored = read_study(folder).study
    assert (stored.late_seeds, stored.n_looks, stored.looks) == ((4, 5), 3, 2)


def test_the_plan_of_looks_cannot_change_afterwards(folder: Path):
    StudyWriter.create(folder, make_study(), make_facts()).close()

    with (
        StudyWriter.open(folder) as writer,
        pytest.raises(StudyError, match=r"`study.looks` must stay as it was, got 5"),
    ):
        writer.grow(replace(make_study(), looks=5))
