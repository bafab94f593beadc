"""Which seconds of a row can be true, though its digest is right."""

from paribus.store.rows import AttemptRow, RoundRow, TimingRow


_MOST = 1e9  # thirty years


def seconds_problem(row: AttemptRow | RoundRow | TimingRow) -> str | None:
    """Say what no clock could have told; None for what it could."""
    if isinstance(row, AttemptRow):
        return None if 0.0 <= row.seconds < _MOST else f"{row.seconds} seconds"
    seconds = row.seconds_per_epoch
    return None if 0.0 < seconds < _MOST else f"{seconds} seconds per epoch"
