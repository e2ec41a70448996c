"""A database of a benchmark's own, made for it and gone after it, and processes of the clinic upon it.

Nothing of the demo or of a practice is read or written.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django
from django.core.management import call_command

from config.benchmarks.reports import CannotMeasure
from config.supervisor import postgres, processes, surroundings

PATIENCE = 60  # seconds until a process must answer


@dataclass
class Place:
    """A server of one's own, and a folder that goes with it."""

    folder: Path
    server: postgres.Server


@contextmanager
def database(*, durable: bool = False) -> Iterator[Path]:
    """An empty database with every table; Django is set up on it. One in each run of a process.

    Unless it is to be ``durable``, it does not wait for the disk.
    """
    with place(durable=durable) as found:
        yield found.folder


@contextmanager
def place(*, durable: bool = False, tables: Path | None = None) -> Iterator[Place]:
    """As ``database``, with the server in hand.

    ``tables`` is a dump of an empty database: reading it is quicker than making the tables.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        server = postgres.Server(folder / "data", durable=durable)
        server.start()
        try:
            server.ensure_database()
            there = postgres.address(server.data)
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "ENVIRONMENT": "test",
                "DATABASE_URL": f"postgres://{there['USER']}@/{there['NAME']}"
                f"?host={there['HOST']}&port={there['PORT']}",
                "FILES_FOLDER": str(folder / "files"),
                "MAIL_FOLDER": str(folder / "mail"),
            }
            django.setup()
            if tables:
                _fill(server, tables)
            else:
                print("Making the tables …", file=sys.stderr)
                call_command("migrate", verbosity=0)
                call_command("collectstatic", verbosity=0, interactive=False)  # a fresh clone has none
            yield Place(folder, server)
        finally:
            server.stop()


def _fill(server: postgres.Server, tables: Path) -> None:
    there = postgres.address(server.data)
    where = ["-h", there["HOST"], "-p", there["PORT"], "-U", there["USER"], "-d", there["NAME"]]
    options = ["--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-f", str(tables)]
    subprocess.run([postgres.binary("psql"), *where, *options], check=True)


@contextmanager
def served(application: str, **environment: str) -> Iterator[tuple[int, int]]:
    """An ASGI application on the server and with the options of the clinic's web process: port and pid."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["-m", "uvicorn", "--log-level", "error", "--no-access-log", "--port", str(port), application]
    with running(command, **environment) as process:
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise CannotMeasure(f"{application} did not start.")
        yield port, process.pid


@contextmanager
def running(command: Sequence[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours that ends with this block."""
    process = subprocess.Popen(
        processes.guarded([sys.executable, *command]),
        cwd=surroundings.BASE,
        env=os.environ | environment,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
