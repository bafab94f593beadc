"""Two configs, or two values at equal others, paired by seed."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from paribus.analysis.halving import is_pruned
from paribus.analysis.looks import looks_of
from paribus.analysis.records import CONFIDENCE_LEVEL, Comparison
from paribus.analysis.scores import (
    Scores,
    comparable_scores,
    is_accuracy,
    is_bad,
    is_learner,
    is_loss,
    judged,
    n_examples,
)
from paribus.analysis.sides import without_tuned
from paribus.analysis.tuned import best_rates, choose_tuned
from paribus.errors import StudyError
from paribus.hyperparameters import Value
from paribus.results import StudyResult
from paribus.space import Config
from paribus.stats.compare import compare_paired, holm_adjusted
from paribus.stats.families import simultaneous_level
from paribus.stats.intervals import MIN_SEEDS
from paribus.stats.noise import difference_noise_floor
from paribus.stats.one_seed import reversal_share
from paribus.stats.power import seeds_to_decide
from paribus.stats.proportions import compare_shares_paired
from paribus.status import RunStatus


Pairs = tuple[tuple[int, int], ...]


def compare(
    result: StudyResult, a: Mapping[str, Value], b: Mapping[str, Value], *, metric: str
) -> Comparison:
    """Compare two configs, or two values at equal others, paired by seed.

    Every config of side a is paired with the config of side b that is equal in all
    hyperparameters that neither side names. For each seed the differences are averaged
    over these pairs; the seeds are what is compared. Where a value was tuned, configs
    with nothing but the runs that chose it are no sides; unless a side names the value,
    each side stands at the one that was chosen for it: first in a study that compares
    nothing else, otherwise where no config has an equal partner. The word `"tuned"`, as
    in claims, says so for both sides.

    A seed with a run that did not learn is left out of the difference, which is then
    one among learners; runs that ended badly are counted by side: where failures are
    common, compare `share_bad` before it.

    Args:
        result: Statuses as `classify_runs` gives them.
        a: Values that define side a, e.g. `{"learning_rate": 0.001}`. What only one
            side names holds for both: all else equal.
        b: Values that define side b.
        metric: What to compare, e.g. `test_accuracy`. Losses are compared on the log
            scale.

    Returns:
        The comparison; positive means that a is higher.

    Raises:
        UnknownNameError: If a name is no hyperparameter of the space, or the metric
            none of the study.
        StudyError: If no config has the values, both sides are the same, a side has
            only runs that chose a value, or no two configs are equal in all else.
    """
    a, b, is_tuned = without_tuned(result.study.tuning, a, b)
    # A wrong name is the first thing to say.
    has_a, has_b = (_names(result, result.config_indices(side)) for side in (a, b))
    only_a = {n: value for n, value in a.items() if n not in b and n in has_b}
    only_b = {n: value for n, value in b.items() if n not in a and n in has_a}
    side_a, side_b = Config({**a, **only_b}), Config({**b, **only_a})
    if side_a == side_b:
        raise StudyError(f"`a` and `b` must differ, got `{side_a.label()}` for both")
    pairs = _matched_pairs(result, side_a, side_b, is_tuned=is_tuned)
    return _Bank.of(result, metric).compare(pairs, side_a, side_b)


def compare_all(
    result: StudyResult, *, metric: str, configs: tuple[int, ...] | None = None
) -> tuple[Comparison, ...]:
    """Compare every pair of configs, paying for how many comparisons that makes.

    p-values of the metric are Holm-adjusted over the family, and for the k looks that
    the study planned. Intervals are simultaneous: each is at the level 1 - 0.05 / (m k)
    (Bonferroni; `Looks` says how else looks may share), where m counts a difference for
    each pair and a difference of shares for each that has runs that ended badly. So all
    of them together cover with a probability of 95 %, at every look, and a sentence
    about any of them may rest on its interval.

    Args:
        result: Statuses as `classify_runs` gives them.
        metric: What to compare.
        configs: Positions of the configs to compare; None for all. 100 configs make
            4,950 comparisons.

    Returns:
        One comparison for each pair (i, j), i before j, in that order. The family are
        all those that have a p-value.

    Raises:
        UnknownNameError: If the metric is none of the study.
    """
    chosen = range(len(result.configs)) if configs is None else configs
    bank = _Bank.of(result, metric)
    places = list(itertools.combinations(chosen, 2))
    looks = looks_of(result.study)
    level = simultaneous_level(max(len(places) + bank.n_shares(places), 1), looks=looks)
    found = [
        bank.compare(
            ((i, j),), result.configs[i], result.configs[j], confidence_level=level
        )
        for i, j in places
    ]
    p_values = [c.p_value for c in found if c.p_value is not None]
    adjusted = holm_adjusted(np.array(p_values, dtype=np.float64))
    of_pairs = iter(looks.over_all(adjusted).tolist())
    return tuple(
        c if c.p_value is None else replace(c, p_value_holm=next(of_pairs))
        for c in found
    )


def _names(result: StudyResult, indices: Sequence[int]) -> set[str]:
    """The hyperparameters that any of some configs has."""
    return {name for index in indices for name in result.configs[index]}


def _matched_pairs(
    result: StudyResult,
    a: Mapping[str, Value],
    b: Mapping[str, Value],
    *,
    is_tuned: bool = False,
) -> Pairs:
    """Positions of the configs of both sides that are equal in what no side names."""
    side_a, side_b = (_with_comparison_seeds(result, side) for side in (a, b))
    # What only one side can have, as the momentum of one of two optimizers, differs.
    named = {*a, *(name for name in b if name not in _names(result, side_a))}
    tuning = result.study.tuning
    # A held value beside the tuned ones is another question, asked by naming it.
    is_tuned_first = tuning is not None and tuning.compare == "tuned"
    ways = (_at_best, _paired) if is_tuned_first else (_paired, _at_best)
    ways = (_at_best,) if is_tuned else ways
    found = (way(result, side_a, side_b, named) for way in ways)
    pairs = next(filter(None, found), ())
    if not pairs and is_tuned and tuning is not None:
        raise StudyError(
            f"tuning must have chosen `{tuning.hyperparameter}` for "
            f"{Config(a).label()} and for {Config(b).label()}, not on the edge of its "
            "grid",
            hint="`paribus claims` says what it lacks",
        )
    if not pairs:
        raise StudyError(
            f"no config with {Config(a).label()} has a partner with "
            f"{Config(b).label()} that is equal in everything else",
            hint="name the other hyperparameters too, for both sides",
        )
    return pairs


def _at_best(
    result: StudyResult, side_a: Sequence[int], side_b: Sequence[int], named: set[str]
) -> Pairs:
    """Pairs of configs at the values that tuning chose for each.

    None where the value is named, as that is then what is compared, or where it was not
    chosen for every config of one side and its partner, or on the edge of its grid.
    """
    tuning = result.study.tuning
    if tuning is None or tuning.hyperparameter in named:
        return ()
    best = {choice.best_index for choice in choose_tuned(result) if choice.is_settled}
    chosen_a, chosen_b = ([i for i in side if i in best] for side in (side_a, side_b))
    named = named | {tuning.hyperparameter}
    pairs = _paired(result, chosen_a, chosen_b, named)
    # A combination without a choice on one side would be left out in silence.
    n = {len(_others(result, side, named)) for side in (side_a, side_b)}
    return pairs if n == {len(pairs)} else ()


def _others(
    result: StudyResult, side: Sequence[int], named: set[str]
) -> dict[Config, int]:
    """The values of what is not `named` -> the last config of a side that has them."""
    return {result.configs[i].without(*named): i for i in side}


def _why_none(result: StudyResult, indices: Sequence[int]) -> str:
    """Why configs that were tried have no runs to compare."""
    if is_pruned(result)[list(indices)].all():
        return "where it fell behind and was stopped: none to compare"
    return "none to compare"


def _with_comparison_seeds(
    result: StudyResult, side: Mapping[str, Value]
) -> tuple[int, ...]:
    """The configs of a side, without those that have only runs that chose a value."""
    tuning, indices = result.study.tuning, result.config_indices(side)
    if tuning is None:
        return indices
    is_absent = (judged(result).status == RunStatus.ABSENT).all(axis=1)
    if is_absent[list(indices)].all():
        compared = [result.configs[i].label() for i in np.flatnonzero(~is_absent)]
        raise StudyError(
            f"{Config(side).label()} has only runs that chose "
            f"`{tuning.hyperparameter}`, {_why_none(result, indices)}",
            hint=f"compared are: {'; '.join(compared[:6])}" if compared else "",
        )
    return tuple(i for i in indices if not is_absent[i])


def _paired(
    result: StudyResult, side_a: Sequence[int], side_b: Sequence[int], named: set[str]
) -> Pairs:
    """Configs of both sides that are equal in what is not `named`, one with one."""
    of_a, of_b = (_others(result, side, named) for side in (side_a, side_b))
    return tuple((i, of_b[others]) for others, i in of_a.items() if others in of_b)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bank:
    """One metric of a study, from which any pairs of configs are compared."""

    configs: tuple[Config, ...]
    metric: str
    n_examples: int
    scores: Scores
    is_bad: Bool[np.ndarray, "config seed"]
    is_sublinear: Bool[np.ndarray, "config seed"]
    is_learner: Bool[np.ndarray, "config seed"]
    is_unconverged: Bool[np.ndarray, "config seed"]
    rates_to_best: Mapping[int, float]

    @classmethod
    def of(cls, whole: StudyResult, metric: str) -> "_Bank":
        result = judged(whole)
        best = best_rates(whole)
        return cls(
            configs=result.configs,
            metric=metric,
            n_examples=n_examples(result, metric),
            scores=comparable_scores(result, metric),
            is_bad=is_bad(result),
            is_sublinear=np.asarray(result.status == RunStatus.SUBLINEAR),
            is_learner=is_learner(result),
            is_unconverged=np.asarray(result.status == RunStatus.UNCONVERGED),
            rates_to_best={i: rate / chosen for i, (rate, chosen) in best.items()},
        )

    def _rate_to_best(self, side: Sequence[int]) -> float | None:
        ratios = {self.rates_to_best.get(i) for i in side}
        return ratios.pop() if len(ratios) == 1 else None

    def _n_sublinear(
        self, side: Sequence[int], is_finished: Bool[np.ndarray, " seed"]
    ) -> int:
        """On how many seeds a side has bad runs, all of them sublinear."""
        bad = self.is_bad[side][:, is_finished]
        worse = bad & ~self.is_sublinear[side][:, is_finished]
        return int((bad.any(axis=0) & ~worse.any(axis=0)).sum())

    def n_shares(self, places: Sequence[tuple[int, int]]) -> int:
        """How many of these pairs of configs have a run that ended badly."""
        return sum(bool(self.is_bad[[i, j]].any()) for i, j in places)

    def compare(
        self,
        pairs: Pairs,
        a: Mapping[str, Value],
        b: Mapping[str, Value],
        *,
        confidence_level: float = CONFIDENCE_LEVEL,
    ) -> Comparison:
        first, second = map(list, zip(*pairs, strict=True))
        is_finished = np.asarray(self.scores.is_counted[first + second].all(axis=0))
        is_bad_a, is_bad_b = (
            np.asarray(self.is_bad[side][:, is_finished].any(axis=0))
            for side in (first, second)
        )
        all_a = self.scores.values[first].mean(axis=0)[is_finished]
        all_b = self.scores.values[second].mean(axis=0)[is_finished]
        both_learned = self.is_learner[first + second][:, is_finished].all(axis=0)
        mean_a, mean_b = all_a[both_learned], all_b[both_learned]
        used = np.flatnonzero(is_finished)[both_learned]
        by_pair = self.scores.values[first] - self.scores.values[second]
        comparison = Comparison(
            metric=self.metric,
            a=a,
            b=b,
            pairs=tuple((self.configs[i], self.configs[j]) for i, j in pairs),
            difference=float((mean_a - mean_b).mean()) if mean_a.size else None,
            lower=None,
            upper=None,
            confidence_level=confidence_level,
            p_value=None,
            p_value_holm=None,
            n_pairs=len(mean_a),
            n_seeds=len(all_a),
            n_bad=(int(is_bad_a.sum()), int(is_bad_b.sum())),
            noise_floor=self._noise_floor(mean_a, mean_b),
            smallest_p_value=None,
            reversal_share=reversal_share(all_a, all_b)
            if len(all_a) >= MIN_SEEDS
            else None,
            is_log_scale=is_loss(self.metric),
            pair_differences=tuple(by_pair[:, used].mean(axis=1).tolist())
            if used.size
            else (),
            n_higher=int((mean_a > mean_b).sum()),
            n_unconverged=(
                int(self.is_unconverged[first][:, is_finished].sum()),
                int(self.is_unconverged[second][:, is_finished].sum()),
            ),
            rates_to_best=(self._rate_to_best(first), self._rate_to_best(second)),
            n_sublinear=(
                self._n_sublinear(first, is_finished),
                self._n_sublinear(second, is_finished),
            ),
            difference_of_all=float((all_a - all_b).mean()) if all_a.size else None,
        )
        if any(comparison.n_bad):
            comparison = _with_shares(comparison, is_bad_a, is_bad_b)
        if len(mean_a) < MIN_SEEDS:
            return comparison
        return self._with_statistics(comparison, mean_a, mean_b)

    def _noise_floor(
        self, a: Float[np.ndarray, " seed"], b: Float[np.ndarray, " seed"]
    ) -> float | None:
        if not is_accuracy(self.metric) or not a.size or not self.n_examples:
            return None
        error_a, error_b = 1 - float(a.mean()), 1 - float(b.mean())
        return difference_noise_floor(error_a, error_b, self.n_examples)

    def _with_statistics(
        self,
        comparison: Comparison,
        a: Float[np.ndarray, " seed"],
        b: Float[np.ndarray, " seed"],
    ) -> Comparison:
        found = compare_paired(
            a,
            b,
            confidence_level=comparison.confidence_level,
            rng=np.random.default_rng(0),
        )
        # Accuracies cannot differ by more than 1, so the cut loses no coverage.
        most = 1.0 if is_accuracy(self.metric) else np.inf
        found_so_far = replace(
            comparison,
            lower=max(found.lower, -most),
            upper=min(found.upper, most),
            p_value=found.p_value,
            smallest_p_value=found.smallest_p_value,
            effect_size=found.effect_size,
            share_above=found.share_above,
        )
        if not found_so_far.is_undecided:
            return found_so_far
        n = seeds_to_decide(
            found.estimate,
            boundaries=(0.0,),
            spread=float((a - b).std(ddof=1)),
            n_seeds=len(a),
            confidence_level=comparison.confidence_level,
        )
        return replace(found_so_far, seeds_to_decide=n)


def _with_shares(
    comparison: Comparison,
    is_bad_a: Bool[np.ndarray, " seed"],
    is_bad_b: Bool[np.ndarray, " seed"],
) -> Comparison:
    """Compare how often the sides ended badly."""
    found = compare_shares_paired(
        is_bad_a, is_bad_b, confidence_level=comparison.confidence_level
    )
    return replace(
        comparison,
        share_bad_difference=found.estimate,
        share_bad_lower=found.lower,
        share_bad_upper=found.upper,
        share_bad_p_value=found.p_value,
    )
