"""What holds for every test."""

import gc
import os
from collections.abc import Generator

import hypothesis
import pytest
from beartype import BeartypeConf
from beartype.claw import beartype_package
from shared_programs import SharedPrograms


# As `paribus run` asks for it; said here because tests use JAX before they train.
os.environ["JAX_NUM_CPU_DEVICES"] = str(len(os.sched_getaffinity(0)))

# No test is timed. CI draws the same examples each time, so that a change is judged by
# what it changes; everybody else draws new ones.
hypothesis.settings.register_profile("any", deadline=None)
hypothesis.settings.register_profile(
    "ci", deadline=None, derandomize=True, database=None
)
hypothesis.settings.load_profile("ci" if os.environ.get("PARIBUS_CI") else "any")


def pytest_configure(config: pytest.Config) -> None:
    """Compile each program once for all tests, and check types in every call."""
    _keep_programs(config)
    _check_types(config)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage among what tests make alone: what is collected stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def _keep_programs(config: pytest.Config) -> None:
    """Keep compiled programs beside what pytest keeps, for other tests and next time.

    JAX does not write them in one piece, so each process has a folder of its own and
    shares what it has finished.
    """
    import jax

    if (cache := getattr(config, "cache", None)) is not None:  # `-p no:cacheprovider`
        worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
        own = cache.mkdir(f"programs-{worker}")
        config.pluginmanager.register(SharedPrograms(own, cache.mkdir("programs")))
        jax.config.update("jax_compilation_cache_dir", str(own))
        # Without this the folder's name is part of what a program is found by.
        jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _check_types(config: pytest.Config) -> None:
    """Check types in every call, unless `--jaxtyping-packages=` asks for none.

    In the packages that work on arrays, which that option names, dimensions must agree
    too: that costs a call ten times as much. Left out is what names types that are
    loaded late.
    """
    if not config.getoption("jaxtyping_packages"):
        return
    beartype_package(
        "paribus",
        conf=BeartypeConf(
            claw_is_pep526=False,
            claw_skip_package_names=("paribus.api", "paribus.console.progress"),
            violation_type=TypeError,
        ),
    )
