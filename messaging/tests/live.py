"""Real web processes and real streams, for tests of what happens between processes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from config.tests import sharing

PATIENCE = 15
"""Seconds a busy machine may take."""
BEGIN_PATIENCE = 90
"""Seconds until a process has loaded all code on a busy machine."""


def wait_until(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> None:
    ends = time.monotonic() + patience
    while not true():
        assert time.monotonic() < ends, f"Waited in vain: {what}"
        time.sleep(0.02)


BUSY = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""


def wait_until_quiet() -> None:
    """Wait until no other process is at our database: what pages still asked for would meet its emptying."""
    quiet_since = time.monotonic()

    def is_quiet() -> bool:
        nonlocal quiet_since
        with connection.cursor() as cursor:
            cursor.execute(BUSY)
            if cursor.fetchone() != (0,):
                quiet_since = time.monotonic()
        return time.monotonic() - quiet_since > 0.2

    wait_until(is_quiet, "the database is quiet")


class Web:
    """One web process of ours on a free port."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen | None = None

    def start(self) -> Web:
        sharing.static_files()
        database = connection.settings_dict
        # As in production: the owner of the tables is not who serves pages.
        user = database["USER"] if os.environ.get("DATABASE_URL") else settings.DATABASE_APP_ROLE
        address = f"postgres://{user}@/{database['NAME']}?host={database['HOST']}&port={database['PORT']}"
        environment = {
            **os.environ,
            "ENVIRONMENT": "test",
            "PROCESS": "web",
            "DATABASE_URL": address,
            "POOL_SIZE": "4",
            "FILES_FOLDER": str(settings.MEDIA_ROOT),  # what a test keeps is found there
            "SMS_PROVIDER": "file",  # its page is looked at; it sends none itself
        }
        command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--log-level", "error", "--timeout-graceful-shutdown", "10"],
            cwd=settings.BASE_DIR,
            env=environment,
        )
        wait_until(self.answers, "the web process answers", BEGIN_PATIENCE)
        return self

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def kill(self, number: int = signal.SIGKILL) -> float:
        """End the process; returns the seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        return time.monotonic() - begun

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.kill()


class Page:
    """A page of somebody's browser that listens, and fetches what it is told of, as ``room.js`` does."""

    def __init__(self, web: Web, browser: Client, *, last: int | str = "", also: str = "") -> None:
        self.web, self.last, self.also = web, str(last), also
        self.cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
        self.events: list[tuple[str, dict]] = []
        self.messages: list[dict] = []
        self.status = 0
        self.is_open = False
        self.socket: socket.socket | None = None
        self.connect()

    def connect(self) -> Page:
        self.hang_up()
        self.line = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=60)
        headers = {"Cookie": self.cookie} | ({"Last-Event-ID": self.last} if self.last else {})
        self.line.request("GET", f"/events/?also={self.also}", headers=headers)
        self.socket = self.line.sock
        self.answer = self.line.getresponse()
        self.has_begun = False
        self.status, self.is_open = self.answer.status, self.answer.status == 200
        if self.is_open:
            self.reader = threading.Thread(target=self.listen, daemon=True)
            self.reader.start()
            wait_until(lambda: self.has_begun or not self.is_open, "the beginning of the stream")
        return self

    def listen(self) -> None:
        kind, data = "", ""
        try:
            for line in self.answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    data = value
                elif name == "id":
                    self.last = value
                elif not name and kind:
                    self.take(kind, data)
                    kind, data = "", ""
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            pass  # the line was cut
        self.is_open = False

    def take(self, kind: str, data: str) -> None:
        self.has_begun = True
        if kind not in {"stream-open", "keep-alive"}:
            self.events.append((kind, json.loads(data)))

    def cut(self) -> None:
        """Lose the connection without a word."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.reader.join(PATIENCE)
        self.hang_up()

    def hang_up(self) -> None:
        if self.socket:
            self.answer.close()
            self.line.close()
            self.socket.close()

    def ask(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        line = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=PATIENCE)
        try:
            line.request(method, path, body and json.dumps(body), {"Cookie": self.cookie})
            answer = line.getresponse()
            return answer.status, json.loads(answer.read() or "null")
        finally:
            line.close()

    def numbers(self) -> list[int]:
        """The messages this page was told of, in the order of telling."""
        return [data["sequence"] for kind, data in self.events if kind == "message"]

    def notes(self) -> list[int]:
        return [data["n"] for kind, data in self.events if kind == "note"]
