"""Carries live events between processes over PostgreSQL LISTEN/NOTIFY.

A notification is part of the transaction that sends it: commit sends, rollback sends nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from django.contrib.sessions.models import Session
from django.db import connection
from django_eventstream.event import Event
from django_eventstream.views import Listener, ListenerManager

logger = logging.getLogger(__name__)

PG_CHANNEL = "eventstream"
LARGEST = 7900
"""Bytes of one notification; PostgreSQL takes 8,000."""
GATHERED = 0.5
"""Seconds in which news for everybody is gathered, so that a crowd costs each stream two events a second."""
LONGEST_PAUSE = 5.0
"""Seconds between two tries to reach the database."""
HEARERS: dict[str, Callable[[], None]] = {}
"""What this process does when the database says by name that something changed, and after it was deaf."""


class PgListenerManager(ListenerManager):
    """Hands what any process announces to the streams of this one.

    Sending uses the caller's connection. Receiving uses one thread and one connection of its own in
    each process that has streams; after each time it was deaf, all streams read storage.
    """

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._heard: psycopg.Connection | None = None
        self._is_hearing = False
        self._news: dict[tuple[str, str], list[Any]] = {}

    # Sending: what send_event() and channel_permission_changed() of the library call, in any process.

    def add_to_queues(self, channel: str, event: Event) -> None:
        self.announce([event])

    def kick(self, user_id: Any, channel: str) -> None:
        _notify([{"c": channel}])

    def announce(self, events: Iterable[Event]) -> None:
        """Send ``events`` to the streams of every process when our transaction commits."""
        _notify([{"c": event.channel, "t": event.type, "d": event.data, "i": event.id} for event in events])

    def call_out(self, channel: str, kind: str, news: Iterable[Any]) -> None:
        """Send ``news`` to all streams that share ``channel``: gathered, as a list, and not stored."""
        _notify([{"c": channel, "all": kind, "d": one} for one in news])

    def recheck(self, session_key: str) -> None:
        """Have a session's streams, wherever they are, see whether it still lives."""
        _notify([{"s": fingerprint(session_key)}])

    # Receiving

    def add_listener(self, listener: Listener) -> None:
        self.start()
        super().add_listener(listener)

    @property
    def hears(self) -> bool:
        """Whether this process is told of what happens now."""
        return self._is_hearing and self._pid == os.getpid()

    def start(self) -> None:
        with self._guard:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="eventstream-listen", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Give the connection back: a test's database cannot be dropped while it listens."""
        with self._guard:
            if self._pid != os.getpid() or self._thread is None:
                return
            self._stopping.set()
            self._is_hearing = False
            if self._heard:
                self._heard.close()
            self._thread.join(5)
            self._pid = 0

    def _run(self) -> None:
        pause = 0.1
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                self._is_hearing = False
                self._forget()
                if self._stopping.is_set():
                    return
                logger.warning(
                    "Live events lost the database (%s); again in %.1f s.", type(error).__name__, pause
                )
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE) if self._heard is None else 0.1
            self._heard = None

    def _listen(self) -> None:
        with psycopg.connect(**_own_connection(), autocommit=True) as heard:
            heard.execute(f"LISTEN {PG_CHANNEL}")
            self._heard = heard
            self._forget()  # whatever came while we were deaf
            self._is_hearing = True
            self.resync(lambda listener: True)
            while not self._stopping.is_set():
                for notification in heard.notifies(timeout=30):
                    self._deliver(json.loads(notification.payload))
                heard.execute("SELECT 1")  # a dead connection shows here

    @staticmethod
    def _forget() -> None:
        for hear in HEARERS.values():
            hear()

    def _deliver(self, told: dict[str, Any]) -> None:
        if "n" in told:
            HEARERS.get(told["n"], lambda: None)()
        elif "s" in told:
            self.resync(lambda listener: listener.session == told["s"])
        elif "all" in told:
            self._gather(told["c"], told["all"], told["d"])
        elif "t" in told:
            super().add_to_queues(told["c"], Event(told["c"], told["t"], told["d"], id=told["i"]))
        else:
            self.resync(lambda listener: told["c"] in listener.channels)

    def _gather(self, channel: str, kind: str, news: Any) -> None:
        with self._guard:
            is_first = (channel, kind) not in self._news
            self._news.setdefault((channel, kind), []).append(news)
        if is_first:
            timer = threading.Timer(GATHERED, self._hand_out, [channel, kind])
            timer.daemon = True
            timer.start()

    def _hand_out(self, channel: str, kind: str) -> None:
        with self._guard:
            news = self._news.pop((channel, kind))
        super().add_to_queues(channel, Event(channel, kind, json.dumps(news)))

    def resync(self, wanted: Callable[[Listener], bool]) -> None:
        """Make streams check their session and read storage from the last event they sent."""
        with self.lock:
            for listener in self.listeners():
                if wanted(listener):
                    listener.overflow = True
                    listener.wake_threadsafe()

    def listeners(self) -> set[Listener]:
        """The streams of this process; ask with ``lock`` held."""
        return {listener for some in self.listeners_by_channel.values() for listener in some}


def _notify(told: list[dict[str, Any]]) -> None:
    payloads = [json.dumps(one) for one in told]
    payloads = [
        # Too large: "read it from storage".
        text if len(text.encode()) <= LARGEST else json.dumps({"c": one["c"]})
        for one, text in zip(told, payloads, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) payload", [PG_CHANNEL, payloads]
        )


def _own_connection() -> dict[str, Any]:
    """How to reach the database past Django's pool; a dead line is noticed within 20 seconds."""
    ours = {"pool", "cursor_factory", "context"}
    params = {key: value for key, value in connection.get_connection_params().items() if key not in ours}
    alive = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2}
    return params | alive | {"application_name": "eventstream-listen"}


def fingerprint(session_key: str | None) -> str:
    """Name a session without telling its key, which would open it."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()[:16]


def session_ended(instance: Session, **kwargs: Any) -> None:
    """Close the streams of a session that was signed out, rotated or removed."""
    MANAGER.recheck(instance.session_key)


MANAGER = PgListenerManager()
