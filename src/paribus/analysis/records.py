"""The records that every face shows: console, charts, report and `--json`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from paribus.space import Config, Value
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
        is_bimodal: Whether runs with a bad status and learners are mixed, so that a
            mean does not describe them.
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
    ranking_mean: float | None = None


@dataclass(frozen=True, kw_only=True)
class ConfigSummary:
    """One config: what became of its runs, and each metric.

    Attributes:
        config: The hyperparameters.
        n_seeds: Runs with an outcome.
        status: Counts by status; statuses that do not occur are left out.
        metrics: By name: `test_accuracy`, `train_loss`, ...
        is_tied_with_best: Whether the data allow it to be the best config by the
            study's primary metric; None with fewer than 5 seeds.
        seconds_per_epoch: Solo time of one epoch; None if not timed.
    """

    config: Config
    n_seeds: int
    status: Mapping[RunStatus, int]
    metrics: Mapping[str, MetricSummary]
    is_tied_with_best: bool | None
    seconds_per_epoch: float | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Config a against config b (or two values of a hyperparameter), paired by seed.

    Attributes:
        metric: e.g. `test_accuracy`.
        a: The values that define side a. What only the other side named is held at the
            same value here.
        b: The values that define side b, likewise.
        pairs: The pairs of configs that were compared: equal but for what a and b name.
        difference: Mean over seeds of score(a) - score(b); None without pairs. The
            score of a loss is its natural logarithm, that of a diverged run what
            guessing would give.
        lower: Lower bound of its interval; None with fewer than 2 pairs.
        upper: Upper bound.
        confidence_level: Nominal coverage; in a family above 95 %, so that all of its
            intervals together cover with 95 %.
        p_value: Two-sided exact sign-flip test of no difference; None below 2 pairs.
        p_value_holm: The same, Holm-adjusted over the family; None outside a family.
        n_pairs: Seeds that both sides finished.
        n_bad: Seeds with a bad status on side a and on side b.
        noise_floor: Sampling error of a difference between two models that comes from
            the finite evaluation split alone: a standard deviation, as a fraction. None
            for a loss.
        smallest_p_value: The smallest p-value that this number of pairs can give.
        reversal_share: Share of one-seed studies that would have seen the opposite
            sign; None below 2 pairs.
        effect_size: Hedges' g_av: `difference` in standard deviations of one run. None
            below 2 pairs, or if neither side varies.
        share_above: Probability that a run of side a scores above one of side b.
        is_log_scale: Whether `difference` is one of logarithms, as for losses: its
            exponential is a ratio of geometric means.
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
    n_bad: tuple[int, int]
    noise_floor: float | None
    smallest_p_value: float | None
    reversal_share: float | None
    effect_size: float | None = None
    share_above: float | None = None
    is_log_scale: bool = False

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
