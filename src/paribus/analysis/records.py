"""The records that every face shows: console, charts, report and `--json`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from paribus.hyperparameters import Value
from paribus.space import Config
from paribus.stats.contrasts import MIN_CONTRAST_SEEDS
from paribus.status import RunStatus


CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class MetricSummary:
    """One metric of one config over its seeds.

    Attributes:
        metric: e.g. `test_accuracy`.
        values: The final value by seed, in the order of the seeds; None for a run that
            is not finished or has no finite value.
        mean: Mean of `values`, geometric for losses. None without values.
        lower: Lower bound of the interval for `mean`; None with fewer than 2 values.
            Bounds of accuracies are cut at 0 and 1, which loses no coverage.
        upper: Upper bound.
        confidence_level: Nominal coverage of the interval.
        spread: Standard deviation over seeds, on the metric's own scale; None below 2.
        is_bimodal: Whether the runs are a mixture: some ended badly, others learned, so
            that `mean` and `spread` describe neither. Show `described` instead.
        n_learners: Runs that learned and kept it, among those that have a value.
        mean_of_learners: Mean of their values, geometric for losses; None without any.
        lower_of_learners: Lower bound of its interval; None with fewer than 2.
        upper_of_learners: Upper bound.
        ranking_mean: What configs are ranked by: as `mean`, but a diverged run enters
            with what guessing scores, so that no config wins on the seeds that
            survived. None without a run that has a score.
    """

    metric: str
    values: tuple[float | None, ...]
    mean: float | None
    lower: float | None
    upper: float | None
    confidence_level: float
    spread: float | None
    is_bimodal: bool
    n_learners: int = 0
    mean_of_learners: float | None = None
    lower_of_learners: float | None = None
    upper_of_learners: float | None = None
    ranking_mean: float | None = None

    @property
    def has_no_learner(self) -> bool:
        """Whether there are runs with a value, and none of them learned and kept it."""
        return self.mean is not None and not self.n_learners

    @property
    def described(self) -> tuple[float | None, float | None, float | None]:
        """The mean that describes the runs, and its bounds: of a mixture the learners'.

        A mixture needs its share of bad runs beside it: `ConfigSummary.share_bad`.
        """
        if self.is_bimodal:
            learners = (self.lower_of_learners, self.upper_of_learners)
            return self.mean_of_learners, *learners
        return self.mean, self.lower, self.upper


@dataclass(frozen=True, kw_only=True)
class ConfigSummary:
    """One config: what became of its runs, and each metric.

    Attributes:
        config: The hyperparameters.
        n_seeds: Runs with an outcome.
        status: Counts by status; statuses that do not occur are left out.
        metrics: By name: `test_accuracy`, `train_loss`, ...
        n_bad: How many of them ended badly: diverged, collapsed, fell back, or
            sublinear.
        share_bad: `n_bad` over `n_seeds`; None without an outcome.
        share_bad_lower: Lower bound of its exact (Clopper-Pearson) 95 % interval.
        share_bad_upper: Upper bound.
        n_learners: How many of `n_seeds` learned and kept it. The others ended badly,
            or never came clearly above guessing.
        is_tied_with_best: Whether the data allow it to be the best config by the
            study's primary metric, at every planned look with 95 % confidence; None
            with fewer than 5 seeds.
        is_practically_tied: Whether it is shown, with the same confidence, to lose less
            than the smallest effect that matters to the config with the best mean; None
            where nothing can be shown.
        regret_upper: What it loses at most to that config, with the same confidence: a
            difference of accuracies, or of logarithms of losses. None likewise.
        seconds_per_epoch: Solo time of one epoch; None if not timed.
    """

    config: Config
    n_seeds: int
    status: Mapping[RunStatus, int]
    metrics: Mapping[str, MetricSummary]
    is_tied_with_best: bool | None
    seconds_per_epoch: float | None
    n_bad: int = 0
    share_bad: float | None = None
    share_bad_lower: float | None = None
    share_bad_upper: float | None = None
    n_learners: int = 0
    is_practically_tied: bool | None = None
    regret_upper: float | None = None

    @property
    def is_mixed(self) -> bool:
        """Whether some runs ended badly and too few learned to be compared alone."""
        return bool(self.n_bad) and self.n_learners < MIN_CONTRAST_SEEDS


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Config a against config b (or two values of a hyperparameter), paired by seed.

    The metric is compared only among the seeds where both sides learned: a mean over a
    mixture of learners and others describes neither. Where runs of a side ended badly,
    the shares of such seeds are compared first.

    Attributes:
        metric: e.g. `test_accuracy`.
        a: The values that define side a. What only the other side named is held at the
            same value here.
        b: The values that define side b, likewise.
        pairs: The pairs of configs that were compared: equal but for what a and b name.
        difference: Mean over the pairs of score(a) - score(b); None without pairs. The
            score of a loss is its natural logarithm.
        lower: Lower bound of its interval; None with fewer than 2 pairs.
        upper: Upper bound.
        confidence_level: Nominal coverage; in a family above 95 %, so that all of its
            intervals together cover with 95 %.
        p_value: Two-sided exact sign-flip test of no difference; None below 2 pairs.
        p_value_holm: The same, Holm-adjusted over the family and the planned looks;
            None outside a family.
        n_pairs: Seeds that both sides finished and on which both learned.
        n_seeds: Seeds that both sides finished, whatever became of their runs.
        n_bad: On how many of these seeds a run of side a ended badly, and of side b.
        share_bad_difference: Share of bad seeds of side a minus that of side b; None
            where no side has any.
        share_bad_lower: Lower bound of its interval (Newcombe's).
        share_bad_upper: Upper bound.
        share_bad_p_value: Exact McNemar test of no difference.
        noise_floor: Sampling error of a difference between two models that comes from
            the finite evaluation split alone: a standard deviation, as a fraction. None
            for a loss.
        smallest_p_value: The smallest p-value that this number of pairs can give.
        reversal_share: Share of one-seed studies that would have seen the opposite
            order to that of the means over all of `n_seeds`, runs that did not learn
            included, a diverged one with the score of guessing. The order of these
            means may not be that of `difference`. None below 2 seeds.
        effect_size: Hedges' g_av: `difference` in standard deviations of one run. None
            below 2 pairs, or if neither side varies.
        share_above: Probability that a run of side a scores above one of side b.
        seeds_to_decide: Where the interval holds 0: with about so many seeds it would
            not, if the true difference is near this one. None where it does not hold
            0, or if 1,000 are not enough.
        is_log_scale: Whether `difference` is one of logarithms, as for losses: its
            exponential is a ratio of geometric means.
        pair_differences: The difference of each of `pairs` alone, over the same seeds.
        n_higher: On how many of the `n_pairs` seeds side a is higher.
        n_unconverged: How many runs of side a, and of side b, were still improving at
            the end, of `n_seeds` for each pair.
        rates_to_best: The learning rate of side a, and of side b, over the best one
            that tuning found for its other hyperparameters; None where none was found,
            and where the pairs of a side differ in it.
        n_sublinear: On how many of the seeds of `n_bad` all such runs of side a, and of
            side b, are sublinear: bad by their training loss alone.
        difference_of_all: As `difference`, over all of `n_seeds`, runs that did not
            learn included; None without such a seed.
    """

    metric: str
    a: Mapping[str, Value]
    b: Mapping[str, Value]
    pairs: tuple[tuple[Config, Config], ...]
    difference: float | None
    lower: float | None
    upper: float | None
    confidence_level: float
    p_value: float | None
    p_value_holm: float | None
    n_pairs: int
    n_seeds: int
    n_bad: tuple[int, int]
    noise_floor: float | None
    smallest_p_value: float | None
    reversal_share: float | None
    effect_size: float | None = None
    share_above: float | None = None
    seeds_to_decide: int | None = None
    share_bad_difference: float | None = None
    share_bad_lower: float | None = None
    share_bad_upper: float | None = None
    share_bad_p_value: float | None = None
    is_log_scale: bool = False
    pair_differences: tuple[float, ...] = ()
    n_higher: int = 0
    n_unconverged: tuple[int, int] = (0, 0)
    rates_to_best: tuple[float | None, float | None] = (None, None)
    n_sublinear: tuple[int, int] = (0, 0)
    difference_of_all: float | None = None

    @property
    def is_undecided(self) -> bool:
        """Whether there is an interval, and it holds 0."""
        if self.lower is None or self.upper is None:
            return False
        return self.lower <= 0 <= self.upper

    @property
    def is_among_learners(self) -> bool:
        """Whether seeds were left out of `difference` because a side did not learn."""
        return self.n_pairs < self.n_seeds

    @property
    def share_bad(self) -> tuple[float, float] | None:
        """Share of the seeds that ended badly, of side a and of side b."""
        if not self.n_seeds:
            return None
        return self.n_bad[0] / self.n_seeds, self.n_bad[1] / self.n_seeds

    @property
    def ratio(self) -> tuple[float, float, float] | None:
        """Ratio of geometric means a / b and its bounds; None on the raw scale."""
        if not self.is_log_scale or self.difference is None:
            return None
        lower = math.nan if self.lower is None else math.exp(self.lower)
        upper = math.nan if self.upper is None else math.exp(self.upper)
        return math.exp(self.difference), lower, upper


@dataclass(frozen=True, kw_only=True)
class OneSeedAnalysis:
    """What studies with one seed per config would have concluded.

    Attributes:
        metric: The metric configs are ranked by.
        n_seeds: Seeds in the bank that one-seed studies are drawn from.
        best: The config with the best mean over all seeds.
        named_best: For each config, in order, the probability that a one-seed study
            names it the best. 0 for a config without a finished run.
        outside_tied: Probability that the named best is not tied with the best.
        expected_regret: Mean score lost by training the named best instead of `best`;
            for a loss in natural logarithms.
        reversals: For each pair of configs (i, j), i < j, that have finished runs: the
            share of one-seed studies that see the order of the full study reversed.
        flips_by_n_seeds: Number of seeds averaged, at most `n_seeds` -> probability of
            naming another best.
        bank_is_small: Whether the bank has fewer than 20 seeds, so that tails are
            underestimated.
    """

    metric: str
    n_seeds: int
    best: Config
    named_best: tuple[float, ...]
    outside_tied: float
    expected_regret: float
    reversals: Mapping[tuple[int, int], float]
    flips_by_n_seeds: Mapping[int, float]
    bank_is_small: bool
