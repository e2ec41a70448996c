"""What one test run makes once, by whichever of its processes needs it first."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

FOLDER = "TEST_RUN_FOLDER"


def begin() -> None:
    """Make the run's folder; the workers of pytest-xdist find the controller's in the environment."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="test-run-")
        atexit.register(shutil.rmtree, os.environ[FOLDER], ignore_errors=True)


def once(name: str, make: Callable[[Path], object]) -> Path:
    """A folder of this run called ``name``, filled by ``make`` the first time; others wait for it."""
    folder = Path(os.environ[FOLDER]) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            filling = folder.with_suffix(".filling")
            shutil.rmtree(filling, ignore_errors=True)  # of one that failed
            filling.mkdir()
            make(filling)
            filling.rename(folder)
    return folder


def static_files() -> None:
    """Collect the files that a web process serves: a fresh clone has none."""
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    once("static", lambda folder: subprocess.run(command, cwd=settings.BASE_DIR, check=True))
