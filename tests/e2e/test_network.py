"""Nothing about a study is ever sent anywhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bad_builders import write_base
from needs import need


COMMANDS = {
    "run": ["run", "tiny.toml", "--quiet"],
    "report": ["report", "studies/tiny"],
    "show": ["show", "studies/tiny"],
    "range": ["range", "tiny.toml", "--steps", "40", "--seeds", "1"],
}


@pytest.mark.slow
def test_no_command_speaks_to_anything_but_local_sockets(tmp_path: Path):
    need("strace", is_there=shutil.which("strace") is not None)
    write_base(tmp_path)
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    traced = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", "log"]
    spoken = []

    for arguments in COMMANDS.values():
        subprocess.run(
            [*traced, sys.executable, "-m", "paribus", *arguments],
            cwd=tmp_path,
            env=env,
            check=True,
            capture_output=True,
        )
        log = (tmp_path / "log").read_text()
        spoken += re.findall(r"(?:connect|sendto|sendmsg)\(.*?sa_family=(\w+)", log)

    assert set(spoken) <= {"AF_UNIX"}, spoken
