"""Where Stripe tells us that something happened: a door of its own, before Django's.

Stripe sends in bursts, and gives an answer a few seconds. So nothing stands between the door and the
book but the signature, and what arrives while the book is being written is written next, all in one go.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, NamedTuple

from django.db import close_old_connections

from billing import gateway, receiving
from config.base import Refused

PATH = "/webhook/stripe/"
LARGEST = 1_000_000  # bytes; Stripe's events have a few thousand
AT_ONCE = 100  # webhooks that are written in one go
UNSIGNED = 400
MOST_UNSIGNED, UNSIGNED_WITHIN = 30, 15 * 60  # seconds; what is signed is never refused
MOST_ADDRESSES = 10_000  # that are remembered at all

Application = Callable[[dict[str, Any], Callable, Callable], Awaitable[None]]

log = logging.getLogger(__name__)


class Arrival(NamedTuple):
    """A webhook that was read, and who waits for it to be kept."""

    notice: gateway.Notice
    body: bytes
    loop: asyncio.AbstractEventLoop
    kept: asyncio.Future[None]

    def tell(self, error: Exception | None) -> None:
        self.loop.call_soon_threadsafe(self._tell, error)

    def _tell(self, error: Exception | None) -> None:
        if self.kept.done():  # nobody waits any more
            return
        if error:
            self.kept.set_exception(error)
        else:
            self.kept.set_result(None)


class Mailbag:
    """Keeps webhooks, those that arrive together in one transaction; one thread, begun with the first."""

    def __init__(self) -> None:
        self._arrived: SimpleQueue[Arrival] = SimpleQueue()
        self._guard = Lock()
        self._thread: Thread | None = None

    async def keep(self, notice: gateway.Notice, body: bytes) -> None:
        """Return when the webhook is kept."""
        loop = asyncio.get_running_loop()
        arrival = Arrival(notice, body, loop, loop.create_future())
        self._arrived.put(arrival)
        self._start()
        await arrival.kept

    def _start(self) -> None:
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name="webhooks", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            self._write(self._next())

    def _next(self) -> list[Arrival]:
        """Wait for one, and take along what is there besides."""
        arrivals = [self._arrived.get()]
        try:
            while len(arrivals) < AT_ONCE:
                arrivals.append(self._arrived.get_nowait())
        except Empty:
            return arrivals
        return arrivals

    def _write(self, arrivals: list[Arrival]) -> None:
        error: Exception | None = None
        try:
            close_old_connections()
            receiving.keep([(arrival.notice, arrival.body.decode()) for arrival in arrivals])
        except Exception as failure:  # noqa: BLE001  whatever it is, those who wait have to know
            error = failure
        finally:
            close_old_connections()
        for arrival in arrivals:
            arrival.tell(error)


class Strangers:
    """Counts what came without Stripe's signature, by address and in this process: nothing of it is kept."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = {}

    def wait(self, address: str) -> int:
        """Count one more, and tell for how many seconds its sender should be silent; 0 for not at all."""
        now = time.monotonic()
        if len(self._seen) > MOST_ADDRESSES:
            self._seen.clear()
        seen = self._seen.setdefault(address, deque(maxlen=MOST_UNSIGNED + 1))
        seen.append(now)
        is_full = len(seen) > MOST_UNSIGNED and now - seen[0] < UNSIGNED_WITHIN
        return int(UNSIGNED_WITHIN - (now - seen[0])) + 1 if is_full else 0


class StripeDoor:
    """Answers Stripe's webhooks, and hands everything else to the site behind."""

    def __init__(self, site: Application) -> None:
        self.site = site
        self.bag = Mailbag()
        self.strangers = Strangers()

    async def __call__(self, scope: dict[str, Any], receive: Callable, send: Callable) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.site(scope, receive, send)
            return
        status, told = await self.answer(scope, receive)
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
        if status == UNSIGNED and (wait := self.strangers.wait((scope.get("client") or ("",))[0])):
            status, told = 429, "Too much came from you without Stripe's signature. Please stop."
            headers.append((b"retry-after", str(wait).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": told.encode()})

    async def answer(self, scope: dict[str, Any], receive: Callable) -> tuple[int, str]:
        """Take one webhook; the status and what is said."""
        if scope["method"] != "POST":
            return 405, "Webhooks are sent by POST."
        body = await _body(receive)
        if body is None:
            return 413, "This is too large for a Stripe event. Send the event as Stripe writes it."
        signature = dict(scope["headers"]).get(b"stripe-signature", b"").decode("latin-1")
        try:
            notice = gateway.read_event(body, signature)
        except Refused as no:
            return UNSIGNED, str(no)
        try:
            await self.bag.keep(notice, body)
        except Exception as failure:  # noqa: BLE001  Stripe sends again what we could not keep
            log.error("A webhook could not be kept: %s", type(failure).__name__)  # noqa: TRY400  no payload
            return 503, "This event could not be kept now. Please send it again."
        return 200, "Received."


async def _body(receive: Callable) -> bytes | None:
    """The whole body, or nothing where it is larger than any event."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST:
            return None
        if not message.get("more_body"):
            return body
