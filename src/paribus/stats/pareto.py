"""Which configs are undominated, and how surely?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from paribus.errors import TooFewSeedsError
from paribus.stats.intervals import MIN_SEEDS


N_RESAMPLES = 1999

Direction = Literal["minimize", "maximize"]
BalanceVerdict = Literal["supported", "refuted", "undecided"]


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Whether a config is a balance: beaten by no rival on everything.

    Attributes:
        verdict: Of the config asked about.
        others: Of each rival, asked the same.
    """

    verdict: BalanceVerdict
    others: tuple[BalanceVerdict, ...]

    @property
    def is_uninformative(self) -> bool:
        """Whether all are supported: then it is true, and says nothing about one."""
        return {self.verdict, *self.others} == {"supported"}


def pareto_front(
    objectives: Float[np.ndarray, "config objective"], directions: Sequence[Direction]
) -> Bool[np.ndarray, " config"]:
    """Find the configs that no other config dominates.

    One config dominates another if it is at least as good on every objective and better
    on one. Equal configs do not dominate each other.

    Args:
        objectives: One number per config and objective; infinity for a time that never
            came, NaN where there is nothing.
        directions: For each objective, whether less or more is better.

    Returns:
        Whether each config is on the front. A config with a NaN is not, and dominates
        nothing.

    Example:
        >>> accuracy_and_time = np.array([[0.97, 60.0], [0.96, 30.0], [0.95, 40.0]])
        >>> pareto_front(accuracy_and_time, ["maximize", "minimize"])
        array([ True,  True, False])
    """
    costs = _as_costs(objectives, directions)
    return _undominated(costs[None])[0]


def front_probabilities(
    scores: Float[np.ndarray, "config seed objective"],
    directions: Sequence[Direction],
    *,
    n_resamples: int = N_RESAMPLES,
    rng: np.random.Generator,
) -> Float[np.ndarray, " config"]:
    """Say how often each config would be on the front if the study were repeated.

    Seeds are resampled together for all configs and objectives, as they were trained,
    and the front is taken of the means.

    Args:
        scores: One number per run and objective, in the unit in which means are to be
            compared (logarithms for times); NaN where a run has none.
        directions: For each objective, whether less or more is better.
        n_resamples: Resamples of the seeds.
        rng: Source of the resampling.

    Returns:
        A share of resamples for each config. They do not sum to 1: fronts have several
        configs. A resample in which a config has no run counts as not on the front.

    Raises:
        TooFewSeedsError: If there are fewer than 2 seeds.

    Assumes:
        Seeds are independent. It describes how the front of the means varies, which is
        too settled with few seeds: below about 20 read it as an order, not as a
        probability. A config that is nearly dominated is on the true front or not, and
        its share stays near a half however many seeds there are.
    """
    n = scores.shape[1]
    if n < MIN_SEEDS:
        raise TooFewSeedsError(
            f"the probability of a front needs {MIN_SEEDS} seeds, got {n}",
            hint="train more seeds",
        )
    costs = _as_costs(scores, directions)
    is_there = ~np.isnan(costs)
    known = np.where(is_there, costs, 0.0)
    picks = rng.integers(n, size=(n_resamples, n))
    counts = (picks[:, :, None] == np.arange(n)).sum(axis=1).astype(float)
    sums = np.einsum("rs,cso->rco", counts, known)
    n_runs = np.einsum("rs,cso->rco", counts, is_there.astype(float))
    nothing = np.full(sums.shape, np.nan)
    means = np.divide(sums, n_runs, out=nothing, where=n_runs > 0)
    # Equal scores have equal means, in whichever order they were added.
    return np.asarray(_undominated(_rounded(means)).mean(axis=0))


def judge_balance(
    lower: Float[np.ndarray, "rival measure"],
    upper: Float[np.ndarray, "rival measure"],
    smallest_effects: Float[np.ndarray, " measure"],
) -> BalanceVerdict:
    """Judge "a good balance": is the config better than each rival on something?

    Args:
        lower: Lower bounds of the config's advantage over each rival, oriented so that
            above 0 the config is better, on the scale of the smallest effect. NaN where
            a measure could not be compared.
        upper: Upper bounds.
        smallest_effects: The smallest advantage that matters, for each measure.

    Returns:
        Supported if against each rival the config is better by more than the smallest
        effect on at least one measure; refuted if some rival is as good within the
        smallest effect on every measure and better by more than it on one; undecided
        otherwise.

    Assumes:
        Intervals at level 1 - .05 / (m q) for q measures and a family of m contrasts:
        against one rival there are q chances to be better. Rivals need no correction
        for `supported`, as all of them must fall. Each alone can refute it, so there
        `refuted` holds its rate only at 1 - .05 / (m q r) for r rivals.
    """
    is_better = (lower > smallest_effects).any(axis=1)
    if is_better.all():
        return "supported"
    is_matched = (upper < smallest_effects).all(axis=1)
    is_beaten = (upper < -smallest_effects).any(axis=1)
    return "refuted" if (is_matched & is_beaten).any() else "undecided"


def compare_balances(
    lower: Float[np.ndarray, "config config measure"],
    upper: Float[np.ndarray, "config config measure"],
    smallest_effects: Float[np.ndarray, " measure"],
    config: int,
) -> Balance:
    """Judge "a good balance" for one config, and whether the others are one, too.

    Args:
        lower: Lower bounds of the first's advantage over the second, as in
            `judge_balance`; what stands on the diagonal is not read.
        upper: Upper bounds.
        smallest_effects: The smallest advantage that matters, for each measure.
        config: Which one the claim is about.

    Returns:
        Its verdict, and those of the others in order.
    """

    def judge(i: int) -> BalanceVerdict:
        is_rival = np.arange(len(lower)) != i
        return judge_balance(lower[i, is_rival], upper[i, is_rival], smallest_effects)

    rivals = (i for i in range(len(lower)) if i != config)
    others: tuple[BalanceVerdict, ...] = tuple(judge(i) for i in rivals)
    return Balance(verdict=judge(config), others=others)


def _as_costs(
    objectives: Float[np.ndarray, "*axes objective"], directions: Sequence[Direction]
) -> Float[np.ndarray, "*axes objective"]:
    """The same with less being better everywhere."""
    assert len(directions) == objectives.shape[-1], "one direction per objective"
    signs = [1.0 if direction == "minimize" else -1.0 for direction in directions]
    return objectives * np.array(signs)


def _undominated(
    costs: Float[np.ndarray, "resample config objective"],
) -> Bool[np.ndarray, "resample config"]:
    """Find one config of each front after another, and drop what it dominates.

    Whatever dominates a config comes before it by the first objective that differs, so
    the first that is left is on the front. Fronts are short, however many configs.
    """
    is_left = np.asarray(~np.isnan(costs).any(axis=-1))
    is_on_front = np.zeros(is_left.shape, dtype=bool)
    by_objective = np.moveaxis(costs, -1, 0)[::-1]  # the last key sorts first
    rank = np.lexsort(tuple(by_objective), axis=-1).argsort(axis=-1)
    while len(rows := np.flatnonzero(is_left.any(axis=1))):
        first = np.where(is_left[rows], rank[rows], is_left.shape[1]).argmin(axis=1)
        others, own = costs[rows], costs[rows, first][:, None]
        is_dominated = (others >= own).all(axis=-1) & (others > own).any(axis=-1)
        is_on_front[rows, first] = True
        is_left[rows] &= ~is_dominated
        is_left[rows, first] = False
    return is_on_front


def _rounded(
    means: Float[np.ndarray, "*axes objective"],
) -> Float[np.ndarray, "*axes objective"]:
    """To 12 digits of the largest finite value of each objective."""
    sizes = np.abs(np.where(np.isfinite(means), means, 0.0))
    step = 1e-12 * sizes.max(axis=tuple(range(means.ndim - 1)), initial=0.0)
    step = np.where(step > 0, step, 1.0)
    return np.round(means / step) * step
