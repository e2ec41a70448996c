"""Open rooms of many people in one process: each listens, fetches and writes as ``room.js`` does."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from config.benchmarks.reports import CannotMeasure
from config.benchmarks.rooms import Person

PATIENCE = 900  # seconds after which something hangs, however slow the machine is
LONGEST_PAUSE = 2.0  # seconds; a browser waits up to thirty
BROKEN = (OSError, EOFError, ValueError, asyncio.LimitOverrunError)
Told = tuple[int, str, dict[str, Any]]
"""A live event: its number, its kind, what it says."""


class Line:
    """A kept connection to a web process, over which somebody asks one thing after the other."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.port = 0
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, port: int, path: str, body: str | None = None) -> tuple[int, Any]:
        """The status and what was answered, where that is JSON; the beginning of another refusal.

        :raises OSError, EOFError: the connection broke; what was asked may have been done
        """
        try:
            reader, writer = await self._opened(port)
            writer.write(request(path, self.person.headers, body))
            return await self._answer(reader)
        except BROKEN:
            self.close()
            raise

    async def _opened(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.reader is None or self.writer is None or self.port != port or self.reader.at_eof():
            self.close()
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
            self.port = port
        return self.reader, self.writer

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, Any]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        status = int(head.split(" ", 2)[1])
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        content = await reader.readexactly(length)
        if "connection: close" in head:
            self.close()
        if "application/json" in head:
            return status, json.loads(content)
        return status, content.decode(errors="replace")[:200] if status >= 400 else None

    def close(self) -> None:
        """Let go, without a word."""
        if self.writer:
            self.writer.transport.abort()
        self.reader = self.writer = None


def request(path: str, headers: str, body: str | None = None) -> bytes:
    kind = "application/json" if (body or "").startswith("{") else "application/x-www-form-urlencoded"
    sent = "" if body is None else f"Content-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n"
    method = "GET" if body is None else "POST"
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}{sent}\r\n{body or ''}".encode()


async def lines_of(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    """The lines of a chunked answer until it ends, or breaks."""
    rest = b""
    while size := int(await reader.readline() or b"0", 16):
        rest += await reader.readexactly(size)
        await reader.readline()
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line.decode()


async def events_of(reader: asyncio.StreamReader) -> AsyncIterator[Told]:
    said: dict[str, str] = {}
    async for line in lines_of(reader):
        name, _, value = line.partition(":")
        if name:
            said[name] = value.strip()
        elif not line and said:
            if "event" in said:
                yield int(said.get("id") or 0), said["event"], json.loads(said.get("data") or "{}")
            said = {}


class Stream:
    """Somebody's live events, connected again whenever they break."""

    def __init__(self, person: Person, port: Callable[[], int], take: Callable[[str, dict], None]) -> None:
        self.person, self.port, self.take = person, port, take
        self.last: int | str = person.last_event
        self.news = asyncio.Event()
        self.told: list[Told] = []
        self.opened, self.answer, self.is_open = 0, 0, False
        self.transport: asyncio.WriteTransport | None = None

    async def run(self) -> None:
        """Listen for ever, or until nobody may listen any more."""
        pause = 0.1
        while self.answer != 401:
            before = self.opened
            with suppress(*BROKEN):
                await self.listen()
            self.is_open = False
            self.take("broken", {})
            pause = 0.1 if self.opened > before else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def listen(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port())
        self.transport = writer.transport
        try:
            query = urlencode({"lastEventId": self.last})
            writer.write(request(f"/events/?{query}", self.person.headers))
            head = await reader.readuntil(b"\r\n\r\n")
            self.answer = int(head.split(b" ", 2)[1])
            if self.answer == 200:
                async for number, kind, data in events_of(reader):
                    self.hear(number, kind, data)
        finally:
            writer.transport.abort()

    def hear(self, number: int, kind: str, data: dict[str, Any]) -> None:
        if kind == "stream-open":
            self.opened, self.is_open = self.opened + 1, True
        elif number:  # a keep-alive has none, and what is only whispered
            self.last = number
            self.told.append((number, kind, data))
            self.news.set()
            self.news = asyncio.Event()
        self.take(kind, data)

    def cut(self) -> None:
        if self.transport:
            self.transport.abort()


class Page:
    """One member's open room."""

    def __init__(self, person: Person, room: str, port: Callable[[], int], *, marks: bool = False) -> None:
        self.person, self.room, self.port, self.marks = person, room, port, marks
        self.address = f"/portal/rooms/{room}/messages/"
        self.shown: list[tuple[int, str]] = []
        self.read_by_others = self.marked = 0
        self.fetching, self.writing = Line(person), Line(person)
        self.stream = Stream(person, port, self.hear)
        self.wanted, self.fetched = asyncio.Event(), asyncio.Event()

    @property
    def last(self) -> int:
        return self.shown[-1][0] if self.shown else 0

    def run(self) -> Iterator[Any]:
        """What goes on while the page is open."""
        yield self.stream.run()
        yield self.catch_up()

    def hear(self, kind: str, data: dict[str, Any]) -> None:
        if kind in {"stream-open", "stream-reset", "broken"} or data.get("room") == self.room:
            self.wanted.set()

    async def catch_up(self) -> None:
        """One fetch at a time; what is asked for meanwhile follows it."""
        while True:
            await self.wanted.wait()
            self.wanted.clear()
            try:
                await self.fetch()
            except BROKEN:
                await asyncio.sleep(0.2)
                self.wanted.set()

    async def fetch(self) -> None:
        status, found = await self.fetching.ask(self.port(), f"{self.address}?after={self.last}")
        if status != 200:
            if status >= 500:
                raise OSError(f"The web process answered {status}.")
            return
        self.shown += [(one["sequence"], one["text"]) for one in found["messages"]]
        self.read_by_others = found["read_by_others"]
        self.fetched.set()
        self.fetched = asyncio.Event()
        if found["last_sequence"] > self.last:
            self.wanted.set()
        if self.marks and self.last > self.marked:
            await self.mark()

    async def mark(self) -> None:
        reached = self.last
        body = json.dumps({"sequence": reached})
        status, _ = await self.fetching.ask(self.port(), f"/portal/rooms/{self.room}/read/", body)
        if status != 200:
            raise OSError(f"The mark was answered with {status}.")
        self.marked = reached

    async def say(self, text: str, *, lose_answer_after: float | None = None) -> int:
        """Send ``text`` until it is taken, again where the answer was lost; returns how often."""
        body = json.dumps({"text": text, "client_id": str(uuid4())})
        tries = 0
        while True:
            tries += 1
            try:
                asked = self.writing.ask(self.port(), self.address, body)
                status, said = await asyncio.wait_for(asked, lose_answer_after)
            except (*BROKEN, TimeoutError):
                self.writing.close()
            else:
                if status == 200:
                    self.wanted.set()  # as after every message of one's own
                    return tries
                if status < 500:
                    raise RuntimeError(f"A message was refused with {status}: {said}.")
            lose_answer_after = None
            await asyncio.sleep(min(0.1 * 2**tries, LONGEST_PAUSE))


async def until(true: Callable[[], Any], what: str) -> None:
    async def ask() -> Any:
        return true()

    await until_asked(ask, what)


async def until_asked(true: Callable[[], Awaitable[Any]], what: str) -> None:
    ends = time.monotonic() + PATIENCE
    while not await true():
        if time.monotonic() > ends:
            raise CannotMeasure(f"Waited in vain until {what}.")
        await asyncio.sleep(0.05)
