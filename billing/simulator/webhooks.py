"""Sends the webhooks that are owed: signed, again and again until they are taken, or badly on request."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request

from billing.simulator import payouts, sessions
from billing.simulator.events import public
from billing.simulator.state import State

MODES = ("normal", "duplicate", "delay", "reorder", "drop")
DELAY = 3.0  # seconds a delayed webhook waits
GATHERING = 1.0  # seconds in which webhooks gather before they are sent newest first
PAUSE = 0.1
LONGEST_BACK_OFF = 60.0
GIVES_UP_AFTER = 40
PATIENCE = 10  # seconds to wait for an answer


def sign(body: bytes, *, secret: str, at: int) -> str:
    """The ``Stripe-Signature`` header: a time, and an HMAC over the time and the raw body."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def counts(state: State) -> dict[str, int]:
    """How many webhooks are in which state."""
    return dict(state.db.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())


async def deliver_for_ever(state: State, *, url: str, secret: str) -> None:
    """Send what is owed, close the sessions whose time is up and pay out, until cancelled.

    They go to ``url`` unless a test has named another target.
    """
    swept_at = 0.0
    while True:
        if time.monotonic() - swept_at > 2:
            swept_at = time.monotonic()
            with state.writing():
                sessions.expire_overdue(state)
                payouts.sweep(state)
        for event, attempts in due(state, now=time.time()):
            target = state.switch("target", url)
            await deliver(state, event, attempts=attempts, url=target, secret=secret)
        await asyncio.sleep(PAUSE)


def due(state: State, *, now: float) -> list[tuple[str, int]]:
    """The webhooks to send now, in the order that the mode asks for."""
    mode = state.switch("webhooks", "normal")
    if mode == "drop":
        state.db.execute("UPDATE deliveries SET state = 'dropped' WHERE state = 'owed'")
    wait = {"delay": DELAY, "reorder": GATHERING}.get(mode, 0.0)
    newest_first = "DESC" if mode == "reorder" else "ASC"
    return state.db.execute(
        "SELECT event, attempts FROM deliveries JOIN objects ON objects.id = event "  # noqa: S608  our own word
        f"WHERE state = 'owed' AND due <= ? ORDER BY position {newest_first}",
        (now - wait,),
    ).fetchall()


async def deliver(state: State, event: str, *, attempts: int, url: str, secret: str) -> None:
    body = json.dumps(public(state.get("event", event)), indent=2).encode()
    copies = 2 if state.switch("webhooks", "normal") == "duplicate" else 1
    taken = [await asyncio.to_thread(post, url, body, secret) for _ in range(copies)]
    if all(taken):
        state.db.execute("UPDATE deliveries SET state = 'delivered' WHERE event = ?", (event,))
        return
    given_up = attempts + 1 >= GIVES_UP_AFTER
    state.db.execute(
        "UPDATE deliveries SET attempts = ?, due = ?, state = ? WHERE event = ?",
        (
            attempts + 1,
            time.time() + min(LONGEST_BACK_OFF, 0.5 * 2**attempts),
            "given up" if given_up else "owed",
            event,
        ),
    )


def post(url: str, body: bytes, secret: str) -> bool:
    """Send one webhook; true when it was taken."""
    headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Stripe/1.0 (simulated)",
        "stripe-signature": sign(body, secret=secret, at=int(time.time())),
    }
    request = urllib.request.Request(url, body, headers)  # noqa: S310  the address is ours
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return 200 <= answer.status < 300
    except (OSError, urllib.error.HTTPError):
        return False
