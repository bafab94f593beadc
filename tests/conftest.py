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
