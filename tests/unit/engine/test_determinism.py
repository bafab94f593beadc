"""The tiers of `docs/concepts/determinism.md`: what is equal, bit for bit, and when."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import make_blobs_study, make_dataset, train_blobs
from probe_builders import blobs_recipe, put_splits

from paribus.data.batches import epoch_order
from paribus.engine.block import BlockShape, CompiledEpochs, Compiler
from paribus.engine.epochs import traced_values, train_block
from paribus.engine.feeding import WholeSplit
from paribus.engine.keys import purpose_key, seed_words
from paribus.engine.plan import group_configs
from paribus.engine.trainer import Trainer
from paribus.errors import ExecutionError, ParibusWarning
from paribus.models.dense import mlp
from paribus.results import StudyResult
from paribus.status import RunStatus
from paribus.store import StudyWriter
from paribus.store.creation import run_name
from paribus.study import Run, Study
from paribus.study_file import read_study


GOLDEN_SEEDS = [*range(48), 2**31, 2**63 - 1]
ORDER_OF_SEED_0 = [2, 3, 1, 4, 6, 5, 0, 7]
GOLDEN = "5b9c271deadf9e0a7956746302bf0c9bed55879a6cd07f47f1681403a1ffd6e2"


def test_keys_and_orders_are_those_of_every_release():
    """D0: computed once with jax 0.10.1 and NumPy 2.4.6, and never again."""
    digest = hashlib.sha256()
    for seed in GOLDEN_SEEDS:
        for epoch in (0, 7):
            digest.update(epoch_order(seed, epoch, 1000).astype("<i4").tobytes())
        for purpose in ("initialisation", "dropout"):
            key = purpose_key(jnp.asarray(seed_words(seed)), purpose)
            digest.update(np.asarray(jax.random.key_data(key), "<u4").tobytes())

    assert epoch_order(0, 0, 8).tolist() == ORDER_OF_SEED_0
    assert digest.hexdigest() == GOLDEN


GOLDEN_WEIGHTS = "1de2dc7da956e92fac915c5658087acbd5d7844f04c4150ad426e71e0c9fb27d"


def test_first_weights_are_those_of_every_release():
    """D0: computed once with jax 0.10.1, and never again."""
    model = mlp(n_inputs=12, n_classes=3, hidden=(8,), activation="relu")
    digest = hashlib.sha256()
    for seed in GOLDEN_SEEDS:
        key = purpose_key(jnp.asarray(seed_words(seed)), "initialisation")
        params, _ = model.init(key, {})
        for leaf in jax.tree.leaves(params):
            digest.update(np.asarray(leaf, "<f4").tobytes())

    assert digest.hexdigest() == GOLDEN_WEIGHTS


SPACES = """
[study]
name = "golden"
seeds = [0, 1, 9223372036854775807]
epochs = 1
[data]
name = "mnist"
[model]
name = "mlp"
[optimizer]
name = "adam"
[[space]]
learning_rate = { log = [1e-4, 1e-1], n = 7 }
batch_size = [32, 64]
[[space]]
sobol = { n = 16 }
learning_rate = { log = [1e-4, 1] }
b1 = { lin = [0.5, 0.95] }
batch_size = [32]
[[space]]
random = { n = 16 }
learning_rate = { log = [1e-4, 1] }
batch_size = { log = [16, 256] }
"""
GOLDEN_RUNS = "56b40ce2db5b74ef77d7ddb9264f9e386f307aaf256f2001e42cb5a5ab75f95d"


def test_values_and_names_of_runs_are_those_of_every_release(tmp_path: Path):
    """D0: computed once with NumPy 2.4.6 and SciPy 1.17.1, and never again."""
    file = tmp_path / "golden.toml"
    file.write_text(SPACES)

    study = read_study(str(file)).study

    texts = [config.to_json() for config in study.configs()]
    assert len(texts) == 46
    assert texts[20] == ('{"b1":0.677654,"batch_size":32,"learning_rate":0.000111647}')
    runs = [f"{text} {run_name(text, s)}" for text in texts for s in study.seeds]
    assert hashlib.sha256("\n".join(runs).encode()).hexdigest() == GOLDEN_RUNS


def of_run(result: StudyResult, run: Run) -> bytes:
    """Every number that is stored of a run, as bytes."""
    at = result.configs.index(run.config), result.seeds.index(run.seed)
    assert result.status[at] in (RunStatus.CONVERGED, RunStatus.DIVERGED)
    found = [result.status[at].tobytes(), result.diverged_at[at].tobytes()]
    for table in (result.curves, result.measures, result.correct):
        found += [table[name][at].tobytes() for name in sorted(table)]
    return b"".join(found)


def train(study: Study, folder: Path) -> StudyResult:
    folder.mkdir(exist_ok=True)
    return train_blobs(study, folder)


def assert_equal_runs(one: StudyResult, other: StudyResult) -> int:
    """Compare the runs that both have; how many those are."""
    shared = [
        Run(config, seed)
        for config in one.configs
        for seed in one.seeds
        if config in other.configs and seed in other.seeds
    ]
    for run in shared:
        assert of_run(one, run) == of_run(other, run), run
    return len(shared)


@pytest.mark.slow
def test_neither_neighbours_nor_positions_change_a_bit(tmp_path: Path):
    """D1: the block has the same shape, but other runs in another order."""
    one = train(make_blobs_study(seeds=(0, 1, 2)), tmp_path / "one")
    other = make_blobs_study(learning_rate=(1e38, 0.1), seeds=(3, 2, 0))

    assert assert_equal_runs(train(other, tmp_path / "other"), one) == 2


EXACT = replace(make_blobs_study(learning_rate=(0.01, 1e38), seeds=(0, 1)), exact=True)


def test_an_exact_study_that_grew_is_the_study_trained_at_once(tmp_path: Path):
    """D2: run by run, and with configs and seeds added later."""
    whole = train(EXACT, tmp_path / "whole")
    small = replace(make_blobs_study(learning_rate=(0.01,), seeds=(1,)), exact=True)

    train(small, tmp_path / "grown")
    grown = train(EXACT, tmp_path / "grown")

    assert grown.study.exact
    assert assert_equal_runs(grown, whole) == 4


def test_the_shape_of_an_exact_study_depends_on_nothing_that_waits():
    dataset = make_dataset()
    (group,) = group_configs(EXACT)
    devices = tuple(jax.devices("cpu")[:1])
    with Compiler(n_threads=1) as compiler:
        exact = Trainer(EXACT, dataset, devices, compiler)
        default = Trainer(replace(EXACT, exact=False), dataset, devices, compiler)

        shapes = {exact.shape(group, n).n_runs for n in (1, 2, 7, 1000)}

        assert shapes == {32}
        assert {default.shape(group, n).n_runs for n in (1, 2, 7)} == {1, 2, 7}


def test_the_shape_on_a_gpu_is_one_width_of_vmap():
    gpu = SimpleNamespace(platform="gpu", memory_stats=lambda: None)
    dataset = make_dataset()
    (group,) = group_configs(EXACT)
    with Compiler(n_threads=1) as compiler:
        trainer = Trainer(EXACT, dataset, (gpu, gpu), compiler)

        shape = trainer.shape(group, 3)

    # A remainder of another width would be another program.
    assert (shape.runs_per_device, shape.map_width, shape.is_exact) == (32, 32, True)


def losses_in(shape: BlockShape, rates: Sequence[float]) -> np.ndarray:
    """Training losses before the first step and after each epoch [evaluation, run]."""
    study = make_blobs_study(learning_rate=tuple(rates), seeds=(0,))
    dataset = make_dataset()
    runs = [Run(config, 0) for config in study.configs()]
    recipe = blobs_recipe(study, dataset)
    splits = put_splits(dataset, shape)
    n_examples = len(dataset.train)
    with Compiler(n_threads=2) as compiler:
        driver = CompiledEpochs(
            recipe,
            shape,
            compiler,
            feed=WholeSplit(splits["train"], shape, n_examples=n_examples),
            splits=splits,
            traced_names=list(traced_values(study, runs, n_examples=n_examples)),
            epochs=2.0,
            key=str(shape),
        )
        trained = train_block(driver, runs, study, n_examples=n_examples)
    assert trained is not None
    return trained.curves["train_loss"]


@pytest.mark.long
def test_other_shapes_differ_by_rounding_alone():
    """D3: one run at a time, and vectorised over four, eight and sixteen."""
    rates = (0.01, 0.02, 0.05)
    devices = tuple(jax.devices("cpu")[:1])

    def shaped(runs: int, width: int) -> np.ndarray:
        return losses_in(
            BlockShape(devices=devices, runs_per_device=runs, map_width=width), rates
        )

    alone = shaped(4, 1)
    for width in (4, 8, 16):
        found = shaped(width, width)
        # Before the first step the weights are the same: float32 has 6e-8.
        np.testing.assert_allclose(found[0], alone[0], rtol=1e-6)
        np.testing.assert_allclose(found, alone, rtol=1e-4)  # 26 steps later


@pytest.mark.long
@pytest.mark.parametrize("runs", [1, 2, 5, 16, 33])
def test_on_cpus_the_number_of_places_changes_no_bit(runs: int):
    devices = tuple(jax.devices("cpu")[:1])
    one = BlockShape(devices=devices, runs_per_device=3, map_width=1)
    other = BlockShape(devices=devices, runs_per_device=runs, map_width=1)
    rates = (0.01, 0.02, 0.05)[: min(runs, 3)]

    found = losses_in(other, rates)

    assert found.tobytes() == losses_in(one, rates).tobytes()


VERSIONS = {"python": "3.11", "jax": "0.10.1", "device": "2 × core", "cores": "2"}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"jax": "0.10.3"}, "jax `0.10.3`, was `0.10.1`"),
        ({"device": "4 × core"}, "device `4 × core`, was `2 × core`"),
        ({"flags of XLA": "--xla"}, "flags of XLA `--xla`, was `none`"),
    ],
)
def test_another_environment_is_said_and_refused_by_exact_studies(
    now: dict[str, str], words: str, tmp_path: Path
):
    facts = make_dataset().facts()
    for study in (EXACT, replace(EXACT, exact=False)):
        folder = tmp_path / str(study.exact)
        with StudyWriter.create(folder, study, facts) as writer:
            writer.begin_attempt(VERSIONS)
        with StudyWriter.open(folder) as writer:
            if study.exact:
                with pytest.raises(ExecutionError, match=words) as refused:
                    writer.check_environment(VERSIONS | now)
                assert "--allow-env-change" in refused.value.hint
            with pytest.warns(ParibusWarning, match=words):
                writer.check_environment(VERSIONS | now, allow_change=True)


def test_what_no_number_depends_on_may_change(tmp_path: Path):
    with StudyWriter.create(tmp_path / "s", EXACT, make_dataset().facts()) as writer:
        writer.begin_attempt(VERSIONS)
        writer.check_environment(VERSIONS | {"python": "3.12", "cores": "8"})
