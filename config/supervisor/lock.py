"""``make lock``: bring ``uv.lock`` up to date with ``pyproject.toml``, naming no package index.

Whoever installs uses the index that their own machine is set up for; every file is checked against its hash.
``make lock UPGRADE=1`` takes the newest allowed version of everything; otherwise what is locked stays.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from config.supervisor.programs import say
from config.supervisor.setup import BASE, VENV, index_environment

ADDITIONAL = ("UV_INDEX", "UV_FIND_LINKS")
NOWHERE = "https://packages.invalid"
REGISTRY = re.compile(r'(registry = )"https?://[^"]+"')
FILE = re.compile(r'(url = )"https?://[^/"]+(?:/[^"]*?)?(/packages/[^"]+)"')
LOCAL = re.compile(r'(?:registry|path) = "(?!https?://)[^"]+"')


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("pyproject.toml", "uv.lock"):
            shutil.copy(BASE / name, scratch)
        command = [str(VENV / "bin" / "uv"), "lock", *(["--upgrade"] if os.environ.get("UPGRADE") else [])]
        # Additional sources, often a folder, serve this machine alone; the lock is for everybody's main one.
        main_index = {name: value for name, value in index_environment().items() if name not in ADDITIONAL}
        if subprocess.run(command, cwd=scratch, env=main_index, check=False).returncode:
            return 1
        made = (Path(scratch) / "uv.lock").read_text()
    if found := LOCAL.search(made):
        say(f"This machine installs from its own disk ({found[0]}), which a lock for everybody cannot name.")
        return 1
    (BASE / "uv.lock").write_text(without_hosts(made))
    return 0


def without_hosts(lock: str) -> str:
    """Name the same files at a host that does not exist."""
    return FILE.sub(rf'\1"{NOWHERE}\2"', REGISTRY.sub(rf'\1"{NOWHERE}/simple"', lock))


if __name__ == "__main__":
    sys.exit(main())
