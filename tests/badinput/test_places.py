"""Every mistake has its place: in a size nobody chose, and where study meets data."""

import gzip
from pathlib import Path

import pytest
from bad_builders import Refused


SIZES = """
[sizes.quick.study]
epohcs = 1
seeds = 0
[sizes.quick.space.1]
learning_rte = [0.1]
batch_size = [16, 0]
[sizes.quick.spacee]
x = 1
[sizes.large.model]
hiden = [3]
[sizes.large.space.9]
learning_rate = [0.1]
[sizes.other]
study = 3
"""
PLACES = (
    "cannot be used, 8 mistakes",
    "`epohcs` is unknown (tiny.toml, [sizes.quick], study.epohcs); did you mean "
    "`epochs`?",
    "got 0 (tiny.toml, [sizes.quick], study.seeds)",
    "`learning_rte` (tiny.toml, [sizes.quick], space.1.learning_rte); did you mean "
    "`learning_rate`?",
    "got 0 (tiny.toml, [sizes.quick], space.1.batch_size, value 2)",
    "`spacee` is unknown (tiny.toml, [sizes.quick]); did you mean `space`?",
    "no hyperparameter `hiden` (tiny.toml, [sizes.large], model.hiden); did you mean "
    "`hidden`?",
    "one of the 1 grids, from 1 (tiny.toml, [sizes.large], space.9.learning_rate)",
    "`study` must be a table, got 3 (tiny.toml, [sizes.other], study)",
)


@pytest.mark.parametrize("size", ["standard", "quick", "good"])
def test_mistakes_in_every_size_are_named_at_once(
    place: Path, refused: Refused, size: str
):
    study = place / "tiny.toml"
    sound = "[sizes.good.study]\nepochs = 3\n"
    study.write_text(study.read_text() + sound + SIZES)

    refused(["run", "tiny.toml", "--size", size], 3, *PLACES)


def test_what_a_size_alone_may_import_is_asked_for_when_it_is_chosen(
    place: Path, refused: Refused
):
    study = place / "tiny.toml"
    own = '[sizes.own.task]\nloss = "mine:loss"\n[sizes.bad.study]\nx = 1\n'
    study.write_text(study.read_text() + own)

    refused(["run", "tiny.toml"], 3, "`x` is unknown (tiny.toml, [sizes.bad], study.x)")
    refused(["run", "tiny.toml", "--size", "own"], 3, "--allow-module mine")


# What to write for what in tiny.toml -> the place that has to be named.
MISFITS = {
    "batch": ("[16]", "[16, 1000]", "got 1000 (tiny.toml, [[space]] 1, batch_size"),
    "validation": ("= 16", "= 64", "(tiny.toml, [data], validation)"),
    "training": ("validation = 16", "train = 99", "got 99 (tiny.toml, [data], train)"),
    "target": ("validation = 16", 'target = "y"', "(tiny.toml, [data], target)"),
    "images": ('"mlp"\nhidden = [8]', '"cnn"', "(4,) (tiny.toml, [model], name)"),
    "data set": ('path = "tiny.npz"', 'name = "mnits"', "(tiny.toml, [data], name)"),
    "loss": (
        "[optimizer]",
        '[task]\nloss = "binary_cross_entropy"\n[optimizer]',
        "got data of 3 (tiny.toml, [task], loss)",
    ),
    "warm-up of the study in epochs": (
        'name = "adam"',
        'name = "adam"\nwarmup_epochs = 1.5',
        "`warmup_epochs` must be at most the 1 epoch of a run at batch size 16, got "
        "1.5 (tiny.toml, [optimizer], warmup_epochs)",
    ),
    "warm-up of the study in steps": (
        'name = "adam"',
        'name = "adam"\nwarmup_steps = 4',
        "must be at most the 3 steps of a run at batch size 16, got 4 (tiny.toml, "
        "[optimizer], warmup_steps)",
    ),
    "warm-up of the space": (
        "batch_size = [16]",
        "batch_size = [8, 16]\nwarmup_steps = [1, 5]",
        "at most the 3 steps of a run at batch size 16, got 5 (tiny.toml, [[space]] 1, "
        "warmup_steps, value 2)",
    ),
    "weights": (
        "[optimizer]",
        "[task]\nclass_weights = [1, 2]\n[optimizer]",
        "got 2 (tiny.toml, [task], class_weights)",
    ),
}


@pytest.mark.parametrize(("old", "new", "where"), MISFITS.values(), ids=MISFITS.keys())
def test_what_does_not_fit_the_data_is_named_with_its_place(
    place: Path, refused: Refused, old: str, new: str, where: str
):
    text = (place / "tiny.toml").read_text()
    assert old in text
    (place / "tiny.toml").write_text(text.replace(old, new, 1))

    refused(["run", "tiny.toml"], 3, where)
    refused(["run", "tiny.toml", "--dry-run"], 3, where)


def test_a_grid_is_counted_as_written_after_one_that_optimizers_share(
    place: Path, refused: Refused
):
    """Inside, the first is two grids: momentum is a number of sgd alone."""
    text = (place / "tiny.toml").read_text().partition("[optimizer]")[0]
    grids = (
        '[[space]]\noptimizer = ["sgd", "adam"]\nlearning_rate = [0.1]\n'
        'batch_size = [16]\n[[space]]\noptimizer = ["sgd"]\nlearning_rate = [0.1]\n'
        "momentum = [0.5]\nbatch_size = [16, 1000]\n"
    )
    (place / "tiny.toml").write_text(text + grids)

    refused(["run", "tiny.toml"], 3, "(tiny.toml, [[space]] 2, batch_size, value 2)")


def test_an_option_is_the_place_of_what_it_sets(refused: Refused):
    said = ["--set", "space.1.batch_size=[16, 1000]"]

    refused(["run", "tiny.toml", *said], 3, "(--set space.1.batch_size, value 2)")
    refused(["range", "tiny.toml", *said], 3, "(--set space.1.batch_size, value 2)")


@pytest.mark.parametrize("packed", [False, True])
def test_a_byte_that_is_no_utf_8_is_named_with_its_line(
    place: Path, refused: Refused, packed: bool
):
    content = "a,k\n1,x\n2,ü\n".encode("latin-1")
    (place / "a.csv").write_bytes(gzip.compress(content) if packed else content)
    said = ["--set", 'data.path="a.csv"', "--set", "data.target=k"]

    refused(
        ["run", "tiny.toml", *said], 4, "`a.csv` must be UTF-8, got byte 0xfc (line 3)"
    )
    refused(
        ["import", "a.csv", "--hyperparameters", "a"], 4, "byte 0xfc (line 3)", "a.csv"
    )
