"""Models of the user's own that are wrong: refused with 3 or 8, in words."""

from pathlib import Path

import pytest
from bad_builders import ALLOWED, MODEL, OWN, Forked, Refused, write_model


# A sound pair of functions, line by line; a case replaces one of them.
SOUND = """import jax
import jax.numpy as jnp
import numpy as np

def init(key, hyperparameters):
    kernel = jax.random.normal(key, (4, 3))
    params = {"layer": {"kernel": kernel}}
    return params, {"n": jnp.zeros(3)}


def apply(parameters, state, inputs, train, key):
    logits = inputs @ parameters["layer"]["kernel"]
    state = {"n": state["n"] + 1}
    return logits, state


def build(units=4):
    return init, apply
"""


def test_a_network_for_images_is_refused_for_rows_of_a_table(
    place: Path, refused: Refused
):
    write_model(place, SOUND, builder='name = "cnn"\n')

    refused(["run", "tiny.toml"], 3, "`cnn` needs images", "shape (4,)", "`mlp`")


@pytest.mark.parametrize(
    ("builder", "arguments", "words"),
    [
        ("mymodels:build", (), ["`mymodels`", "--allow-module mymodels"]),
        ("os:system", (), ["`os`", "--allow-module"]),
        ("os:system", ALLOWED, ["`os`", "--allow-module os"]),
        ("./mymodels.py:build", ALLOWED, ["module:function", "./mymodels.py:build"]),
        ("/x.py:build", ALLOWED, ["module:function", "/x.py:build"]),
        ("mymodels", ALLOWED, ["module:function", "mymodels"]),
        ("mymodels:bulid", ALLOWED, ["`bulid`", "did you mean", "`build`"]),
        ("mymodels:HEAD", ALLOWED, ["function or a class", "str"]),
    ],
    ids=["U01", "U01-os", "U01-other", "U02", "U02-path", "U02-bare", "U03", "value"],
)
def test_a_builder_that_may_or_can_not_be_had_is_refused(
    place: Path, refused: Refused, builder: str, arguments: tuple[str, ...], words: str
):
    write_model(
        place,
        SOUND,
        ("import jax\n", 'HEAD = "x"\nimport jax\n'),
        builder=f'builder = "{builder}"\n',
    )

    refused(["run", "tiny.toml", *arguments], 3, *words)


def test_a_model_with_a_name_and_a_builder_is_refused(place: Path, refused: Refused):
    write_model(place, SOUND, builder=MODEL + OWN)

    refused(["run", "tiny.toml", *ALLOWED], 3, "exactly one", "`name`", "`builder`")


def test_a_hyperparameter_that_the_builder_lacks_is_refused(
    place: Path, refused: Refused
):
    write_model(place, SOUND, builder=f"{OWN}unit = 4\n")

    refused(["run", "tiny.toml", *ALLOWED], 3, "`unit`", "did you mean", "`units`")


CASES = {
    "U04 missing package": (
        "import jax\n",
        "import not_installed\n",
        ["ModuleNotFoundError", "mymodels.py", "not_installed"],
    ),
    "raises": (
        "return init, apply",
        "raise ValueError('no way')",
        ["no way", "line 18"],
    ),
    "U06 text": ("return init, apply", "return 'x'", ["`mymodels:build`", "got str"]),
    "U06 tuple": ("return init, apply", "return 1, 2, 3", ["got a tuple of 3"]),
    "a choice of Python": (
        "return init, apply",
        "import paribus; return paribus.models.functions(init, apply)",
        ["got ModelChoice", "`return init, apply`"],
    ),
    "no return": (
        "return init, apply",
        "init, apply",
        ["`mymodels:build`", "got nothing", "`return model`"],
    ),
    "U09 outputs": (
        "return logits",
        "return logits[:, :1]",
        ["(3, 1)", "3 classes", "the last layer needs 3 units, got 1"],
    ),
    "U09 axes": (
        "return logits",
        "return logits[:, None]",
        ["(3, 1, 3)", "flatten each example before the last layer"],
    ),
    "U09 dtype": ("return logits", "return logits.astype('bfloat16')", ["bfloat16"]),
    "U10 text among weights": (
        '{"layer": {"kernel": kernel}}',
        '{"layer": {"kernel": kernel, "name": "a"}}',
        ["got str", "['layer']['name']"],
    ),
    "integer weights": (
        "jax.random.normal(key, (4, 3))",
        "jnp.ones((4, 3), int)",
        ["float32", "int32", "['layer']['kernel']"],
    ),
    "not a number": (
        "jax.random.normal(key, (4, 3))",
        "jnp.ones((4, 3)).at[0, 1].set(jnp.nan)",
        ["finite", "1 of 12", "['layer']['kernel']"],
    ),
    "U11 NumPy's randomness": (
        'state["n"] + 1',
        'state["n"] + np.random.default_rng().normal()',
        ["two traces differ", "key"],
    ),
    "state of another form": (
        '{"n": state["n"] + 1}',
        '{"n": jnp.zeros(4)}',
        ["float32[4]", "float32[3]", "['n']"],
    ),
    "state without a part": ('{"n": state["n"] + 1}', "{}", ["state", "['n']"]),
    "U12 callback": (
        '{"n": state["n"] + 1}',
        '(jax.debug.print("{}", logits), state)[1]',
        ["callback"],
    ),
    "U12 an assignment to hyperparameters": (
        "kernel = jax.random.normal(key, (4, 3))",
        "hyperparameters['units'] = 1\n    kernel = jax.random.normal(key, (4, 3))",
        ["read-only", "`units`", "mymodels.py"],
    ),
    "U07 a branch on a traced hyperparameter": (
        "kernel = jax.random.normal(key, (4, 3))",
        "kernel = jax.random.normal(key, (4, 3))\n"
        "    if hyperparameters.get('scale', kernel[0, 0]) > 0: kernel = -kernel",
        ["TracerBoolConversionError", "jnp.where", "hyperparameters.get('scale'"],
    ),
    "U11 the time": (
        'state["n"] + 1',
        'state["n"] + __import__("time").time() % 1',
        ["two traces differ"],
    ),
    "penalty of another shape": (
        "return logits, state",
        "return logits, state, logits.sum(axis=1)",
        ["one number", "(3,)"],
    ),
    "a loop over a traced array": (
        'state = {"n": state["n"] + 1}',
        "if logits.sum() > 0: pass",
        ["TracerBoolConversionError", "jnp.where", "mymodels.py"],
    ),
}


@pytest.mark.parametrize(("old", "new", "words"), CASES.values(), ids=CASES.keys())
def test_a_model_that_cannot_be_trained_is_refused_before_training(
    place: Path, refused: Refused, old: str, new: str, words: list[str]
):
    write_model(place, SOUND, (old, new))

    refused(["run", "tiny.toml", *ALLOWED], 8, *words)


def test_u08_a_width_of_the_space_is_static_and_compiled_once_each(
    place: Path, forked: Forked
):
    write_model(place, SOUND)
    study = (place / "tiny.toml").read_text()
    (place / "tiny.toml").write_text(study + "units = [4, 8, 16]\n")

    ended = forked("run", "tiny.toml", *ALLOWED, "--dry-run")

    assert ended.code == 0, ended.err
    for units in (4, 8, 16):
        assert f"batch_size=16, units={units}" in ended.out
    assert ended.out.count("batch_size=16, units=") == 3  # 6 configs, 3 programs
    assert not (place / "studies").exists()


@pytest.mark.parametrize("exact", ["false", "true"])
def test_d22_a_model_that_no_memory_holds_is_refused_and_leaves_nothing(
    refused: Refused, exact: str
):
    widths = f"model.hidden=[{', '.join(['65536'] * 60)}]"
    options = ("--set", widths, "--set", f"study.exact={exact}")

    refused(["run", "tiny.toml", *options], 6, "needs about", "GB are available")
