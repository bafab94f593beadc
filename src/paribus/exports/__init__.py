"""Results written for other tools."""

from paribus.exports.tables import FORMATS, configs_table, export, runs_table


__all__ = ["FORMATS", "configs_table", "export", "runs_table"]
