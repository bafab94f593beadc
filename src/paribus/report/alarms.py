"""Measures of training that are above their levels: a table of the report."""

from collections.abc import Mapping

from paribus.analysis.alarms import LEVELS, Alarm, find_alarms
from paribus.counts import count
from paribus.report.document import Table
from paribus.report.findings import Findings
from paribus.report.numbers import percent
from paribus.report.slices import label_config


_WORDS: Mapping[str, str] = {
    "dead_share": "ReLU units of a layer that are dead at the end",
    "first_update": "size of the first update, of a layer's weights",
    "early_peak": "highest early loss, of the loss before the first step",
    "overshoot_share": "sampled steps that raised the loss of their batch",
    "update_to_weight": "median size of an update, of a layer's weights",
    "tuv": "total upward variation of the training loss, of its fall",
}
_IN_TIMES = ("early_peak",)
_COLOURS = {"amber": "unusual", "red": "probably harmful"}


def tabulate_alarms(findings: Findings) -> list[Table]:
    """One row for each measure of a config that is above a level; no table without."""
    result = findings.result
    alarms = find_alarms(result)
    if not alarms:
        return []
    n_configs = len({alarm.config for alarm in alarms})
    measures = dict.fromkeys(alarm.measure for alarm in alarms)
    return [
        Table(
            caption="What deserves a second look in how "
            f"{count(n_configs, 'config')} trained",
            columns=("config", "measure", "which is", "median", "level", "runs"),
            rows=tuple(
                (
                    label_config(result.study, result.configs[alarm.config]),
                    _WORDS[alarm.measure],
                    _COLOURS[alarm.colour],
                    _value(alarm.measure, alarm.median),
                    _level(alarm),
                    str(alarm.n_runs),
                )
                for alarm in alarms
            ),
            n_labels=3,
            note=" ".join(_say_source(measure) for measure in measures),
            is_folded=True,
        )
    ]


def _value(measure: str, value: float) -> str:
    return f"{value:.3g} times" if measure in _IN_TIMES else percent(value)


def _level(alarm: Alarm) -> str:
    levels = LEVELS[alarm.measure]
    level = levels.amber if alarm.colour == "amber" else levels.red
    assert level is not None  # a value is never above a level that is not there
    return f"above {_value(alarm.measure, level)}"


def _say_source(measure: str) -> str:
    source = LEVELS[measure].source
    words = _WORDS[measure]
    text = f"Levels of the {words}: {source}."
    if measure == "tuv":
        text += " It grows with the number of evaluations: at others, only compare."
    return text
