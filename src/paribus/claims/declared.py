"""The study's own claims: what was declared, judged like the catalogue's."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from paribus.analysis.measure_facts import TIMES, is_curve
from paribus.analysis.tuned import numbers
from paribus.claims.answering import ask
from paribus.claims.arms import choose
from paribus.claims.evidence import Choice, Evidence, Question, is_same_value
from paribus.claims.fastest_arms import fastest_choice
from paribus.claims.pruning import held_option, say_stopped
from paribus.claims.records import AtomVerdict, ClaimVerdict, Verdict
from paribus.claims.rules import Relation
from paribus.declared import DeclaredClaim
from paribus.errors import ParibusError, StudyError
from paribus.hyperparameters import Value
from paribus.space import Config
from paribus.status import RunStatus
from paribus.study import Study


# The word for "the value that tuning chose".
TUNED = "tuned"

Side = tuple[tuple[int, ...], tuple[Choice, ...]]


def claims_digest(study: Study) -> str:
    """Fingerprint of the claims that were declared before the first run.

    Returns:
        SHA-256 in hexadecimal of their canonical JSON; of an empty list too. Where
        seeds are added until they are decided, the plan of that is hashed with them.
    """
    written: Any = [claim.to_dict() for claim in study.claims if not claim.is_late]
    if study.planned_seeds:
        plan = {"seeds": study.planned_seeds, "looks": study.looks}
        written = {"claims": written, "stop_when_decided": plan}
    text = json.dumps(written, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def declared_contrasts(claims: Sequence[DeclaredClaim]) -> list[str]:
    """The confirmatory contrast of each claim; empty for one that came too late."""
    return ["" if claim.is_late else _contrast(claim) for claim in claims]


def _contrast(claim: DeclaredClaim) -> str:
    """Two claims about one comparison, from its two ends too, share a contrast."""
    sides = sorted(
        json.dumps(dict(side), sort_keys=True, allow_nan=False)
        for side in (claim.a, claim.b)
    )
    return f"{claim.measure}: {' and '.join(sides)}"


def judge_declared(evidence: Evidence) -> tuple[ClaimVerdict, ...]:
    """Judge each claim of the study's own: `U1`, `U2`, ..., one atom each."""
    digest = claims_digest(evidence.whole.study)
    return tuple(
        replace(_judged(evidence, f"U{number}", claim), digest=digest)
        for number, claim in enumerate(evidence.whole.study.claims, start=1)
    )


def _judged(evidence: Evidence, name: str, claim: DeclaredClaim) -> ClaimVerdict:
    try:
        atom = ask(evidence, _question(evidence, claim))
    except ParibusError as error:
        atom = AtomVerdict(
            id="",
            text="",
            verdict=Verdict.UNTESTED,
            measure=claim.measure,
            reason=str(error),
            remedy=error.hint,
        )
    atom = replace(atom, id=name, text=claim.text, is_primary=not claim.is_late)
    return ClaimVerdict(
        id=name,
        group="yours",
        text=claim.text,
        verdict=atom.verdict,
        atoms=(atom,),
        is_late=claim.is_late,
    )


def _question(evidence: Evidence, claim: DeclaredClaim) -> Question:
    only_a = {name: value for name, value in claim.a.items() if name not in claim.b}
    only_b = {name: value for name, value in claim.b.items() if name not in claim.a}
    a, b = {**claim.a, **only_b}, {**claim.b, **only_a}
    is_time = claim.measure in TIMES
    by_others_a, by_others_b = (
        _configs(evidence, values, is_time=is_time) for values in (a, b)
    )
    shared = [others for others in by_others_a if others in by_others_b]
    if not shared:
        raise StudyError(
            f"no config with {Config(a).label()} has a partner with "
            f"{Config(b).label()} that is equal in everything else",
            hint="name values that the study has",
        )
    is_there = (evidence.judged.status != RunStatus.ABSENT).any(axis=1)
    pairs = {o: (by_others_a[o], by_others_b[o]) for o in shared}
    compared = [o for o in shared if all(is_there[config] for config, _ in pairs[o])]
    # Of a value that was chosen the guards say why no run compares it.
    shared = compared or [
        o
        for o in shared
        if all(is_there[config] or choice for config, choice in pairs[o])
    ]
    if not shared:
        lacking = {
            config
            for pair in pairs.values()
            for config, _ in pair
            if not is_there[config]
        }
        stopped = say_stopped(evidence.whole, sorted(lacking))
        raise StudyError(
            "the study has only the runs that chose a value where "
            f"{Config(a).label()} and {Config(b).label()} have equal others"
            + (f"; {stopped}" if stopped else ""),
            hint=_held(evidence, lacking)
            if stopped
            else _say_tuned_sides(evidence.whole.study),
        )
    sides = [
        [found[others] for others in shared] for found in (by_others_a, by_others_b)
    ]
    words = [Config(claim.a).label(), Config(claim.b).label()]
    if claim.relation == "less":
        sides.reverse()
        words.reverse()
    higher, lower = (tuple(config for config, _ in side) for side in sides)
    choices = tuple(
        choice for side in sides for _, choice in side if choice is not None
    )
    tuned = [TUNED in side.values() for side in (claim.a, claim.b)]
    return Question(
        measure=claim.measure,
        higher=higher,
        lower=lower,
        sides=(words[0], words[1]),
        relation=_RELATIONS[claim.relation],
        smallest_effect=claim.smallest_effect,
        budget="target" if is_time else "epochs",
        clock=claim.measure.partition("_")[0] if is_time else "",
        mode="tuned" if any(tuned) else "",
        choices=choices,
        is_against_best=any(tuned) and not all(tuned),
        judges_final_quality=is_curve(claim.measure),
        generalises=claim.measure == "test_accuracy",
        rung=-1,
    )


def _held(evidence: Evidence, configs: Collection[int]) -> str:
    """The option that compares configs that have only runs that chose."""
    study = evidence.whole.study
    assert study.tuning is not None
    values = [evidence.judged.configs[i][study.tuning.hyperparameter] for i in configs]
    return held_option(study, numbers(values))


def _say_tuned_sides(study: Study) -> str:
    if study.tuning is None:
        return ""
    return f'write {study.tuning.hyperparameter} = "{TUNED}" in both `a` and `b`'


_RELATIONS: Mapping[str, Relation] = {
    "greater": "greater",
    "less": "greater",
    "at_least": "at_least",
    "equivalent": "equivalent",
}


def _configs(
    evidence: Evidence, values: Mapping[str, Value], *, is_time: bool
) -> dict[Config, tuple[int, Choice | None]]:
    """The configs of a side, by the hyperparameters that neither side names."""
    named = {name: value for name, value in values.items() if value != TUNED}
    groups: dict[Config, tuple[int, ...]] = {}
    for i, config in enumerate(evidence.judged.configs):
        if all(is_same_value(config.get(n), v) for n, v in named.items()):
            others = config.without(*values)
            groups[others] = (*groups.get(others, ()), i)
    if TUNED not in values.values():
        return {others: (members[0], None) for others, members in groups.items()}
    chosen = {
        others: _chosen(evidence, Config({**others, **named}), members, is_time=is_time)
        for others, members in groups.items()
    }
    return {o: (c.config, c) for o, c in chosen.items() if c is not None}


def _chosen(
    evidence: Evidence, others: Config, members: tuple[int, ...], *, is_time: bool
) -> Choice | None:
    """What was chosen for some other hyperparameters, by time where that is asked."""
    if is_time and (fastest := fastest_choice(evidence, others)) is not None:
        return fastest
    return choose(evidence, others, members)
