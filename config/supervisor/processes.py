"""Processes: starting one that ends with us, and telling ours from others'."""

import contextlib
import os
import signal as signals
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
NOBODY = 65534
MARK = "SUPERVISED_FROM"


@dataclass(frozen=True)
class RunAs:
    """Whom root becomes before it runs something."""

    uid: int
    gid: int
    namespace: bool = False  # nobody inside a namespace, the same user outside

    def options(self) -> list[str]:
        return ["--namespace"] if self.namespace else ["--uid", str(self.uid), "--gid", str(self.gid)]


def guarded(command: Sequence[str | Path], *, signal: str = "TERM", run_as: RunAs | None = None) -> list[str]:
    """Turn ``command`` into one that leads its own session and gets ``signal`` when this process dies."""
    wrapped = [sys.executable, "-I", "-S", str(GUARD), "--parent", str(os.getpid()), "--signal", signal]
    if run_as:
        wrapped += run_as.options()
    return [*wrapped, "--", *(str(part) for part in command)]


@cache
def namespaces_allowed() -> bool:
    """Whether root may step into a user namespace here; containers often forbid it."""
    command = guarded(["/bin/true"], run_as=RunAs(0, 0, namespace=True))
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def exists(pid: int) -> bool:
    """Whether the number names a process at all, a zombie included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def servers_in(data: Path, recorded: int) -> set[int]:
    """The living PostgreSQL processes of the folder ``data``, whose pid file names ``recorded``."""
    if Path("/proc/self/exe").exists():
        return {int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _serves(entry, data)}
    command = ["/bin/ps", "-o", "stat=,command=", "-p", str(recorded)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    state, _, line = listed.stdout.strip().partition(" ")
    return {recorded} if f"-D {data} " in line and not state.startswith("Z") else set()


def _serves(entry: Path, data: Path) -> bool:
    """PostgreSQL's processes all work inside their data folder; a zombie has neither link."""
    try:
        program, folder = (entry / "exe").readlink().name, (entry / "cwd").readlink()
    except OSError:
        return False
    return program.removesuffix(" (deleted)") == "postgres" and folder == data


def end_group(leader: int, number: int = signals.SIGTERM) -> None:
    """Signal a whole process group; harmless when it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS forbids what Linux does not find
        os.killpg(leader, number)


def mark(folder: Path) -> str:
    """What the environment of every process started from ``folder`` says."""
    return f"{MARK}={folder}"


def born(pid: int) -> str:
    """When a process began, to the second: a number that was given to another one is told by this."""
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    return " ".join(subprocess.run(command, capture_output=True, text=True, check=False).stdout.split())


def survivors(folder: Path, recorded: dict[int, str]) -> set[int]:
    """The groups, by leader, that a killed launcher of ``folder`` left running.

    On Linux a process counts when its environment has our mark; elsewhere when it is recorded, and as old as
    recorded.
    """
    if Path("/proc/self/environ").exists():
        return {group for entry in Path("/proc").glob("[0-9]*") if (group := _marked_group(entry, folder))}
    return {pid for pid, birth in recorded.items() if birth and born(pid) == birth}


def _marked_group(entry: Path, folder: Path) -> int | None:
    try:
        environment = (entry / "environ").read_bytes().split(b"\0")
        # "pid (name) state parent group …", and a name may hold anything.
        group = (entry / "stat").read_text().rpartition(")")[2].split()[2]
    except OSError:
        return None
    return int(group) if os.fsencode(mark(folder)) in environment else None
