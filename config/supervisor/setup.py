"""Set-up from a fresh clone: virtual environment, locked packages, system packages.

Run as ``python3 -m config.supervisor.setup [run|test]`` with the system's Python and nothing installed.
Everything it says goes to standard error. What is done already costs no time and no network.
"""

from __future__ import annotations  # an older Python must get as far as being told that it is too old

import ast
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from config.supervisor import system
from config.supervisor.system import Impossible, say

BASE = Path(__file__).resolve().parents[2]
VENV = BASE / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.stamp"
UV = "uv>=0.8,<1"
OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
# What pip is told about its index in pip.conf, uv is told in its own words.
INDEX_SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
}


def main(arguments: list[str]) -> int:
    purpose = arguments[0] if arguments else "run"
    try:
        find_new_python()
        system.provide(system.missing(system.NEEDS[purpose]))
        make_environment()
        install_packages()
    except Impossible as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def find_new_python() -> None:
    """Go on in a newer Python when this one is too old, or say that there is none."""
    if sys.version_info >= OLDEST:
        return
    newer = next(filter(None, map(shutil.which, NEWER)), None)
    if newer:
        os.execv(newer, [newer, "-m", "config.supervisor.setup", *sys.argv[1:]])  # noqa: S606
    raise Impossible(
        "ProMedicine needs Python 3.11 or newer, and this is Python {}.{}. Install a newer one; if it has "
        "another name, give it: make PYTHON=/path/to/python3.12 run".format(*sys.version_info[:2])
    )


def make_environment() -> None:
    """Make ``.venv``, or make it again when the Python it was made with is gone."""
    if works(PYTHON):
        return
    provide_venv()
    say("Making the virtual environment in .venv …")
    run(
        [sys.executable, "-m", "venv", "--clear", VENV], otherwise="The virtual environment could not be made"
    )


def provide_venv() -> None:
    """Make sure that Python can make virtual environments: Debian packages that part separately."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    package = system.Package(
        "the part of Python that makes virtual environments", lambda: False, apt=venv_package()
    )
    system.provide([package])


def venv_package() -> str:
    return "python{}.{}-venv".format(*sys.version_info[:2])


def works(python: Path) -> bool:
    command = [str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install_packages() -> None:
    """Install exactly what ``uv.lock`` names, unless that was done already."""
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    started = time.monotonic()
    say("Installing the locked Python packages (once) …")
    STAMP.unlink(missing_ok=True)
    if not shutil.which("uv", path=VENV / "bin"):
        run([PYTHON, "-m", "pip", "install", "--quiet", UV], otherwise="The installer could not be installed")
    uv = VENV / "bin" / "uv"
    listed: list[str | Path] = [
        uv,
        "export",
        "--quiet",
        "--frozen",
        "--format",
        "requirements-txt",
        "--all-groups",
    ]
    requirements = run(listed, otherwise="uv.lock could not be read")
    run(
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", PYTHON, "-"],
        said=requirements,
        env=index_environment(),
        otherwise="The Python packages could not be installed",
    )
    STAMP.write_text(wanted)
    say(f"Python packages installed in {time.monotonic() - started:.0f} s.")


def fingerprint() -> str:
    """What the environment depends on: the lock, and the Python that it was made with."""
    lock = hashlib.sha256((BASE / "uv.lock").read_bytes()).hexdigest()
    return f"{lock} {(VENV / 'pyvenv.cfg').read_text()}"


def index_environment() -> dict[str, str]:
    """Hand uv the index that this machine's pip is set up for, unless uv has its own.

    Every file is checked against the hash in the lock, whichever index it comes from.
    """
    environment = dict(os.environ)
    for name, value in pip_settings().items():
        variable = INDEX_SETTINGS[name]
        if variable not in environment:
            environment[variable] = value if variable != "UV_FIND_LINKS" else value.replace(" ", ",")
            environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")  # as pip does
    return environment


def pip_settings() -> dict[str, str]:
    """Where pip itself would look for packages: by its files, or before these by its environment."""
    command = [str(PYTHON), "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listed.splitlines():
        place, _, value = line.partition("=")
        section, _, name = place.partition(".")
        if section in found and name in INDEX_SETTINGS:
            found[section][name] = " ".join(ast.literal_eval(value).split())
    return found["global"] | found["install"] | found[":env:"]


def run(
    command: Sequence[str | Path],
    *,
    otherwise: str,
    said: str | None = None,
    env: dict[str, str] | None = None,
) -> str:
    """Run a command quietly and return what it wrote.

    :raises Impossible: when it fails, with what it complained about.
    """
    done = subprocess.run(
        [str(part) for part in command],
        input=said,
        env=env,
        cwd=BASE,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Impossible(f"{otherwise}:\n{(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
