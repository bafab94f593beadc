"""The JSON objects of `--json`: stable, one naming with columns and study files.

`schema` counts up when a key is removed or changes its meaning; new keys may come.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from paribus.analysis import CONFIDENCE_LEVEL, Comparison, ConfigSummary, MetricSummary
from paribus.analysis.rate_grid import ProposedGrid, propose_grids
from paribus.hyperparameters import plain_values
from paribus.results import StudyResult
from paribus.results.forecast import Forecast
from paribus.results.rate_sweep import RateSweep


SCHEMA = 1


def study_record(
    result: StudyResult, summaries: Sequence[ConfigSummary]
) -> dict[str, Any]:
    """What `show --json` and `run --json` print."""
    return {
        "schema": SCHEMA,
        "study": result.study.name,
        "protocol": _protocol(result),
        "configs": [_config_record(summary) for summary in summaries],
    }


def forecast_record(forecast: Forecast, folder: Path) -> dict[str, Any]:
    """What `run --dry-run --json` prints; times and memory are rough."""
    study = forecast.study
    return {
        "schema": SCHEMA,
        "study": study.name,
        "folder": str(folder),
        "seeds": list(study.seeds),
        "tuning_seeds": list(study.tuning.seeds) if study.tuning else [],
        "fixed": study.fixed_settings(),
        "configs": [plain_values(config) for config in study.configs()],
        "n_runs": forecast.n_runs,
        "n_to_train": forecast.n_to_train,
        "is_open": forecast.is_open,
        "n_most": forecast.n_most,
        "halving": asdict(forecast.halving) if forecast.halving else None,
        "programs": [asdict(group) for group in forecast.groups],
        "seconds": forecast.seconds,
        "memory_bytes": forecast.memory_bytes,
        "mapped_bytes": forecast.mapped_bytes,
        "device": forecast.device,
    }


def sweep_record(sweep: RateSweep) -> dict[str, Any]:
    """What `range --json` prints; a loss is null from where its run has diverged."""
    return {
        "schema": SCHEMA,
        "study": sweep.study.name,
        "seeds": list(sweep.seeds),
        "n_steps": sweep.n_steps,
        "learning_rates": sweep.rates.tolist(),
        "curves": [
            {
                "config": plain_values(curves.others),
                "losses": [
                    [None if math.isnan(loss) else loss for loss in of_seed]
                    for of_seed in curves.losses.T.tolist()
                ],
            }
            for curves in sweep.curves
        ],
        "grids": [_grid_record(grid) for grid in propose_grids(sweep)],
    }


def _grid_record(grid: ProposedGrid) -> dict[str, Any]:
    is_proposed = bool(grid.toml)
    return {
        "optimizer": grid.optimizer,
        "lower": grid.lower if is_proposed else None,
        "upper": grid.upper if is_proposed else None,
        "n": grid.n,
        "is_open": grid.is_open,
        "toml": grid.toml,
        "ranges": [
            {"config": plain_values(config), **(found._asdict() if found else {})}
            for config, found in grid.ranges
        ],
    }


def comparison_record(study: str, comparison: Comparison) -> dict[str, Any]:
    """What `compare --json` prints."""
    return {
        "schema": SCHEMA,
        "study": study,
        "metric": comparison.metric,
        "a": plain_values(comparison.a),
        "b": plain_values(comparison.b),
        "pairs": [
            {"a": plain_values(a), "b": plain_values(b)} for a, b in comparison.pairs
        ],
        "difference": comparison.difference,
        "lower": comparison.lower,
        "upper": comparison.upper,
        "confidence_level": comparison.confidence_level,
        "p_value": comparison.p_value,
        "smallest_p_value": comparison.smallest_p_value,
        "n_pairs": comparison.n_pairs,
        "n_seeds": comparison.n_seeds,
        "is_among_learners": comparison.is_among_learners,
        "n_bad": _by_side(comparison.n_bad),
        "share_bad": _by_side(comparison.share_bad),
        "share_bad_difference": comparison.share_bad_difference,
        "share_bad_lower": comparison.share_bad_lower,
        "share_bad_upper": comparison.share_bad_upper,
        "share_bad_p_value": comparison.share_bad_p_value,
        "seeds_to_decide": comparison.seeds_to_decide,
        "noise_floor": comparison.noise_floor,
        "reversal_share": comparison.reversal_share,
        "pair_differences": list(comparison.pair_differences),
        "n_higher": comparison.n_higher,
        "n_unconverged": _by_side(comparison.n_unconverged),
        "rates_to_best": _by_side(comparison.rates_to_best),
    }


def _protocol(result: StudyResult) -> dict[str, Any]:
    study, data = result.study, result.data
    return {
        "seeds": list(study.seeds),
        "fixed": study.fixed_settings(),
        "hyperparameters": list(study.space.hyperparameters()),
        "primary_metric": result.primary_metric,
        "confidence_level": CONFIDENCE_LEVEL,
        "data": {
            "name": data.name,
            "n_train": data.n_train,
            "n_validation": data.n_validation,
            "n_test": data.n_test,
            "content_hash": data.content_hash,
        },
    }


def _config_record(summary: ConfigSummary) -> dict[str, Any]:
    return {
        "config": plain_values(summary.config),
        "n_seeds": summary.n_seeds,
        "status": {status.word: n for status, n in summary.status.items()},
        "share_bad": summary.share_bad,
        "share_bad_lower": summary.share_bad_lower,
        "share_bad_upper": summary.share_bad_upper,
        "is_tied_with_best": summary.is_tied_with_best,
        "is_practically_tied": summary.is_practically_tied,
        "regret_upper": summary.regret_upper,
        "seconds_per_epoch": summary.seconds_per_epoch,
        **{name: _metric_record(metric) for name, metric in summary.metrics.items()},
    }


def _metric_record(summary: MetricSummary) -> dict[str, Any]:
    return {
        "mean": summary.mean,
        "lower": summary.lower,
        "upper": summary.upper,
        "confidence_level": summary.confidence_level,
        "spread": summary.spread,
        "is_bimodal": summary.is_bimodal,
        "n_learners": summary.n_learners,
        "mean_of_learners": summary.mean_of_learners,
        "lower_of_learners": summary.lower_of_learners,
        "upper_of_learners": summary.upper_of_learners,
        "values": list(summary.values),
    }


def _by_side(pair: tuple[Any, Any] | None) -> dict[str, Any] | None:
    return None if pair is None else {"a": pair[0], "b": pair[1]}
