"""Runs that another tool trained, made into a study folder."""

from paribus.imports.folder import DataSizes, import_runs


__all__ = ["DataSizes", "import_runs"]
