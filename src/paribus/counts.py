"""How counts are written with their nouns."""


def count(n: int, noun: str) -> str:
    """Write a count with its noun: `"1 run"`, `"1,000 runs"`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
