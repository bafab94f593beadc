"""What a study made in Python declares: how it tunes, and what it claims."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Literal

from paribus.api import arguments as check
from paribus.declared import DeclaredClaim, Relation
from paribus.errors import unknown_name
from paribus.halving import Halving
from paribus.hyperparameters import Value
from paribus.tuning import Tuning, count_tuning_seeds


def tune(
    hyperparameter: str = "learning_rate",
    *,
    seeds: int,
    target_seeds: int = 0,
    held: Sequence[float] = (),
    compare: Literal["tuned", "all"] = "tuned",
    where: Mapping[str, Value] | None = None,
    refine: bool = False,
    halving: Mapping[str, int] | bool = False,
) -> Tuning:
    """Say how the best value of a hyperparameter is found before configs are compared.

    Args:
        hyperparameter: What is tuned.
        seeds: How many seeds choose, none of them a seed of the study.
        target_seeds: How many seeds the best config gets in all: they set the targets
            that time to target is measured by. With 5 or more, the value that gets
            there soonest is compared beside the best one.
        held: Values that are compared beside the chosen one.
        compare: `"tuned"` compares the chosen and the held values, `"all"` every value.
        where: What a config must have to be tuned, e.g. `{"schedule": "constant"}`;
            others are compared beside them and never chosen.
        refine: Whether half and twice the best value are tried too.
        halving: Whether values that fall behind are stopped early, by successive
            halving; or how, e.g. `{"factor": 3, "min_epochs": 1}`.

    Raises:
        StudyError: If a value is of the wrong kind or out of range.
    """
    check.check_text("hyperparameter", hyperparameter)
    check.check_integer("seeds", seeds, at_least=1)
    check.check_integer("target_seeds", target_seeds)
    check.check_numbers("held", held, "[0.01]")
    check.check_switch("refine", refine)
    if where is not None:
        check.check_dict("where", where, '{"schedule": "constant"}')
    return Tuning(
        hyperparameter=hyperparameter,
        seeds=count_tuning_seeds(max(seeds, target_seeds)),
        n_choosing=seeds,
        held=tuple(map(float, held)),
        compare=compare,
        where=dict(where or {}),
        refine=refine,
        halving=_halving(halving),
    )


def _halving(asked: Mapping[str, int] | bool) -> Halving | None:
    if isinstance(asked, bool):
        return Halving() if asked else None
    check.check_dict("halving", asked, '{"factor": 3, "min_epochs": 1}')
    known = {field.name for field in fields(Halving)}
    for name in asked:
        if name not in known:
            raise unknown_name("setting of `halving`", name, sorted(known))
    return Halving(**asked)


def claim(
    text: str,
    *,
    measure: str,
    a: Mapping[str, Value],
    b: Mapping[str, Value],
    relation: Relation,
    smallest_effect: float | None = None,
) -> DeclaredClaim:
    """Claim something, before the study runs.

    Args:
        text: The sentence.
        measure: What is compared, e.g. `"test_accuracy"` or `"epochs_to_target"`.
        a: Values of one side, e.g. `{"learning_rate": 0.01}`, or `"tuned"`.
        b: Values of the other.
        relation: Whether a is `"greater"`, `"less"`, `"at_least"` or `"equivalent"`.
        smallest_effect: The smallest difference that would matter; a factor for losses,
            times and other ratios. The measure's default if not said.

    Raises:
        StudyError: If a part is of the wrong kind or out of range.
    """
    check.check_text("text", text)
    check.check_text("measure", measure)
    check.check_text("relation", relation)
    for side, values in (("a", a), ("b", b)):
        check.check_dict(side, values, '{"learning_rate": 0.01}')
    if smallest_effect is not None:
        check.check_number("smallest_effect", smallest_effect)
    return DeclaredClaim(
        text=text,
        measure=measure,
        a=dict(a),
        b=dict(b),
        relation=relation,
        smallest_effect=smallest_effect,
    )
