"""The worker's way in at a start: migrate, collect, load the demo, print the sign-ins, then take tasks.

One process for all that needs Django beside the web: loading it is most of what a start costs. Run by the
launcher as ``python -m config.supervisor.prepare FD LOG [static] [tables]``. It writes a byte to the file
descriptor FD when the database is ready, waits for the end of its input, prints, writes another byte, and
goes on as the worker, whose output goes to LOG.
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections


def main(told: int, log: str, stale: set[str]) -> int:
    django.setup()
    try:
        prepare(stale)
    except CommandError as reason:
        print(reason, file=sys.stderr)
        return 1
    os.write(told, b"1")
    sys.stdin.buffer.read()
    if settings.ENVIRONMENT == "demo":
        call_command("demo_signins")
    sys.stdout.flush()
    os.write(told, b"2")
    os.close(told)
    work(log)
    return 0


def prepare(stale: set[str]) -> None:
    if "tables" in stale:
        print("Preparing the database …", file=sys.stderr)
        call_command("migrate", verbosity=0, interactive=False)
    if "static" in stale:
        call_command("collectstatic", verbosity=0, interactive=False)
    if settings.ENVIRONMENT == "demo":
        call_command("seed_demo", "--if-empty", stdout=sys.stderr)


def work(log: str) -> None:
    """Become the worker, as ``manage.py qcluster`` would be."""
    with open(log, "ab") as file:  # noqa: PTH123
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    if not os.environ.get("DATABASE_URL"):  # from here on nothing needs the owner of the tables
        connections["default"].settings_dict["USER"] = settings.DATABASE_APP_ROLE
    connections.close_all()  # the pool of processes is forked, and a connection must not cross a fork
    call_command("qcluster", skip_checks=False)  # the checks load all code, which the fork then shares


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], set(sys.argv[3:])))
