"""Run a command as a process that ends when the one who started it ends.

Started by path with the standard library alone: ``python -I -S guard.py --parent PID -- COMMAND…``.
The command replaces this process, leads its own session (Ctrl-C in the terminal does not reach it), and gets
a signal when its parent dies: from the kernel on Linux, from a small watching process elsewhere.
"""

import argparse
import ctypes
import os
import select
import signal
import sys
import time
from pathlib import Path

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_READ_SEARCH = 2
CAP_DAC_OVERRIDE = 1
GRACE = 10  # seconds between asking and forcing


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    os.setsid()
    if options.namespace:
        enter_user_namespace()
    elif options.uid is not None:
        become(options.uid, options.gid)
    on_parent_death(options)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # an ignored signal would stay ignored in the command
    os.execv(options.command[0], options.command)  # noqa: S606 - the whole purpose


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parent", type=int, required=True, help="process whose death ends the command")
    parser.add_argument("--signal", default="TERM", help="what the command gets then: TERM or INT")
    parser.add_argument("--namespace", action="store_true", help="leave root through a user namespace")
    parser.add_argument("--uid", type=int, help="leave root for this user")
    parser.add_argument("--gid", type=int, default=NOBODY)
    parser.add_argument("--watch", action="store_true", help="watch from a process, even on Linux")
    parser.add_argument("command", nargs="+")
    return parser.parse_args(arguments)


def enter_user_namespace() -> None:
    """Be nobody inside and the same user outside, so that files keep their owner.

    :raises OSError: when this machine forbids user namespaces.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "User namespaces are not allowed here.")
    for name, line in (("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1")):
        Path("/proc/self", name).write_text(line)


def become(uid: int, gid: int) -> None:
    """Give up root, but keep reading through folders such as a closed home that lead to our own files."""
    libc = ctypes.CDLL(None, use_errno=True)
    keeps = sys.platform == "linux" and libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if keeps:
        any(keep_capability(libc, number) for number in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE))


def keep_capability(libc: ctypes.CDLL, number: int) -> bool:
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << number
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit)  # effective, permitted, inheritable
    if libc.capset(header, sets) != 0:
        return False
    return libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) == 0


def on_parent_death(options: argparse.Namespace) -> None:
    number = getattr(signal, f"SIG{options.signal}")
    if sys.platform == "linux" and not options.watch:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != options.parent:  # it died before we asked
            sys.exit(1)
    elif os.fork() == 0:
        watch(options.parent, command=os.getppid(), number=number)


def watch(parent: int, *, command: int, number: int) -> None:
    """Sit beside the command until it or its parent has ended; never returns."""
    signal.signal(number, signal.SIG_IGN)  # the group we signal includes ourselves
    wait_for_end(parent, command)
    if os.getppid() == command:
        os.killpg(command, number)
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and os.getppid() == command:
            time.sleep(0.1)
        os.killpg(command, signal.SIGKILL)
    os._exit(0)


def wait_for_end(*pids: int) -> None:
    """Return when any of these processes has ended, although nobody may have fetched its status yet."""
    try:
        if sys.platform == "linux":
            poll = select.poll()
            for pid in pids:
                poll.register(os.pidfd_open(pid), select.POLLIN)
            poll.poll()
        else:
            wanted = (select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT)
            select.kqueue().control([select.kevent(pid, *wanted) for pid in pids], 1, None)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()
