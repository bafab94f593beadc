"""Results written for other tools."""

from paribus.exports.tables import Format, configs_table, export


__all__ = ["Format", "configs_table", "export"]
