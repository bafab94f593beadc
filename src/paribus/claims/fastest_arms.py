"""Tuned arms whose learning rates are those that reach the target soonest."""

from dataclasses import replace

from paribus.claims.arms import Arms, choice_among, reworded
from paribus.claims.evidence import Choice, Evidence
from paribus.space import Config


BY_SCORE = (
    "Its learning rate is the one with the best final score for {}: with none did half "
    "the choosing runs reach the target."
)


def at_target(
    evidence: Evidence, arms: Arms, roles: tuple[str, ...]
) -> tuple[Arms, tuple[str, ...]]:
    """Choose the learning rates of tuned arms by time, where the question is how fast.

    Args:
        evidence: The study.
        arms: As the final score chooses them.
        roles: Those that are compared.

    Returns:
        The arms, and a sentence for each role that no choice by time could be made
        for. Arms that nothing was chosen for, and those of a study that sets no
        targets, stay as they are.
    """
    configs, words, choices = dict(arms.configs), dict(arms.words), dict(arms.choices)
    notes: list[str] = []
    for role in roles:
        if (first := arms.choices.get(role)) is None or not evidence.fastest:
            continue
        found = fastest_choice(evidence, first.others)
        if found is None or found.by != "time":
            notes.append(BY_SCORE.format(words[role]))
            continue
        configs[role], choices[role] = found.config, found
        named = words[role].replace("the best learning", "the fastest learning")
        words[role] = reworded(named, first, found)
    arms = replace(arms, configs=configs, words=words, choices=choices)
    return arms, tuple(notes)


def fastest_choice(evidence: Evidence, others: Config) -> Choice | None:
    """The choice by time for some other hyperparameters; None where there is none."""
    found = evidence.fastest.get(others)
    if found is None:
        return None
    return choice_among(evidence.choosing, found, is_independent=True)
