"""The stream of live events: one per open page, without a thread or a database connection of its own."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib import import_module
from types import FrameType
from typing import Any

from asgiref.sync import SyncToAsync, sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from django_eventstream.event import Event
from django_eventstream.storage import EventDoesNotExist
from django_eventstream.utils import get_channelmanager, get_storage, sse_encode_event
from django_eventstream.views import Listener

from config.base import SignedInRequest
from messaging import listening, streaming
from messaging.views.doors import is_let_in, leave_session_alone, sorry

# Seconds
KEEP_ALIVE = 20
CHECK = 60
MAX_AGE = 30 * 60
AT_ONCE = 100
"""Events that are read from storage at once."""
# Bounds the threads and connections that all streams of a process use together.
READERS = ThreadPoolExecutor(4, thread_name_prefix="events-read")
PAD = ":" + " " * 2048 + "\n\n"  # some browsers and proxies hold back the first bytes
BEAT = "event: keep-alive\ndata:\n\n"


@require_GET
def events(request: SignedInRequest) -> HttpResponse | StreamingHttpResponse:
    """Answer with the person's events from ``Last-Event-ID`` on, or from now on."""
    if not is_let_in(request.user):
        return sorry("You are signed out. Please sign in again.", status=401)  # EventSource stops at this
    asked = request.headers.get("Last-Event-ID") or request.GET.get("lastEventId") or ""
    if asked and not (asked.isdecimal() and asked.isascii() and len(asked) < 19):
        return sorry("This is not the number of an event. Please reload the page.", status=400)
    also = request.GET.get("also", "")
    if also and not (also in streaming.SHARED and streaming.SHARED[also](request.user)):
        return sorry("You cannot listen to this.", status=403)
    channel = streaming.channel_of(request.user)
    # Fixed before the stream starts, so that nothing falls between.
    last = int(asked or get_storage().get_current_id(channel))
    stream = Stream(request, channel=channel, last=last, also={also} - {""})
    leave_session_alone(request)
    return StreamingHttpResponse(
        stream.run(),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


class Stream:
    """One open page's events: those stored since it last looked, then each as it is announced."""

    are_ending = False
    """Whether this process was told to stop; also for streams that open after that."""

    def __init__(self, request: SignedInRequest, *, channel: str, last: int, also: set[str]) -> None:
        self.channel, self.last, self.also = channel, last, also
        self.session_key = request.session.session_key
        self.listener = Listener()
        self.listener.channels = {channel, *also}
        self.listener.session = listening.fingerprint(self.session_key)
        # Whether storage may have events that we have not sent, or the session may be over.
        self.stale = True
        self.until: datetime | None = None
        """When something that its person reads ends by itself: they connect again, and are asked anew."""

    async def run(self) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        close_streams_on_exit(loop)
        await _give_back_what_the_request_took()
        ends = loop.time() + MAX_AGE * random.uniform(0.8, 1.2)  # noqa: S311  spreads reconnections
        check_at = loop.time() + CHECK * random.uniform(0.5, 1)  # noqa: S311
        self.listener.assign_loop()
        listening.MANAGER.add_listener(self.listener)
        try:
            yield f"{PAD}retry: 2000\n{sse_encode_event('stream-open', '', event_id=str(self.last))}"
            while loop.time() < ends and self.left() > 0 and not Stream.are_ending:
                if self.stale:
                    body = await self.catch_up()
                    if body is None:
                        return  # the browser connects again and is told 401
                else:
                    body = await self.wait()
                    if loop.time() > check_at:  # heals a lost notification too
                        check_at, self.stale = loop.time() + CHECK, True
                if body:
                    yield body
        finally:
            listening.MANAGER.remove_listener(self.listener)

    async def catch_up(self) -> str | None:
        """Send what storage has; None when the session is over."""
        try:
            found = await asyncio.get_running_loop().run_in_executor(READERS, self.read)
        except DatabaseError:  # it is away: keep the stream, try again
            await asyncio.sleep(random.uniform(1, 3))  # noqa: S311
            return BEAT
        except EventDoesNotExist as lost:  # trimmed: the page has to ask anew
            self.last = lost.current_id
            return sse_encode_event("stream-reset", "{}", event_id=str(self.last))
        if found is None:
            return None
        self.stale = len(found) == AT_ONCE
        return "".join(self.take(event) for event in found)

    def read(self) -> list[Event] | None:
        """In a reader's thread: the events after ``last``; None where session or right to listen are gone."""
        try:
            # Who may still listen after this was read, could when it happened.
            found = get_storage().get_events(self.channel, self.last, limit=AT_ONCE)
            user = _session_user(self.session_key)
            asked = get_channelmanager()
            if not all(asked.can_read_channel(user, each) for each in self.listener.channels):
                return None
            self.until = streaming.deadline(user)
            return found
        finally:
            _close_connections()

    def left(self) -> float:
        """Seconds until something that its person reads ends by itself."""
        return (self.until - timezone.now()).total_seconds() if self.until else MAX_AGE

    async def wait(self) -> str:
        """Wait for what is announced, and let the browser hear that we are there."""
        listener = self.listener
        body = ""
        try:
            async with asyncio.timeout(min(KEEP_ALIVE, self.left())):
                await listener.aevent.wait()
        except TimeoutError:
            body = BEAT
        with listening.MANAGER.lock:
            listener.aevent.clear()
            announced, listener.channel_items = listener.channel_items, {}
            self.stale, listener.overflow = listener.overflow, False
        if self.stale:
            return body  # storage has it all, for those who may still listen
        for event in announced.get(self.channel, []):
            if event.id is None:  # whispered: not stored, so without a number
                body += sse_encode_event(event.type, event.data)
            elif int(event.id) == self.last + 1:
                body += self.take(event)
            elif int(event.id) > self.last:
                self.stale = True  # a gap: storage has it in order
        shared = [event for channel in self.also for event in announced.get(channel, [])]
        return body + "".join(sse_encode_event(event.type, event.data) for event in shared)

    def take(self, event: Event) -> str:
        self.last = int(event.id)
        return sse_encode_event(event.type, event.data, event_id=str(self.last))


def _session_user(session_key: str | None) -> Any:
    probe = HttpRequest()
    probe.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return get_user(probe)  # looks at the session's row and age, the person's password and is_active


def _close_connections() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:  # a test's transaction
            connection.close()


async def _give_back_what_the_request_took() -> None:
    """Return the database connection and the thread of the middleware; both would stay till the end."""
    await sync_to_async(_close_connections)()
    context = SyncToAsync.thread_sensitive_context.get(None)  # none under the test client
    executor = SyncToAsync.context_to_thread_executor.pop(context, None) if context else None
    if executor:
        executor.shutdown(wait=False)


_hooked_in = 0


def close_streams_on_exit(loop: asyncio.AbstractEventLoop) -> None:
    """End the streams when the server is told to stop: it waits for open responses, uvicorn for ever."""
    global _hooked_in  # noqa: PLW0603  once in each process
    if _hooked_in == os.getpid() or threading.current_thread() is not threading.main_thread():
        return
    _hooked_in = os.getpid()
    for number in (signal.SIGINT, signal.SIGTERM):
        previous = signal.getsignal(number)
        if callable(previous):
            signal.signal(number, _ClosingFirst(loop, previous))


class _ClosingFirst:
    """A signal handler that ends the streams and then does what the server had planned."""

    def __init__(self, loop: asyncio.AbstractEventLoop, previous: Any) -> None:
        self.loop, self.previous = loop, previous

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(_close_all)
        self.previous(number, frame)


def _close_all() -> None:
    Stream.are_ending = True
    with listening.MANAGER.lock:
        for listener in listening.MANAGER.listeners():
            listener.aevent.set()
