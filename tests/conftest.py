"""What holds for every test."""

import os

import hypothesis
import pytest
from beartype import BeartypeConf
from beartype.claw import beartype_package


# As `paribus run` asks for it; said here because tests use JAX before they train.
os.environ["JAX_NUM_CPU_DEVICES"] = str(len(os.sched_getaffinity(0)))

# CI draws the same examples each time, so that a change is judged by what it changes;
# everybody else draws new ones.
hypothesis.settings.register_profile("ci", derandomize=True, database=None)
if os.environ.get("PARIBUS_CI"):
    hypothesis.settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    """Compile each program once for all tests, and check types in every call."""
    _keep_programs(config)
    _check_types(config)


def _keep_programs(config: pytest.Config) -> None:
    """Keep compiled programs beside what pytest keeps, for other tests and next time.

    Each process has a folder of its own, since JAX does not write them in one piece.
    """
    import jax

    if (cache := getattr(config, "cache", None)) is not None:  # `-p no:cacheprovider`
        worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
        folder = cache.mkdir(f"programs-{worker}")
        jax.config.update("jax_compilation_cache_dir", str(folder))
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
