from dataclasses import replace

import numpy as np
import pytest
from builders import make_finished
from claim_builders import make_atom, make_claim
from claims_builders import make_timing

from paribus.analysis.tradeoffs import find_tradeoffs
from paribus.claims import Verdict
from paribus.report.document import Figure, Table
from paribus.report.findings import gather_findings
from paribus.report.flips import flip_share, tabulate_flips
from paribus.report.tradeoffs import arrange_tradeoffs
from paribus.status import RunStatus


def with_rises(result, sizes):
    """Give each config's training loss one rise of its own size."""
    loss = np.tile(np.linspace(2, 0.5, len(result.epochs)), (*result.status.shape, 1))
    loss[:, :, 1] = loss[:, :, 0] + np.array(sizes)[:, None]
    return replace(result, curves={**result.curves, "train_loss": loss})


def timed(result, *seconds):
    timings = tuple(
        make_timing(config, seconds=s, variation=0.01)
        for config, s in zip(result.configs, seconds, strict=True)
    )
    return replace(result, timings=timings)


@pytest.fixture
def result():
    """The best, a steadier one, and one that is worse on both."""
    rows = ((0.97,) * 6, (0.95,) * 6, (0.94,) * 6)
    finished = make_finished(*rows, batch_size=(32, 64, 128))
    return with_rises(finished, [0.6, 0.1, 0.9])


def test_the_front_holds_what_is_beaten_on_no_objective(result):
    found = find_tradeoffs(result)

    assert [t.is_on_front for t in found] == [True, True, False]
    assert [t.probability for t in found] == [1, 1, 0]
    assert [t.seconds for t in found] == [None, None, None]
    tuv = [0.6 / 1.5, 0.1 / 1.5, 0.9 / 1.5]
    assert [t.variation for t in found] == pytest.approx(tuv)


def test_time_alone_can_save_a_config(result):
    found = find_tradeoffs(timed(result, 4.0, 2.0, 1.0))

    assert [t.is_on_front for t in found] == [True, True, True]
    epochs = result.study.budget.epochs
    assert [t.seconds for t in found] == [4 * epochs, 2 * epochs, epochs]


def test_a_config_that_fails_is_no_candidate(result):
    status = result.status.copy()
    status[0, 2] = RunStatus.COLLAPSED

    found = find_tradeoffs(replace(result, status=status))

    assert [t.config for t in found] == [1, 2]


def test_the_section_says_the_front_and_shows_it(result):
    findings = gather_findings(result)
    tuv_only = arrange_tradeoffs(replace(findings, result=result))
    both = arrange_tradeoffs(replace(findings, result=timed(result, 4.0, 2.0, 1.0)))

    sentence, figure, table = tuv_only
    assert getattr(sentence, "text", "") == (
        "No other config beats batch size 32 and batch size 64 on accuracy and "
        "stability together."
    )
    assert isinstance(figure, Figure)
    assert isinstance(table, Table)
    assert [row[-2] for row in table.rows] == ["yes", "yes", "no"]
    assert "read it as an order" in table.note
    assert len(figure.panels) == 1
    assert isinstance(both[1], Figure)
    assert len(both[1].panels) == 2


@pytest.mark.parametrize(("estimate", "share"), [(0.01, 0.25), (-0.01, 0.75)])
def test_the_flip_share_is_that_of_the_opposite_direction(estimate, share):
    atom = make_atom(estimate=estimate, share_above=0.75)

    assert flip_share(atom) == pytest.approx(share)


def test_conclusions_without_a_direction_come_last():
    parts = (
        make_atom(Verdict.NEGLIGIBLE, share_above=0.55),
        make_atom(Verdict.REFUTED, share_above=0.1),
        make_atom(Verdict.UNTESTED),
    )

    table = tabulate_flips([make_claim(*parts)])

    assert table is not None
    assert [row[3:] for row in table.rows] == [
        ("✗ refuted", "10%"),
        ("≈ negligible", "45%"),
    ]
    assert table.rows[0][1:3] == ("learning rate 0.001", "learning rate 0.01")
    assert tabulate_flips([make_claim(make_atom(Verdict.UNTESTED))]) is None
