from dataclasses import replace

import numpy as np
import pytest
from claim_builders import make_atom, make_claim, make_claims, make_speed_atom
from report_builders import make_notebook_result

from paribus.claims import Verdict
from paribus.claims.atoms import put_together
from paribus.report.build import arrange
from paribus.report.discussion import (
    GLOSSARY,
    HOW_TO_READ,
    arrange_claim,
    arrange_claims,
    figure_intervals,
    say_rates_at_best,
)
from paribus.report.document import Bullets, Claim, Paragraph, Table
from paribus.report.findings import gather_findings
from paribus.report.html import render_html
from paribus.report.runs import say_export, tabulate_runs
from paribus.report.summary import MAX_LINES, summary_lines
from paribus.report.text import render_markdown
from paribus.status import RunStatus


LABELS = {0: "learning rate 0.001", 1: "learning rate 0.01"}


@pytest.fixture(scope="module")
def findings():
    result = make_notebook_result(diverged={(2, 4): 312})
    return replace(gather_findings(result), verdicts=make_claims())


@pytest.fixture(scope="module")
def report(findings):
    return arrange(findings)


def claims_of(report) -> list[Claim]:
    blocks = [block for section in report.sections for block in section.blocks]
    return [block for block in blocks if isinstance(block, Claim)]


def test_claims_stand_by_group_right_after_the_summary(report):
    assert [section.heading for section in report.sections][:4] == [
        "In short",
        "Your claims",
        "Claims about the learning rate",
        "Claims about the batch size",
    ]
    assert len(claims_of(report)) == 5


def test_a_group_without_claims_has_no_section():
    sections = arrange_claims([make_claim(group="yours")], LABELS)

    assert [section.anchor for section in sections] == ["claims-yours"]


def test_both_faces_say_every_sentence_of_every_claim(report):
    html, markdown = render_html(report), render_markdown(report)

    assert html.count('class="claim"') == 5
    plain = markdown.replace("\\", "")
    for claim in claims_of(report):
        assert f"{claim.badge.icon} **{claim.badge.word}** {claim.text}" in plain
        assert f'id="{claim.anchor}"' in html
        for atom in claim.atoms:
            for text in (atom.text, atom.finding, atom.change, *atom.details):
                assert text in plain


def test_every_link_leads_to_a_table_of_runs(report):
    html = render_html(report)

    anchors = {
        link.anchor for c in claims_of(report) for a in c.atoms for link in a.links
    }
    assert anchors == {"runs-1", "runs-2"}
    assert all(f'<details class="fold" id="{anchor}">' in html for anchor in anchors)


def test_a_scope_that_all_parts_share_is_said_once():
    shared = arrange_claim(make_claim(make_atom(), make_atom(id="L2b")), LABELS)
    other = make_atom(id="L2b", scope="Scope: elsewhere.")
    apart = arrange_claim(make_claim(make_atom(), other), LABELS)

    assert shared.scope.startswith("Scope: MNIST")
    assert not any("Scope" in text for atom in shared.atoms for text in atom.details)
    assert apart.scope == ""
    assert apart.atoms[1].details[-1] == "Scope: elsewhere."


def test_a_refusal_that_all_parts_share_is_said_once():
    untested = make_atom(Verdict.UNTESTED)
    again = replace(untested, id="L2b")
    claim = arrange_claim(
        make_claim(untested, again, replace(again, id="L2b/untuned-S")), LABELS
    )

    assert claim.summary.count("Not tested because the best learning rate lies") == 1
    assert "To test it: `paribus run learning-rate --size standard`." in claim.summary
    assert [(atom.finding, atom.change) for atom in claim.atoms] == [("", "")] * 2
    assert claim.others is None


def test_refusals_that_differ_stand_with_their_parts():
    untested = make_atom(Verdict.UNTESTED)
    claim = arrange_claim(
        make_claim(untested, replace(untested, id="L2b", reason="it is late")), LABELS
    )

    assert "Not tested" not in claim.summary
    assert [atom.finding.split(" because ")[0] for atom in claim.atoms] == [
        "Not tested",
        "Not tested",
    ]
    assert all(atom.change for atom in claim.atoms)


def test_other_terms_of_a_part_are_a_table_with_the_parts_own_terms_first():
    claim = arrange_claim(make_claims()[3], LABELS)

    assert [atom.name for atom in claim.atoms] == ["B3e"]
    assert claim.others is not None
    assert [row[2:4] + row[-1:] for row in claim.others.rows] == [
        ("tuned", "epochs", "⇄ depends"),
        ("untuned", "epochs", "✓ supported"),
        ("tuned", "steps", "≈ negligible"),
    ]


def test_entries_at_held_values_are_rows_and_say_where():
    names = ("L3c", "L3c/batch_size=32", "L3c/untuned-T-learning_rate=0.01")
    claim = arrange_claim(make_claim(*(make_atom(id=name) for name in names)), LABELS)

    assert [atom.name for atom in claim.atoms] == ["L3c"]
    assert claim.others is not None
    assert {row[1] for row in claim.others.rows} == {
        "–",
        "batch size 32",
        "learning rate 0.01",
    }


def test_claims_that_share_why_they_are_untested_are_one_folded_table():
    parts = [make_atom(Verdict.UNTESTED, id=f"B1{letter}/sgd") for letter in "ab"]
    alike = [make_claim(*parts, id=f"B{i}/sgd", group="batch size") for i in (1, 2)]
    measured = make_claim(id="B3/sgd", group="batch size")

    (section,) = arrange_claims([*alike, measured], LABELS)

    assert [block.anchor for block in section.blocks if isinstance(block, Claim)] == [
        "claim-b3-sgd"
    ]
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert table.is_folded
    assert table.caption.startswith("2 claims that are not tested")
    assert table.note.startswith("Not tested because the best learning rate lies on")
    assert [row[1] for row in table.rows] == ["B1a, SGD", "B1b, SGD"] * 2


def test_claims_without_a_tested_part_are_folded_though_their_reasons_differ():
    first = make_atom(Verdict.UNTESTED, id="L1a")
    other = replace(first, id="L1b", reason="it is late", remedy="start earlier")
    claims = [make_claim(first, other, id=f"L{i}") for i in (1, 2)]
    claims.append(make_claim(first, replace(first, id="L3b"), id="L3"))
    own = [make_claim(first, other, id=f"U{i}", group="yours") for i in (1, 2)]

    yours, textbook = arrange_claims([*claims, *own], LABELS)

    (table,) = (block for block in textbook.blocks if isinstance(block, Table))
    assert table.is_folded
    assert table.caption == "3 claims that are not tested"
    late = "Not tested because it is late. To test it: start earlier."
    assert [row[-1] for row in table.rows][1:4:2] == [late, late]
    assert late not in [row[-1] for row in table.rows][4:]
    assert sum(isinstance(block, Claim) for block in yours.blocks) == 2


def test_one_claim_that_is_untested_keeps_its_block():
    parts = [make_atom(Verdict.UNTESTED, id=f"B1{letter}") for letter in "ab"]
    (section,) = arrange_claims([make_claim(*parts, id="B1")], LABELS)

    assert sum(isinstance(block, Claim) for block in section.blocks) == 1


def test_how_to_read_is_said_once():
    claims = [make_claim(group="yours"), make_claim(group="batch size")]
    sections = arrange_claims(claims, LABELS)

    said = [
        block
        for section in sections
        for block in section.blocks
        if block == Paragraph(text=HOW_TO_READ) or block == Bullets(items=GLOSSARY)
    ]
    assert len(said) == 2
    assert sections[0].blocks[:2] == tuple(said)


def test_nothing_is_said_twice_of_a_part():
    part = make_atom(Verdict.UNDECIDED)
    atom = make_atom(Verdict.UNDECIDED, parts=(part, part), notes=("Once.", "Once."))
    (shown,) = arrange_claim(make_claim(atom), LABELS).atoms

    assert shown.finding not in shown.details
    assert shown.details.count("Once.") == 1
    assert "about 24 would decide" in shown.finding
    assert shown.change == ""


def test_a_note_has_the_minus_of_the_report():
    note = "they differ by -641.9 steps [-700.1, +3.2], from 1e-07, as-is"
    (shown,) = arrange_claim(make_claim(make_atom(notes=(note,))), LABELS).atoms

    said = "They differ by −641.9 steps [−700.1, +3.2], from 1e-07, as-is"
    assert said in shown.details


def test_a_table_of_untested_entries_alone_is_folded():
    untested = make_atom(Verdict.UNTESTED)
    entries = [
        replace(untested, id="L2a/untuned-S", reason="another"),
        replace(untested, id="L2a/tuned-S"),
    ]
    claim = arrange_claim(make_claim(untested, *entries, apart=2), LABELS)

    assert claim.others is not None
    assert claim.others.is_folded


def test_the_chart_puts_all_units_on_one_scale():
    atoms = [make_atom(lower=0.004, upper=0.008, estimate=0.006), make_speed_atom()]
    figure = figure_intervals("L1", atoms)

    assert figure is not None
    specification = figure.panels[0].specification
    rows = [
        row
        for rows in specification["datasets"].values()
        for row in rows
        if "goes_left" in row
    ]
    assert [rows[0][k] for k in ("lower", "estimate", "upper")] == pytest.approx(
        [2, 3, 4]
    )
    expected = np.log([1.4, 1.62, 1.88]) / np.log(1.25)
    found = [rows[1][key] for key in ("lower", "estimate", "upper")]
    assert found == pytest.approx(expected)
    assert figure.panels[0].description == (
        "L2a ✓ supported: +0.60 [+0.40, +0.80] points, smallest effect 0.20 points; "
        "L1b ✓ supported: 1.62 [1.40, 1.88], smallest effect a factor of 1.25."
    )


def test_a_claim_that_measured_nothing_has_no_chart():
    claim = arrange_claim(make_claim(make_atom(Verdict.UNTESTED)), LABELS)

    assert claim.figure is None


def test_the_summary_has_at_most_eight_lines_and_the_decided_claims(findings):
    many = make_claims() * 4
    few, all_of_them = (
        summary_lines(replace(findings, verdicts=verdicts))
        for verdicts in (make_claims(), many)
    )

    assert len(few) == 2 + 5
    assert few[1].startswith("Of 50 runs: 1 diverged")
    assert len(all_of_them) == MAX_LINES
    assert all_of_them[6].startswith("Of 20 claims: 4 supported, 4 refuted")
    assert all(line[0] in "✓✗" for line in (*all_of_them[:4], all_of_them[7]))


def test_the_summary_begins_with_the_claims_of_the_study(findings):
    own = make_claim(id="U1", group="yours", text="Mine")
    others = [make_claim(id=f"L{i}", text=f"Theirs {i}") for i in range(9)]

    lines = summary_lines(replace(findings, verdicts=(*others, own)))

    assert lines[0].startswith("✓ Supported: “Mine”.")
    assert lines[1].startswith("Of 50 runs")


def test_the_summary_without_claims_says_statuses_and_the_best(report, findings):
    lines = summary_lines(replace(findings, verdicts=()))

    assert len(lines) == 2
    bullets = next(b for b in report.sections[0].blocks if isinstance(b, Bullets))
    assert list(bullets.items[1:3]) == lines


def test_the_tables_of_runs_hold_every_run_with_its_numbers(findings):
    tables = tabulate_runs(findings)

    result = findings.result
    assert [table.anchor for table in tables] == [f"runs-{i + 1}" for i in range(5)]
    assert sum(len(table.rows) for table in tables) == result.status.size
    third = tables[2]
    place = third.columns.index("test accuracy")
    assert third.rows[0][place] == f"{100 * result.final('test_accuracy')[2, 0]:.2f}%"
    assert third.rows[4][:3] == ("4", "diverged at step 312", "–")
    assert third.caption.endswith("10 runs, 9 learned")


def test_runs_that_the_study_does_not_have_are_in_no_table(findings):
    status = findings.result.status.copy()
    status[0, 3:] = RunStatus.ABSENT
    status[1] = RunStatus.ABSENT
    share = np.full(status.shape, np.nan)
    share[0] = 0.25
    measures = {"overshoot_share": share}
    fewer = replace(findings.result, status=status, measures=measures)

    tables = tabulate_runs(replace(findings, result=fewer))

    assert "the status absent marks" in say_export(fewer)
    assert "absent" not in say_export(findings.result)
    assert [len(table.rows) for table in tables] == [3, 10, 10, 10]
    assert tables[0].columns[-1] == "overshoot share"
    assert tables[0].rows[0][-1] == "0.25"
    assert "overshoot share" not in tables[1].columns


def test_learning_rates_stand_beside_the_best_one_where_it_is_known():
    atoms = (make_atom(runs=((0, 0), (2, 0))), make_atom(runs=((5, 1),)))
    rates = {0: (0.001, 0.003), 1: (0.5, 0.003), 2: (0.1, 0.003), 5: (0.01, 0.01)}

    assert say_rates_at_best(atoms, rates) == (
        "0.001 is 0.33 times and 0.1 is 33 times the learning rate that ends best, "
        "0.003."
    )
    assert say_rates_at_best(atoms, {}) == ""


def test_a_part_is_said_with_the_notes_that_are_its_own():
    part = make_atom(Verdict.UNDECIDED, notes=("Said of all.", "Said of one part."))
    whole = make_atom(Verdict.UNDECIDED, notes=("Said of all.",), parts=(part,))
    details = arrange_claim(make_claim(whole), LABELS).atoms[0].details

    assert details[0].startswith("Difference of final validation accuracy")
    assert details[0].endswith("Said of one part.")
    assert sum("Said of all." in detail for detail in details) == 1


def test_a_part_is_said_once_with_its_numbers_where_it_has_them():
    """The word alone is for readers of the records, who have no parts beside."""
    parts = [make_part("jitter", 1.5), make_part("tuv", 1.1)]
    whole = replace(put_together(parts), id="B2c", text="64 trains as steadily")

    (atom,) = arrange_claim(make_claim(whole), LABELS).atoms

    word = (
        "late jitter of the score, among learners, batch size 32 against 64: supported."
    )
    assert word in whole.notes
    assert not [text for text in atom.details if text.lower() == word]
    assert len([text for text in atom.details if "late jitter" in text]) == 1


def make_part(measure: str, lower: float):
    return make_speed_atom(
        measure=measure,
        lower=lower,
        smallest_effect=1.05,
        sides=("batch size 32", "64"),
        budget="epochs",
        clock="",
    )
