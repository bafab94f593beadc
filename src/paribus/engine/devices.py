"""Which devices train, and what JAX must be told before its first use."""

import os
import platform
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import platformdirs

from paribus.errors import ExecutionError, ParibusWarning


def choose_devices(device: str) -> tuple[Any, ...]:
    """Return the devices that share the runs: every core as one, or every GPU.

    Args:
        device: `"cpu"`, `"gpu"`, or `"auto"` for a GPU where there is one.

    Raises:
        ExecutionError: If there is no such device, or JAX cannot use it.
    """
    n_cores = ask_for_cores()
    platform_name = None if device == "auto" else device
    try:
        devices = tuple(jax.devices(platform_name))
    # JAX asserts that a platform which it knows, such as cuda, has been installed.
    except (RuntimeError, AssertionError) as error:
        wanted = os.environ.get("JAX_PLATFORMS", device)
        reason = next(iter(str(error).splitlines()), "JAX has no such platform here")
        raise ExecutionError(
            f"no device for `{wanted}`: {reason}",
            hint="--device cpu, with JAX_PLATFORMS unset, trains on the CPU's cores",
        ) from error
    if devices[0].platform == "cpu" and len(devices) < n_cores:
        warnings.warn(
            f"training on {len(devices)} of {n_cores} cores, because JAX was in use "
            "before; start the study first, or set jax_num_cpu_devices yourself",
            ParibusWarning,
            stacklevel=2,
        )
    return devices


def ask_for_cores() -> int:
    """Let JAX use every core as a device, if nothing has used it yet; how many."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    n_cores = n_cores if n_cores > 1 else os.cpu_count() or 1
    with suppress(RuntimeError):  # in use already: work with the devices that are there
        jax.config.update("jax_num_cpu_devices", n_cores)
    return n_cores


def data_bytes_limit(devices: tuple[Any, ...]) -> int | None:
    """How much of a device's memory training data may take, in bytes.

    Returns:
        Half of what JAX may allocate: runs and steps need the rest. None where it is
        not known, and on CPUs, which use the arrays of the host in place.
    """
    if devices[0].platform == "cpu":
        return None
    known = devices[0].memory_stats() or {}
    return known["bytes_limit"] // 2 if "bytes_limit" in known else None


def use_compilation_cache() -> None:
    """Keep compiled programs in the user's cache, by jaxlib's version.

    Does nothing where the user has chosen a folder, or the folder is not only theirs.
    """
    if jax.config.jax_compilation_cache_dir:  # pyright: ignore[reportAttributeAccessIssue]
        return
    folder = platformdirs.user_cache_path("paribus") / f"jax-{version('jaxlib')}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(folder):
            return
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def _is_private(folder: Path) -> bool:
    """Whether the folder is the user's own and nobody else can write to it."""
    found = folder.lstat()
    is_own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return is_own and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o022


@contextmanager
def debugging_off() -> Iterator[None]:
    """Switch off what JAX has for debugging, and 64 bits: no study is trained so."""
    reasons = {
        "jax_enable_x64": "studies are trained and stored in float32",
        "jax_debug_nans": "diverged runs are results",
        "jax_debug_infs": "diverged runs are results",
        "jax_disable_jit": "studies are compiled programs",
    }
    was_on = {name: getattr(jax.config, name) for name in reasons}
    for name, reason in reasons.items():
        if was_on[name]:
            warnings.warn(
                f"{name} is off while paribus trains: {reason}",
                ParibusWarning,
                stacklevel=3,
            )
            jax.config.update(name, False)
    try:
        yield
    finally:
        for name, value in was_on.items():
            jax.config.update(name, value)


def describe_environment(devices: tuple[Any, ...]) -> dict[str, str]:
    """What the numbers may depend on: versions, device, machine. No names of hosts."""
    packages = ("paribus", "jax", "jaxlib", "optax", "numpy")
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
        "device": f"{len(devices)} × {_device_name(devices[0])}",
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count() or "unknown"),
        **({"flags of XLA": flags} if (flags := os.environ.get("XLA_FLAGS")) else {}),
    }


def _device_name(device: Any) -> str:
    return f"core of {_cpu_name()}" if device.platform == "cpu" else device.device_kind


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "a CPU"
    names = [
        line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
    ]
    return names[0] if names else platform.processor() or "a CPU"
