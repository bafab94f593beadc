"""What calibration found, as tables for `docs/calibration.md`."""

from collections.abc import Iterable, Mapping
from typing import Any

from blocks import machine_line, markdown_table


LOWEST, HIGHEST = 0.93, 0.97

# Scores whose intervals do not cover in 93-97 %, at 5 seeds or more -> what is done.
INSTEAD = {
    "bimodal, both sides": "wider than it says",
    "bimodal against normal": "refused: of a side with bad runs among learners the "
    "shares of bad runs are compared, then the learners alone",
    "skewed, raw": "said under the table of metrics; no verdict rests on it",
    "bimodal": "refused: described as a mixture, by its share of bad runs and the mean "
    "of its learners",
}


def describe_calibration(record: Mapping[str, Any]) -> str:
    """All tables, with where they were measured."""
    simulated, real = record["simulated"], record["real"]
    error = 200 * (0.95 * 0.05 / record["n_studies"]) ** 0.5
    return "\n\n".join(
        [
            "## Simulated studies",
            "### Coverage",
            f"Share of {record['n_studies']:,} simulated studies whose nominal 95 % "
            f"interval contains the truth, in % (± {error:.1f}); bold where it is not "
            "93 to 97.",
            "Of the contrast of two sides, the piece every verdict rests on:",
            _coverage(simulated["coverage"]["contrasts"]),
            f"Below {record['least_seeds_of_a_contrast']} seeds these intervals are "
            "not used: a contrast has no bounds there, and every verdict is "
            "`undecided`.",
            "Of the mean of one config:",
            _coverage(simulated["coverage"]["configs"]),
            "### False verdicts",
            f"Share of {record['n_families']:,} studies without any effect that call "
            "anything `supported` or `refuted`, in % (nominal: at most 5, ± 1.4), with "
            "a smallest effect of 0, the hardest case:",
            _families(simulated["false_verdicts"]),
            "### Power",
            "How often an effect of 1.5 times the smallest one is `supported`, with as "
            "many seeds as the table of sample sizes names for 80 %:",
            _power(simulated["power"]),
            "## Real runs",
            _real(real),
            "## Measured by",
            machine_line(dict(record), "benchmarks/calibration.py"),
        ]
    )


def _coverage(by_scores: Mapping[str, Mapping[str, float]]) -> str:
    seeds = list(next(iter(by_scores.values())))
    head = ("scores", *(f"{n} seeds" for n in seeds), "otherwise")
    return markdown_table(
        head,
        (
            (name, *map(_covered, shares.values()), INSTEAD.get(name, "–"))
            for name, shares in by_scores.items()
        ),
    )


def _covered(share: float) -> str:
    text = f"{100 * share:.1f}"
    return text if LOWEST <= share <= HIGHEST else f"**{text}**"


def _families(rows: Iterable[Mapping[str, Any]]) -> str:
    by_place = {(r["scores"], r["m"], r["seeds"]): r["rate"] for r in rows}
    scores = dict.fromkeys(name for name, _, _ in by_place)
    families = sorted({m for _, m, _ in by_place})
    seeds = sorted({n for _, _, n in by_place})
    head = ("scores", "contrasts", *(f"{n} seeds" for n in seeds))
    return markdown_table(
        head,
        (
            (name, m, *(f"{100 * by_place[name, m, n]:.1f}" for n in seeds))
            for name in scores
            for m in families
        ),
    )


def _power(rows: Iterable[Mapping[str, Any]]) -> str:
    head = ("smallest effect, sds of a run", "contrasts", "seeds", "found, %")
    return markdown_table(
        head,
        (
            (
                f"{row['smallest_effect_sd']:g}",
                row["m"],
                row["seeds"],
                f"{100 * row['power']:.1f}",
            )
            for row in rows
        ),
    )


def _real(real: Mapping[str, Any]) -> str:
    splits = real["n_splits"]
    error = 200 * (0.95 * 0.05 / splits) ** 0.5
    banks = max(row["finite_bank_error"] for row in real["rows"])
    head = (
        "score",
        "runs in an arm",
        "false, arms share no seed",
        "false, paired",
        "the same at the default smallest effect",
        "coverage of the mean",
    )
    table = markdown_table(
        head,
        (
            (
                row["scores"],
                row["seeds"],
                f"{100 * row['unpaired']:.1f}",
                f"{100 * row['paired']:.1f}",
                f"{100 * row['unpaired_default']:.1f} / "
                f"{100 * row['paired_default']:.1f}",
                f"{100 * row['mean_coverage']:.1f}",
            )
            for row in real["rows"]
        ),
    )
    return (
        f"One config ({real['config']}), trained with {real['n_runs']} seeds; "
        f"{splits:,} times two disjoint arms were drawn from these runs at random and "
        "judged as a claim would be. Nothing is true but that they are equal: every "
        f"`supported` or `refuted` is false. In %; nominal 5, ± {error:.1f} because of "
        f"the {splits:,} splits, and ± {200 * banks:.1f} because another "
        f"{real['n_runs']} runs would be another bank (two standard deviations over "
        f"banks resampled from this one). The smallest effect is 0, the hardest case, "
        "and then the default: 0.2 points of accuracy, a factor 1.25 of a loss.\n\n"
        f"{table}\n\nThe last column is how often the interval of one arm's mean "
        "contains the mean of all runs, for arms drawn with replacement (without it, "
        f"20 of {real['n_runs']} runs know too much about the rest)."
    )
