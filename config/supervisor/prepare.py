"""The part of a start that needs Django, in one process: migrate, collect, load the demo, print the sign-ins.

Run by the launcher as ``python -m config.supervisor.prepare FD [static] [tables]``: it writes a byte to the
file descriptor FD when the database is ready, then waits for the end of its input before it prints.
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import CommandError, call_command


def main(told: int, stale: set[str]) -> int:
    django.setup()
    try:
        prepare(stale)
    except CommandError as reason:
        print(reason, file=sys.stderr)
        return 1
    with os.fdopen(told, "wb") as pipe:
        pipe.write(b"1")
    sys.stdin.buffer.read()
    if settings.ENVIRONMENT == "demo":
        call_command("demo_signins")
    return 0


def prepare(stale: set[str]) -> None:
    if "tables" in stale:
        print("Preparing the database …", file=sys.stderr)
        call_command("migrate", verbosity=0, interactive=False)
    if "static" in stale:
        call_command("collectstatic", verbosity=0, interactive=False)
    if settings.ENVIRONMENT == "demo":
        call_command("seed_demo", "--if-empty", stdout=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), set(sys.argv[2:])))
