"""How near to the best each config is, in the tables of a terminal."""

from builders import make_finished

from paribus.analysis import summarise_configs
from paribus.console import summary_text
from paribus.status import RunStatus


SIX = (0.97, 0.98, 0.975, 0.972, 0.978, 0.971)
NEAR = tuple(x - 0.0002 * (k % 3) for k, x in enumerate(SIX))
WILD = (0.99, 0.95, 0.98, 0.955, 0.98, 0.96)


def rows(width: int | None) -> list[str]:
    result = make_finished(SIX, NEAR, WILD, (0.5,) * 6)
    text = summary_text(result, summarise_configs(result), width=width)
    return [line.rstrip() for line in text.splitlines()]


def test_only_what_is_shown_to_be_as_good_is_called_so():
    lines = rows(None)

    ends = [line.split("  ")[-1] for line in lines if line.startswith("learning_rate")]
    assert ends[:3] == [
        "tied, highest mean",
        "tied, practically as good",
        "tied with the best",
    ]
    assert ends[3].startswith("0.5")
    assert (
        "practically as good: loses less than 0.003 to the highest mean, with 95% "
        "confidence"
    ) in lines
    assert (
        "tied with the best: not shown to be worse; with few seeds that says little"
    ) in lines


def test_a_narrow_table_has_marks_and_says_what_they_mean():
    lines = rows(80)

    assert [line.split()[0] for line in lines if line.endswith(" tied ≈")] == ["0.01"]
    assert "tied: with the best config; ≈: practically as good" in lines
    assert all(len(line) <= 80 for line in lines)


def test_a_config_of_too_few_seeds_is_marked_whatever_its_mean():
    pending = {(2, seed): RunStatus.PENDING for seed in range(1, 6)}
    result = make_finished(SIX, NEAR, (0.999,) * 6, status=pending)
    text = summary_text(result, summarise_configs(result), width=None)

    lines = [line.rstrip() for line in text.splitlines()]
    last = next(line for line in lines if line.startswith("learning_rate=0.1"))
    assert last.endswith("too few seeds to say")
    assert (
        "too few seeds to say: fewer than 5 seeds; not compared with the others, "
        "whatever the mean"
    ) in lines
    assert not any("too few seeds to say: " in line for line in rows(None))


def test_one_that_is_tied_with_no_other_is_the_best():
    result = make_finished(SIX, (0.5, 0.51, 0.49, 0.5, 0.52, 0.5))
    summaries = summarise_configs(result)

    wide = summary_text(result, summaries, width=None).splitlines()
    narrow = summary_text(result, summaries, width=80).splitlines()

    (row,) = (line for line in wide if line.startswith("learning_rate=0.001"))
    assert row.endswith("  the best")
    assert any(line.startswith("0.001 ") and " best" in line for line in narrow)


def test_the_only_config_is_not_called_the_best():
    result = make_finished(SIX)
    text = summary_text(result, summarise_configs(result), width=None)
    assert "the best" not in text


def test_a_mixture_with_too_few_learners_is_not_called_tied():
    bad = {(1, seed): RunStatus.LATE_COLLAPSE for seed in (0, 1)}
    failing = (0.1, 0.1, *(x - 0.01 for x in SIX[2:]))
    result = make_finished(SIX, failing, status=bad)
    text = summary_text(result, summarise_configs(result), width=None)

    lines = [line.rstrip() for line in text.splitlines()]
    assert next(x for x in lines if x.startswith("learning_rate=0.01")).endswith(
        "mixed, not ranked"
    )
    assert (
        "mixed, not ranked: not shown to be worse either; some runs ended badly, and "
        "fewer than 5 learned"
    ) in lines
    assert not any(line.startswith("mixed") for line in rows(None))
