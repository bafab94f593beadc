"""What holds for every study: nothing is decided by too little, and all is said."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from claims_builders import Runs, make_batches, make_rates, make_runs, make_tuned_study

from paribus.claims import Verdict, judge
from paribus.cli.verdicts import claim_records
from paribus.console import claims_text
from paribus.status import RunStatus


def with_status(result, status: RunStatus):
    """The same with every run in one status; without outcome, no evaluations."""
    statuses = np.full_like(result.status, int(status))
    curves = result.curves
    if not status.has_outcome:
        curves = {name: np.full_like(c, np.nan) for name, c in curves.items()}
    return replace(result, status=statuses, curves=curves)


def make_small_grid(**more: Any):
    study = make_tuned_study(is_tuned=False, **more)
    return make_runs(study, [Runs()] * len(study.configs()))


STUDIES = {
    "rates": make_rates,
    "batches": make_batches,
    "two seeds": lambda: make_rates(n_seeds=2),
    "three seeds": lambda: make_batches(n_seeds=3),
    "not begun": lambda: with_status(make_rates(), RunStatus.PENDING),
    "batches not begun": lambda: with_status(make_batches(), RunStatus.PENDING),
    "failed": lambda: with_status(make_rates(), RunStatus.FAILED),
    "all diverged": lambda: with_status(make_rates(), RunStatus.DIVERGED),
    "no curves": lambda: replace(make_rates(), curves={}),
    "one config": lambda: make_small_grid(learning_rate=(0.01,)),
    "no validation": lambda: make_small_grid(
        learning_rate=(0.001, 0.01, 0.1), batch_size=(32, 64, 128), validation=0
    ),
}


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_gets_every_claim_in_words_and_in_json(name):
    claims = judge(STUDIES[name]())

    assert [claim.id for claim in claims] == [
        *("L1", "L2", "L3", "B1", "B2", "B3-speed", "B3-quality")
    ]
    json.dumps(claim_records(claims), allow_nan=False)
    text = claims_text(claims)
    for word in ("significant", "no difference", "no effect", "neural networks"):
        assert word not in text
    for atom in (atom for claim in claims for atom in claim.atoms):
        if atom.verdict is Verdict.UNTESTED:
            assert atom.reason
            assert not atom.reason.endswith(".")
        if atom.verdict is Verdict.UNDECIDED:
            assert atom.more_seeds is None or atom.more_seeds >= 5


@pytest.mark.parametrize("name", STUDIES)
def test_what_would_test_a_claim_is_said_in_python_where_that_made_the_study(name):
    result = STUDIES[name]()
    study = replace(result.study, is_made_in_python=True)
    in_python = judge(replace(result, study=study))
    atoms = [atom for claim in in_python for atom in claim.atoms]

    said = [text for atom in atoms for text in (atom.reason, atom.remedy)]
    of_files = [text for text in said if "--set" in text or "[[" in text]
    assert any("pb." in text for text in said) or name != "two seeds"
    assert of_files == []


@pytest.mark.parametrize(
    "name", ["two seeds", "three seeds", "not begun", "failed", "one config"]
)
def test_too_little_decides_nothing(name):
    decided = {Verdict.SUPPORTED, Verdict.REFUTED, Verdict.NEGLIGIBLE}
    atoms = [atom for claim in judge(STUDIES[name]()) for atom in claim.atoms]
    # Timings have repeats of their own and need no seeds.
    assert not {a.verdict for a in atoms if a.measure != "examples_per_s"} & decided
