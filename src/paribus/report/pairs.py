"""Two configs in words: the higher first, and what tells them apart."""

from collections.abc import Mapping
from dataclasses import replace

from paribus.analysis import Comparison
from paribus.hyperparameters import Value
from paribus.report.slices import label_values, varying, words
from paribus.space import value_words
from paribus.study import Study


def higher_first(c: Comparison) -> Comparison:
    """The same comparison with the higher side as `a`.

    Without a difference, the side with fewer seeds that ended badly is `a`.
    """
    is_so = c.n_bad[0] <= c.n_bad[1] if c.difference is None else c.difference >= 0
    if is_so:
        return c
    return replace(
        c,
        a=c.b,
        b=c.a,
        pairs=tuple((second, first) for first, second in c.pairs),
        difference=_negative(c.difference),
        lower=_negative(c.upper),
        upper=_negative(c.lower),
        n_bad=(c.n_bad[1], c.n_bad[0]),
        n_unconverged=(c.n_unconverged[1], c.n_unconverged[0]),
        rates_to_best=(c.rates_to_best[1], c.rates_to_best[0]),
        n_sublinear=(c.n_sublinear[1], c.n_sublinear[0]),
        difference_of_all=_negative(c.difference_of_all),
        effect_size=_negative(c.effect_size),
        share_bad_difference=_negative(c.share_bad_difference),
        share_bad_lower=_negative(c.share_bad_upper),
        share_bad_upper=_negative(c.share_bad_lower),
        share_above=None if c.share_above is None else 1 - c.share_above,
    )


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def differing(a: Mapping[str, Value], b: Mapping[str, Value]) -> list[str]:
    """The hyperparameters in which two configs differ."""
    return [name for name in {**a, **b} if a.get(name) != b.get(name)]


def shared_values(
    study: Study, a: Mapping[str, Value], b: Mapping[str, Value]
) -> dict[str, Value]:
    """What two configs have in common and others of the study have not."""
    apart = differing(a, b)
    return {n: a[n] for n in varying(study) if n in a and n not in apart}


def pair_label(study: Study, a: Mapping[str, Value], b: Mapping[str, Value]) -> str:
    """Name a pair shortly: `"learning rate 0.001 over 0.01, batch size 32"`.

    An optimizer and a schedule name themselves: `"SGD over Adam"`.
    """
    parts = []
    for name in differing(a, b):
        high, low = (value_words(name, side.get(name)) for side in (a, b))
        before = "" if name in ("optimizer", "schedule") else f"{words(name)} "
        after = " schedule" if name == "schedule" else ""
        parts.append(f"{before}{high} over {low}{after}")
    shared = label_values(shared_values(study, a, b))
    return ", ".join([*parts, shared] if shared else parts)
