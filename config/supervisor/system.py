"""What the computer itself must have beside Python: what is missing, and how it is installed."""

from __future__ import annotations  # read by old Pythons too, see setup

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

# Where Homebrew puts libraries; the loader of macOS does not look there by itself.
HOMEBREW = ("/opt/homebrew/lib", "/usr/local/lib")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSERS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


class Impossible(Exception):
    """Set-up cannot go on, and ``str()`` of this says what the person can do."""


@dataclass(frozen=True)
class Package:
    """Something the product uses from outside Python."""

    what: str
    is_there: Callable[[], bool]
    apt: str
    brew: str = ""
    needed: bool = True  # False: the product works without, only less well


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def loads(*names: str) -> bool:
    """Whether a shared library of one of these names can be loaded, which is all that WeasyPrint asks."""
    folders = ("", *(f"{folder}/" for folder in HOMEBREW)) if sys.platform == "darwin" else ("",)
    for name in (folder + name for folder in folders for name in names):
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


def browser() -> str | None:
    """The path of a Chromium for the browser tests."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or next(filter(os.path.exists, MAC_BROWSERS), None)


def writes(language: str) -> bool:
    """Whether a font for this language is installed; the tool that knows comes with Pango."""
    if sys.platform == "darwin":
        return True
    if not shutil.which("fc-list"):
        return False
    command = ["fc-list", f":lang={language}", "family"]
    return bool(subprocess.run(command, capture_output=True, check=False).stdout.strip())


DOCUMENTS = [
    Package(
        "the text layout of PDF documents (Pango)",
        lambda: loads("libpango-1.0.so.0", "libpango-1.0.dylib"),
        apt="libpango-1.0-0",
        brew="pango",
    ),
    Package(
        "the font rendering of PDF documents (PangoFT2)",
        lambda: loads("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib"),
        apt="libpangoft2-1.0-0",
        brew="pango",
    ),
    Package(
        "the font embedding of PDF documents (HarfBuzz)",
        lambda: loads("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib"),
        apt="libharfbuzz-subset0",
        brew="harfbuzz",
    ),
    Package(
        # One family has Latin with Vietnamese, Greek, Cyrillic and Arabic, in three megabytes.
        "fonts for PDF documents in Vietnamese, Arabic and other scripts",
        lambda: all(map(writes, ("en", "vi", "ar", "el"))),
        apt="fonts-dejavu-core",
        needed=False,
    ),
]
BROWSER = Package(
    "a browser for the browser tests", lambda: browser() is not None, apt="chromium", brew="chromium"
)
NEEDS = {"run": DOCUMENTS, "test": [*DOCUMENTS, BROWSER]}


def missing(packages: Iterable[Package]) -> list[Package]:
    return [package for package in packages if not package.is_there()]


def provide(packages: list[Package]) -> None:
    """Install what is missing where that can be done without asking; otherwise print the command.

    :raises Impossible: when something needed is missing and cannot be installed from here.
    """
    if not packages:
        return
    command = install_command(packages)
    for package in packages:
        say(f"Missing: {package.what}.")
    if shutil.which("apt-get") and may_install():
        say(f"Installing {' '.join(names(packages, 'apt'))} (once) …")
        if apt_installs(names(packages, "apt")):
            return
    if any(package.needed for package in packages):
        raise Impossible(f"Install it with this command, then start again:\n    {command}")
    say(f"Going on without. To have it:\n    {command}")


def install_command(packages: list[Package]) -> str:
    if sys.platform == "darwin":
        return f"brew install {' '.join(names(packages, 'brew'))}"
    return f"sudo apt-get install -y --no-install-recommends {' '.join(names(packages, 'apt'))}"


def names(packages: list[Package], manager: str) -> list[str]:
    return sorted({getattr(package, manager) for package in packages} - {""})


def may_install() -> bool:
    """Whether we are root, or may become root without being asked for a password."""
    if os.geteuid() == 0:
        return True
    if not shutil.which("sudo"):
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


def apt_installs(wanted: list[str]) -> bool:
    """Install with apt; on a machine whose package lists are empty or old, refresh them first."""
    install = ["install", "-y", "-q", "--no-install-recommends", *wanted]
    if not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        apt(["update", "-q"])
    return apt(install) or (apt(["update", "-q"]) and apt(install))


def apt(arguments: list[str]) -> bool:
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        say("\n".join(done.stderr.strip().splitlines()[-3:]))
    return done.returncode == 0
