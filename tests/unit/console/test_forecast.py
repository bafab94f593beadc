from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_study

from paribus.console import forecast_text
from paribus.declared import DeclaredClaim
from paribus.results.forecast import Forecast, GroupForecast


STUDY = make_study(batch_size=(32, 64))


def make(*seconds: float | None, n_runs: int = 8) -> Forecast:
    return Forecast(
        study=STUDY,
        n_runs=16,
        groups=tuple(
            GroupForecast(
                description=f"batch_size={size}",
                n_configs=2,
                n_runs=n_runs,
                seconds=each,
                basis=None if each is None else "arithmetic",
            )
            for size, each in zip((32, 64), seconds, strict=True)
        ),
        memory_bytes=1_250_000_000,
        device="2 × cpu",
    )


def text(forecast: Forecast) -> str:
    return forecast_text(forecast, folder=Path("studies/tiny"), width=100)


def test_configs_programs_time_and_memory_are_shown():
    said = text(make(60.0, 30.0))

    assert said.startswith("tiny: 16 runs of 2 epochs, 4 configs, 4 seeds\n")
    assert "0.001     32" in said
    assert "batch_size=32     2        8              1 min 00 s" in said
    assert "16 runs on 2 × cpu, roughly 1 min 30 s (from the operations" in said
    assert said.endswith("roughly 1.2 GB of memory. Nothing was trained or written.")


def test_data_that_stay_in_their_files_are_told_apart_from_memory():
    said = text(replace(make(60.0, 30.0), mapped_bytes=627_000_000))

    assert (
        "roughly 1.2 GB of memory, beside 0.6 GB of data that are read from files as "
        "needed. Nothing was"
    ) in said


def test_while_tuning_has_yet_to_choose_runs_are_at_most_so_many():
    said = text(replace(make(60.0, 30.0), is_open=True))

    assert said.startswith("tiny: up to 16 runs of 2 epochs")
    assert "To train into `studies/tiny`: up to 16 runs on 2 × cpu" in said


def test_a_time_that_is_not_known_is_not_guessed():
    said = text(make(60.0, None))

    assert "not known" in said
    assert "a time that is not known beforehand" in said


def test_a_finished_study_has_nothing_to_train():
    said = text(make(0.0, 0.0, n_runs=0))

    assert said.endswith("Nothing is to be trained: all runs are in `studies/tiny`.")


@pytest.mark.parametrize(
    ("measure", "effect", "said", "is_doubted"),
    [
        ("test_accuracy", 0.005, "0.005, 0.5 percentage points", False),
        ("test_accuracy", 0.5, "0.5, 50 percentage points", True),
        ("test_loss", 1.25, "a factor of 1.25", False),
        ("test_accuracy", None, "the default", False),
    ],
)
def test_the_smallest_effect_of_each_claim_is_said(measure, effect, said, is_doubted):
    claim = DeclaredClaim(
        text="Small batches are better",
        measure=measure,
        a={"batch_size": 32},
        b={"batch_size": 64},
        relation="greater",
        smallest_effect=effect,
    )

    shown = text(replace(make(60.0, 30.0), study=replace(STUDY, claims=(claim,))))

    assert said in shown
    assert ("Claim U1: differences below 50 percentage" in shown) == is_doubted
