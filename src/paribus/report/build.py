"""What a report says, in which order."""

from collections.abc import Iterable, Sequence

from paribus.analysis.tuned import best_rates, choose_tuned
from paribus.report.alarms import tabulate_alarms
from paribus.report.discussion import arrange_claims
from paribus.report.document import (
    Block,
    Bullets,
    Callout,
    Figure,
    Paragraph,
    Report,
    Section,
    Table,
)
from paribus.report.figures import (
    figure_curves,
    figure_differences,
    figure_named_best,
    figure_reversals,
    figure_runs,
)
from paribus.report.findings import Findings, gather_findings
from paribus.report.flips import tabulate_flips
from paribus.report.halving import arrange_halving
from paribus.report.making import tabulate_attempts, tabulate_making
from paribus.report.maps import arrange_failures, arrange_grid, arrange_isolation
from paribus.report.notebook import TASKS, place_published
from paribus.report.prose import (
    say_bank,
    say_divergence,
    say_more_seeds,
    say_no_bad_runs,
    say_one_seed,
    say_placements,
    say_protocol,
    say_question,
    say_scope,
    say_splits,
    say_statuses,
    say_training,
    sentence,
)
from paribus.report.prose_pairs import say_comparison, say_mixture
from paribus.report.runs import say_export, tabulate_runs
from paribus.report.scaling import arrange_scaling
from paribus.report.search import arrange_search
from paribus.report.slices import Slice, label_values, noun, slices, varying, words
from paribus.report.summary import arrange_summary, count_statuses
from paribus.report.tabulate import (
    tabulate_configs,
    tabulate_metrics,
    tabulate_slices,
    tabulate_statuses,
    tabulate_task,
)
from paribus.report.tabulate_pairs import tabulate_comparisons
from paribus.report.ties import say_best
from paribus.report.tradeoffs import arrange_tradeoffs
from paribus.report.unvaried import arrange_unvaried
from paribus.report.variance import arrange_variance
from paribus.results import StudyResult
from paribus.status import RunStatus


MAX_SENTENCES = 12


def build_report(result: StudyResult) -> Report:
    """Say what a study found.

    Args:
        result: As read from the store; statuses are told apart here.

    Returns:
        The report as data. Equal results give equal reports: nothing in it depends on
        when it is made.
    """
    return arrange(gather_findings(result))


def arrange(findings: Findings) -> Report:
    """Put findings into sections, in the order of reading."""
    result = findings.result
    sections = (
        arrange_summary(findings),
        *arrange_claims(findings.discussed, findings.listed, best_rates(result)),
        arrange_unvaried(findings),
        _section("protocol", "What was trained", _protocol(result)),
        _section("statuses", "How the runs ended", _statuses(findings)),
        *_answers(findings),
        _section("halving", "What was stopped early", arrange_halving(findings)),
        _section("runs", "Every run", [figure_runs(findings)]),
        _section(
            "curves",
            "Training curves",
            [figure_curves(findings), *tabulate_metrics(findings)],
        ),
        _section("grid", "The grid", arrange_grid(findings)),
        _section("isolation", "Each value at its best", arrange_isolation(findings)),
        _section(
            "failures",
            "Where training fails",
            [*arrange_failures(findings), *tabulate_alarms(findings)],
        ),
        _section("variance", "What the scores vary with", arrange_variance(findings)),
        _section("tradeoffs", "What is gained and paid", arrange_tradeoffs(findings)),
        _section("search", "What trying more finds", arrange_search(findings)),
        _section("scaling", "With the batch size", arrange_scaling(findings)),
        _section("pairs", "Which differences are real", _pairs(findings)),
        _section("one-seed", "What one seed would have told you", _one_seed(findings)),
        _section("all-runs", "All runs, to trace a number", _runs(findings)),
        _section("making", "How it was made", _making(findings)),
    )
    return Report(
        study=result.study.name,
        title=say_question(result),
        lead=_lead(result),
        sections=tuple(section for section in sections if section.blocks),
    )


def _lead(result: StudyResult) -> tuple[str, ...]:
    """What was run, in one line; and that the test split chose, where it did."""
    has_validation = result.data.n_validation or result.study.is_imported
    return (say_protocol(result), *([] if has_validation else [say_splits(result)]))


def _protocol(result: StudyResult) -> list[Block]:
    """What was trained, with what and on what, where the first lines do not say it."""
    said = _lead(result)
    own = [text for text in (say_training(result), say_splits(result)) if text]
    texts = (*(text for text in own if text not in said), *result.data.notes)
    return [Paragraph(text=text) for text in texts]


def _section(anchor: str, heading: str, blocks: Iterable[Block | None]) -> Section:
    kept = tuple(block for block in blocks if block is not None)
    return Section(anchor=anchor, heading=heading, blocks=kept)


def _statuses(findings: Findings) -> list[Block]:
    """Counts first, then what the words mean, then the runs that went wrong."""
    result = findings.result
    counts = count_statuses(findings)
    blocks: list[Block] = [
        Paragraph(text=say_statuses(counts)),
        tabulate_statuses(findings),
    ]
    problems = (*_divergences(findings), *_mixtures(findings))
    if problems:
        blocks.append(Bullets(items=problems))
    n_smallest = min(findings.summaries[index].n_seeds for index in findings.shown)
    if n_smallest and not any(_is_bad(status) for status in counts):
        blocks.append(Paragraph(text=say_no_bad_runs(n_smallest)))
    failures = tuple(result.messages.values())
    if failures:
        shown = "; ".join(dict.fromkeys(failures[:3]))
        blocks.append(Callout(kind="warning", text=f"Failed runs said: {shown}"))
    return blocks


def _is_bad(status: RunStatus) -> bool:
    return status.has_outcome and not status.is_learner


def _divergences(findings: Findings) -> tuple[str, ...]:
    result = findings.result
    sentences = []
    for index, label in findings.listed.items():
        diverged = (result.status[index] == RunStatus.DIVERGED).nonzero()[0]
        if len(diverged):
            steps = result.diverged_at[index, diverged]
            first = int(steps[steps > 0].min()) if (steps > 0).any() else 0
            seeds = [result.seeds[seed] for seed in diverged]
            name = label or "the only config"
            n_runs = int(result.has_outcome()[index].sum())
            sentences.append(say_divergence(name, seeds, n_runs, first))
    return tuple(sentences)


def _mixtures(findings: Findings) -> tuple[str, ...]:
    return tuple(
        say_mixture(label or "the only config", summary, findings.metric)
        for index, label in findings.shown.items()
        for summary in [findings.summaries[index]]
        if summary.metrics[findings.metric].is_bimodal
    )


def _answers(findings: Findings) -> tuple[Section, ...]:
    """The notebook's tasks; for other studies a section for each hyperparameter."""
    if findings.is_notebook:
        return tuple(_task_section(findings, number) for number in range(len(TASKS)))
    compared = {n: _compared(findings, n) for n in varying(findings.result.study)}
    most = {name: _most_shown(findings, parts) for name, parts in compared.items()}
    sections = []
    for name, parts in compared.items():
        # Of a value that was tuned one row is left to a slice: its table would be that
        # of what is compared once more.
        if most[name] and (most[name] > 1 or max(most.values()) < 2):
            blocks = [tabulate_slices(findings, parts), *_sentences(findings, parts)]
            heading = sentence(noun(name))
            sections.append(_section(name.replace("_", "-"), heading, blocks))
    if not sections:
        sections.append(_section("configs", "Configs", [tabulate_configs(findings)]))
    first = sections[0]
    tied = _ties(findings)
    sections[0] = _section(first.anchor, first.heading, [*tied, *first.blocks])
    return tuple(sections)


def _most_shown(findings: Findings, parts: Sequence[Slice]) -> int:
    """The most configs of a slice that a table has a row for."""
    shown = set(findings.shown)
    return max((len(shown.intersection(part.configs)) for part in parts), default=0)


def _compared(findings: Findings, name: str) -> tuple[Slice, ...]:
    """The values of a hyperparameter side by side, each at what was tuned for it."""
    study = findings.result.study
    tuning = study.tuning
    as_they_are = slices(study, varied=name)
    if tuning is None or tuning.compare == "all" or name == tuning.hyperparameter:
        return as_they_are
    choices = choose_tuned(findings.result)
    chosen = {c.best_index for c in choices if c.best_index is not None}
    if not chosen:
        return as_they_are
    tuned = {index for choice in choices for index in choice.members}
    untuned = (part for part in as_they_are if tuned.isdisjoint(part.configs))
    return (*slices(study, varied=name, chosen=chosen), *untuned)


def _task_section(findings: Findings, number: int) -> Section:
    task = TASKS[number]
    study = findings.result.study
    wanted = {findings.result.config_index(config) for config in task.accuracies}
    part = next(
        part
        for part in slices(study, varied=task.varied)
        if wanted <= set(part.configs)
    )
    placements = {
        label_values({task.varied: config[task.varied]}): found
        for config, accuracy in task.accuracies.items()
        for index in [findings.result.config_index(config)]
        for found in [place_published(findings.result, index, accuracy)]
        if found is not None
    }
    return _section(
        f"task-{number + 1}",
        f"{task.title}: {words(task.varied)}",
        [
            *(_ties(findings) if number == 0 else []),
            tabulate_task(findings, part, task),
            Paragraph(text=say_placements(placements)) if placements else None,
            *_sentences(findings, [part]),
        ],
    )


def _ties(findings: Findings) -> list[Block]:
    text = say_best(findings)
    return [Paragraph(text=text)] if text else []


def _sentences(findings: Findings, parts: Iterable[Slice]) -> list[Block]:
    """The comparisons within slices, in words."""
    groups = [set(part.configs) for part in parts]
    items = [
        say_comparison(findings.result.study, comparison)
        for comparison in findings.comparisons
        for pair in [
            {
                findings.result.config_index(comparison.a),
                findings.result.config_index(comparison.b),
            }
        ]
        if any(pair <= group for group in groups)
    ]
    return [Bullets(items=tuple(items[:MAX_SENTENCES]))] if items else []


def _pairs(findings: Findings) -> list[Figure | Table | Paragraph | None]:
    if not findings.comparisons:
        return []
    return [
        figure_differences(findings),
        tabulate_comparisons(findings),
        Paragraph(text=say_scope(findings.result)),
    ]


def _one_seed(findings: Findings) -> list[Block | None]:
    analysis = findings.one_seed
    if analysis is None or findings.n_configs < 2:
        return []
    best = findings.result.config_index(analysis.best)
    labels = [
        findings.shown.get(index, f"config {index + 1}")
        for index in range(len(findings.summaries))
    ]
    return [
        Paragraph(text=say_one_seed(analysis, labels, best)),
        figure_named_best(findings),
        figure_reversals(findings),
        tabulate_flips(findings.verdicts),
        Paragraph(text=say_more_seeds(analysis.flips_by_n_seeds))
        if analysis.named_best[best] < 1
        else None,
        Paragraph(text=say_bank(analysis)),
    ]


def _runs(findings: Findings) -> list[Block]:
    tables = tabulate_runs(findings)
    return [Paragraph(text=say_export(findings.result)), *tables] if tables else []


def _making(findings: Findings) -> list[Block | None]:
    return [tabulate_making(findings.result), tabulate_attempts(findings.result)]
