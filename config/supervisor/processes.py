"""Processes: starting one that ends with us, and telling ours from others'."""

import contextlib
import os
import signal as signals
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
NOBODY = 65534


def guarded(
    command: Sequence[str | Path],
    *,
    signal: str = "TERM",
    namespace: bool = False,
    uid: int | None = None,
    gid: int = NOBODY,
) -> list[str]:
    """Turn ``command`` into one that leads its own session and gets ``signal`` when this process dies."""
    wrapped = [sys.executable, "-I", "-S", str(GUARD), "--parent", str(os.getpid()), "--signal", signal]
    if namespace:
        wrapped.append("--namespace")
    if uid is not None:
        wrapped += ["--uid", str(uid), "--gid", str(gid)]
    return [*wrapped, "--", *(str(part) for part in command)]


@cache
def namespaces_allowed() -> bool:
    """Whether root may step into a user namespace here; containers often forbid it."""
    command = guarded(["/bin/true"], namespace=True)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


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
    listed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
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
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)
