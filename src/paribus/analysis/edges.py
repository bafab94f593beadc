"""What is to be done about a best value at the edge of its grid?"""

from paribus.analysis.planned import plan_runs
from paribus.analysis.tuned import TunedChoice, choose_tuned, numbers
from paribus.results import StudyResult
from paribus.space import Config, place_words, show_value


def say_edge(result: StudyResult, choice: TunedChoice) -> str:
    """Say that a choice lies at the edge of the grid, and what to do about it.

    Example of what it returns: `learning_rate: the best value 0.1 at batch size 32 is
    the highest that was tried; add 1: --set
    'space.1.learning_rate=[0.01, 0.1, 1]'`
    """
    assert choice.best_value is not None
    assert choice.value_to_add is not None
    name = choice.hyperparameter
    where = {"lower": "the lowest", "upper": "the highest", "only": "the only one"}
    at = f" {place_words(choice.others)}" if choice.others else ""
    return (
        f"{name}: the best value {show_value(choice.best_value)}{at} is "
        f"{where[choice.edge or 'only']} that was tried, so nothing is concluded; add "
        f"{show_value(choice.value_to_add)}: {extension_option(result, choice)}"
    )


def edge_texts(result: StudyResult) -> tuple[str, ...]:
    """Say of each choice at an edge what to do; nothing while tuning goes on."""
    if result.study.tuning is None or plan_runs(result).is_open.any():
        return ()
    at_edge = (choice for choice in choose_tuned(result) if choice.edge is not None)
    return tuple(say_edge(result, choice) for choice in at_edge)


def extension_option(result: StudyResult, choice: TunedChoice) -> str:
    """The option of `paribus run` that adds the value that a choice needs.

    In a study with single configs, listed or drawn, tables of the file and grids of the
    study are not the same: there it says what to write.
    """
    assert choice.value_to_add is not None
    # Where values were stopped early the folder takes no others.
    another = " with another --out" if result.study.halving else ""
    name = choice.hyperparameter
    grids = result.study.space.declared().grids
    if len(grids) > 1 and any(
        all(len(values) == 1 for values in grid.values()) for grid in grids
    ):
        label = Config({**choice.others, name: choice.value_to_add}).label()
        return f"a config with {label} in [[space]]{another}"
    for position, grid in enumerate(grids, start=1):
        if all(choice.others[n] in grid.get(n, ()) for n in choice.others):
            values = sorted({*numbers(grid[name]), choice.value_to_add})
            written = ", ".join(map(show_value, values))
            return f"--set 'space.{position}.{name}=[{written}]'{another}"
    raise AssertionError(choice.others)
