"""Which columns are metrics, and which would be under another name?"""

import re
from collections.abc import Iterable


_METRIC = re.compile(r"(train|validation|test)_[a-z][a-z0-9_]*")

# What other tools call splits and metrics.
_SPLITS = {"val": "validation", "valid": "validation", "dev": "validation"}
_SPLITS |= {"training": "train"} | {s: s for s in ("train", "validation", "test")}
_METRICS = {"acc": "accuracy", "accuracy": "accuracy", "loss": "loss"}


def metric_columns(heading: Iterable[str]) -> list[str]:
    """Give the columns that are called `<split>_<metric>`, in their order."""
    return [name for name in heading if _METRIC.fullmatch(name) and not _renamed(name)]


def misnamed_columns(heading: Iterable[str]) -> dict[str, str]:
    """Give the columns that are metrics by the names of other tools.

    Args:
        heading: All columns. What has its own name among them stays out.

    Returns:
        Column -> what it is called here.

    Example:
        >>> misnamed_columns(["epoch", "loss", "val_acc"])
        {'loss': 'train_loss', 'val_acc': 'validation_accuracy'}
    """
    known = set(heading)
    found = {name: _renamed(name) for name in heading}
    return {name: new for name, new in found.items() if new and new not in known}


def _renamed(name: str) -> str:
    """What a metric of another tool is called here; empty for everything else."""
    split, _, metric = name.lower().rpartition("_")
    new_split, new_metric = _SPLITS.get(split or "train"), _METRICS.get(metric)
    if new_split is None or new_metric is None:
        return ""
    new = f"{new_split}_{new_metric}"
    return "" if new == name else new
