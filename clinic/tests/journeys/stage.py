"""The whole clinic as real processes: web, worker and payment service on a database of its own.

Migrating and seeding take longer than most tests: each kind of clinic is made once in a run, and copied.
"""

from __future__ import annotations

import datetime
import email
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from email import policy
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg import sql

from clinic.demo import people
from config.tests import sharing

PROGRAMS = {
    "web": ["-m", "uvicorn", "config.asgi:application"],
    "worker": ["manage.py", "qcluster"],
    "simulator": ["-m", "uvicorn", "billing.simulator.app:application"],
}
SMALL_DEMO = ("seed_demo", "--patients", "3", "--days", "1", "--ahead", "0")
EMPTY = "model_empty"
PATIENCE = 300  # seconds after which something hangs, however slow the machine is
CODE_LASTS = 30

OWN = {"simulator": {"DEBUG": "true"}}  # it starts only where somebody says that nothing is real


class Stage:
    """A running demo clinic, and what a test looks up behind the scenes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, f"stage_{os.getpid()}"
        self.server = settings.DATABASES["default"]
        self.web, self.payments = (f"http://127.0.0.1:{_free_port()}" for _ in range(2))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.signed_at: dict[str, int] = {}
        self.environment = self.surroundings(self.name, folder)

    def surroundings(self, database: str, folder: Path) -> dict[str, str]:
        """The environment of a process that works with ``database`` and keeps its files in ``folder``."""
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith(("COV_", "PYTEST_"))},
            "ENVIRONMENT": "demo",
            "DATABASE_URL": f"postgres://{self.server['USER']}@/{database}?host={self.server['HOST']}",
            "BASE_URL": self.web,
            "STRIPE_API_BASE": self.payments,
            "WEBHOOK_URL": f"{self.web}/webhook/stripe/",
            "SIMULATOR_STATE": str(folder / "simulator.sqlite3"),
            "FILES_FOLDER": str(folder / "files"),
            "MAIL_FOLDER": str(folder / "mail"),
        }

    def start(self, *seed: str) -> None:
        """Copy a clinic seeded with a command, start every process, wait until they answer."""
        sharing.static_files()
        model, files = EMPTY, sharing.once(EMPTY, self.migrate)
        if seed:
            model = f"model_{hashlib.sha256(' '.join(seed).encode()).hexdigest()[:12]}"
            files = sharing.once(model, lambda folder: self.prepare(model, folder, seed))
        self.create(self.name, like=model)
        shutil.copytree(files, self.folder, dirs_exist_ok=True)
        with self.sql() as database:  # tests run at night as well, and wait for letters
            database.execute("UPDATE clinic_practice SET quiet_from = 0, quiet_until = 0")
        for name in PROGRAMS:
            self.run(name)
        self.wait()

    def prepare(self, model: str, folder: Path, seed: tuple[str, ...]) -> None:
        """Make the clinic that others are copies of: the database ``model`` and what is in ``folder``."""
        self.drop(model)  # an earlier run's
        self.create(model, like=EMPTY)
        self.manage(*seed, environment=self.surroundings(model, folder))

    def migrate(self, folder: Path) -> None:
        """Make the clinic in which nothing has happened yet; every other begins as a copy of it.

        Coverage stays out of it: it looks at no migration, and doubles the minutes that they take.
        """
        self.drop(EMPTY)
        self.create(EMPTY, like="template1")
        surroundings = self.surroundings(EMPTY, folder)
        measured = {name: value for name, value in surroundings.items() if not name.startswith("COVERAGE")}
        self.manage("migrate", "-v0", environment=measured)

    def create(self, name: str, *, like: str) -> None:
        with self.sql("postgres") as server:
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like))
            )

    def drop(self, name: str) -> None:
        with self.sql("postgres") as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def wait(self) -> None:
        """Wait until web and payment service answer."""
        for address in (self.web, self.payments):
            _wait_for(address)

    def manage(self, *command: str, environment: dict[str, str] | None = None) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=environment or self.environment,
            check=True,
            timeout=4 * PATIENCE,
        )

    def run(self, name: str) -> None:
        """Start a process, for the first time or again."""
        ports = {"web": self.web, "simulator": self.payments}
        port = ["--port", ports[name].rpartition(":")[2]] if name in ports else []
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *PROGRAMS[name], *port],
                cwd=settings.BASE_DIR,
                env={**self.environment, "PROCESS": name, **OWN.get(name, {})},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """End a process and all that it started, as a power cut would."""
        process = self.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End what was started, however far the start came, and whatever it started in turn."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with suppress(ProcessLookupError):  # its group is empty: all have gone
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.drop(self.name)

    def sql(self, database: str | None = None) -> psycopg.Connection:
        """The database itself, past every rule."""
        return psycopg.connect(
            host=self.server["HOST"],
            user=self.server["USER"],
            dbname=database or self.name,
            autocommit=True,
        )

    def code(self, who: str) -> str:
        """A code that ``who`` has not used yet: each is good once, and one ahead is taken too."""
        step = max(int(time.time()) // CODE_LASTS, self.signed_at.get(who, 0) + 1)
        while step > time.time() // CODE_LASTS + 1:
            time.sleep(0.5)
        self.signed_at[who] = step
        return people.code(at=datetime.datetime.fromtimestamp(step * CODE_LASTS, tz=datetime.UTC))

    def letter_to(self, address: str, *, about: str) -> str:
        """The text of the first letter to ``address`` whose subject holds ``about``; waits for it."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for file in sorted((self.folder / "mail").glob("*.log")):
                for part in file.read_bytes().split(b"-" * 79):
                    letter = email.message_from_bytes(part.strip(), policy=policy.default)
                    if letter["To"] == address and about in (letter["Subject"] or ""):
                        return letter.get_body(("plain",)).get_content()
            time.sleep(0.3)
        raise TimeoutError(f"No letter about “{about}” came to {address}.")

    def errors(self) -> list[str]:
        """What went wrong in any process, from its log."""
        logs = {path.name: path.read_text(errors="replace") for path in self.folder.glob("*.log")}
        return [
            f"{name}: {line}"
            for name, text in logs.items()
            for line in text.splitlines()
            if re.search(r"Internal Server Error|ERROR|CRITICAL", line)
        ]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def _wait_for(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"Nothing answers at {address}.")
