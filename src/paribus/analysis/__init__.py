"""From a study's result to the records that every face shows: each number, once.

The statistics know arrays only; this package hands them the right arrays and puts names
to what comes back. The console, the charts, the report and `--json` read the records.
"""

from typing import TYPE_CHECKING

from paribus.first_use import on_first_use


if TYPE_CHECKING:
    from paribus.analysis.comparisons import compare, compare_all
    from paribus.analysis.edges import edge_texts, say_edge
    from paribus.analysis.one_seed import one_seed_analysis
    from paribus.analysis.outcomes import classify_runs
    from paribus.analysis.planned import PlannedRuns, mark_absent, plan_runs
    from paribus.analysis.records import (
        CONFIDENCE_LEVEL,
        Comparison,
        ConfigSummary,
        MetricSummary,
        OneSeedAnalysis,
    )
    from paribus.analysis.summaries import summarise_configs
    from paribus.analysis.tuned import (
        TunedChoice,
        best_by_optimizer,
        best_tuned,
        choose_tuned,
    )

__all__ = [
    "CONFIDENCE_LEVEL",
    "Comparison",
    "ConfigSummary",
    "MetricSummary",
    "OneSeedAnalysis",
    "PlannedRuns",
    "TunedChoice",
    "best_by_optimizer",
    "best_tuned",
    "choose_tuned",
    "classify_runs",
    "compare",
    "compare_all",
    "edge_texts",
    "mark_absent",
    "one_seed_analysis",
    "plan_runs",
    "say_edge",
    "summarise_configs",
]

__getattr__ = on_first_use(
    __name__,
    {
        "CONFIDENCE_LEVEL": "records",
        "Comparison": "records",
        "ConfigSummary": "records",
        "MetricSummary": "records",
        "OneSeedAnalysis": "records",
        "PlannedRuns": "planned",
        "TunedChoice": "tuned",
        "best_by_optimizer": "tuned",
        "best_tuned": "tuned",
        "choose_tuned": "tuned",
        "classify_runs": "outcomes",
        "compare": "comparisons",
        "compare_all": "comparisons",
        "edge_texts": "edges",
        "mark_absent": "planned",
        "one_seed_analysis": "one_seed",
        "plan_runs": "planned",
        "say_edge": "edges",
        "summarise_configs": "summaries",
    },
)
