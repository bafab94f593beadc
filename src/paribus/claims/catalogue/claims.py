"""How the claims of the catalogue are made of their atoms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from paribus.claims.records import Verdict
from paribus.claims.rules import across, all_of, any_of


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence and the rule by which its atoms decide it.

    Attributes:
        id: e.g. `L1`.
        group: Which atoms it has: those of the learning rate or of the batch size.
        text: The sentence.
        atoms: Ids of the atoms that make its verdict.
        apart: Ids of those that are listed apart.
        combine: From the verdicts of `atoms`, in order, to its own.
    """

    id: str
    group: Literal["learning rate", "batch size"]
    text: str
    atoms: tuple[str, ...]
    apart: tuple[str, ...] = ()
    combine: Callable[[tuple[Verdict, ...]], Verdict] = all_of


def _large_rate(parts: tuple[Verdict, ...]) -> Verdict:
    overshoots, fails, suboptimal = parts
    return all_of([overshoots, any_of([fails, suboptimal])])


def _small_batch(parts: tuple[Verdict, ...]) -> Verdict:
    *clocks, stuck = parts
    return all_of([across(clocks), stuck])


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="L1",
        group="learning rate",
        text="A small learning rate (0.001) is more stable but slow",
        atoms=("L1a", "L1b"),
        apart=("L1c",),
    ),
    Claim(
        id="L2",
        group="learning rate",
        text="A medium learning rate (0.01) is a balance and often reaches a good "
        "solution",
        atoms=("L2a", "L2b"),
        apart=("L2c",),
    ),
    Claim(
        id="L3",
        group="learning rate",
        text="A large learning rate (0.1) may be faster, but overshoots, fails to "
        "converge or ends suboptimal",
        atoms=("L3b", "L3c", "L3d"),
        apart=("L3a", "L3e"),
        combine=_large_rate,
    ),
    Claim(
        id="B1",
        group="batch size",
        text="A small batch (32) converges faster because it updates more often, but "
        "its noise can get it stuck in local minima",
        atoms=("B1a", "B1b", "B1c", "B1d"),
        combine=_small_batch,
    ),
    Claim(
        id="B2",
        group="batch size",
        text="A medium batch (64) is a good balance with stable convergence",
        atoms=("B2b", "B2c"),
        apart=("B2a",),
    ),
    Claim(
        id="B3-speed",
        group="batch size",
        text="A large batch (128) trains faster because it updates less often",
        atoms=("B3a", "B3b", "B3c"),
        combine=across,
    ),
    Claim(
        id="B3-quality",
        group="batch size",
        text="Very large batches reach sharp minima and generalise worse",
        atoms=("B3d", "B3e"),
        apart=("B3f",),
    ),
)
