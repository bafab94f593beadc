"""Compiled programs are code: they are read from the user's own folder alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

from paribus.engine.devices import use_compilation_cache


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a user's cache will be, for a JAX that has none yet."""
    names = (
        "jax_compilation_cache_dir",
        "jax_persistent_cache_min_compile_time_secs",
    )
    before = {name: getattr(jax.config, name) for name in names}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    jax.config.update("jax_compilation_cache_dir", None)
    yield tmp_path / "paribus"
    for name, value in before.items():
        jax.config.update(name, value)


def chosen() -> str | None:
    return jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]


def test_the_cache_is_the_users_alone_and_of_one_version(cache: Path):
    use_compilation_cache()

    (folder,) = cache.iterdir()
    assert chosen() == str(folder)
    assert folder.name.startswith("jax-")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("how", ["foreign", "open to all", "a link", "a file"])
def test_a_folder_that_others_may_write_is_not_used(
    cache: Path, how: str, monkeypatch: pytest.MonkeyPatch
):
    use_compilation_cache()
    (folder,) = cache.iterdir()
    jax.config.update("jax_compilation_cache_dir", None)
    if how == "foreign":
        owner = folder.stat().st_uid
        monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    elif how == "open to all":
        folder.chmod(0o777)
    else:
        folder.rmdir()
        folder.symlink_to(cache) if how == "a link" else folder.touch()

    use_compilation_cache()

    assert chosen() is None


def test_a_folder_that_the_user_chose_stays(cache: Path, tmp_path: Path):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "mine"))

    use_compilation_cache()

    assert chosen() == str(tmp_path / "mine")
    assert not cache.exists()
