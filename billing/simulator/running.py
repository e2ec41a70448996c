"""The simulator as a process of its own, and what one wants of it over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20  # seconds


class _Stay(urllib.request.HTTPRedirectHandler):
    """Shows where an answer sends the browser, and does not go there."""

    def redirect_request(self, *_: Any) -> None:
        return None


BROWSER = urllib.request.build_opener(_Stay)


class RunningSimulator:
    """One simulator process and what a test wants of it."""

    def __init__(self, address: str) -> None:
        self.address = address

    def press(self, page: str, button: str) -> str:
        """Press a button of a payment page; where the browser is sent, or '' when it stays."""
        try:
            BROWSER.open(f"{page}/{button}", data=b"", timeout=PATIENCE).close()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.headers.get("Location", "")
        return ""

    def control(self, lever: str, mode: str | int) -> dict[str, Any]:
        """Move a lever; ``billing.simulator.levers`` lists them."""
        body = json.dumps({"mode": str(mode)}).encode()
        with BROWSER.open(f"{self.address}/simulator/{lever}", data=body, timeout=PATIENCE) as answer:
            return json.load(answer)

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """The last events, oldest first, of these kinds."""
        query = urlencode({"limit": 100} | {f"types[{number}]": kind for number, kind in enumerate(kinds)})
        request = urllib.request.Request(  # noqa: S310  our own process
            f"{self.address}/v1/events?{query}", headers={"authorization": "Bearer sk_test_reader"}
        )
        with BROWSER.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)["data"][::-1]

    def counts(self) -> dict[str, int]:
        """How many webhooks are owed, delivered, dropped."""
        with BROWSER.open(f"{self.address}/simulator/webhooks", timeout=PATIENCE) as answer:
            return json.load(answer)["webhooks"]

    def wait_until_delivered(self) -> None:
        """Wait until no webhook is owed."""
        until = time.monotonic() + PATIENCE
        while self.counts().get("owed"):
            if time.monotonic() > until:
                raise TimeoutError("Webhooks are still owed.")
            time.sleep(0.05)


@contextmanager
def running(state: Path, **environment: str) -> Iterator[RunningSimulator]:
    """A simulator on a free port, its memory in ``state``; it drops webhooks until told otherwise."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = start(port, state=state, **environment)
    simulator = RunningSimulator(f"http://127.0.0.1:{port}")
    try:
        _await(simulator, process)
        yield simulator
    finally:
        process.terminate()
        process.wait(PATIENCE)


def start(port: int, *, state: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start the simulator on ``port``; it may take a moment until it answers."""
    command = [sys.executable, "-m", "uvicorn", "billing.simulator.app:application", "--port", str(port)]
    return subprocess.Popen(  # noqa: S603  our own command
        [*command, "--log-level", "error"],
        cwd=ROOT,
        env={**os.environ, "DEBUG": "true", "SIMULATOR_STATE": str(state), **environment},
    )


def _await(simulator: RunningSimulator, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            simulator.control("webhooks", "drop")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("The payment simulator did not start.")
