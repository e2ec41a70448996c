"""The least that can bring what one says to the others: the floors under the chat, with the same addresses.

``memory`` keeps what is said in the process; ``by_hand`` inserts it and notifies in one transaction, and
hears of it as we do. Neither asks who somebody is; the file that ``HOUSE`` names says whose room is which.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import psycopg
from psycopg_pool import AsyncConnectionPool

TABLE = """CREATE TABLE IF NOT EXISTS bare_message (
    room uuid, sequence int, text text, at timestamptz DEFAULT now(), PRIMARY KEY (room, sequence))"""
INSERT = """INSERT INTO bare_message (room, sequence, text)
SELECT %(room)s, coalesce(max(sequence), 0) + 1, %(text)s FROM bare_message WHERE room = %(room)s
RETURNING sequence"""
LOCK = "SELECT pg_advisory_xact_lock(hashtext(%(room)s))"
SINCE = "SELECT sequence, text FROM bare_message WHERE room = %s AND sequence > %s ORDER BY sequence LIMIT 50"


class Memory:
    """What is said, and who listens, in this process alone."""

    def __init__(self) -> None:
        self.house: dict[str, list[str]] = json.loads(Path(os.environ["HOUSE"]).read_text())
        self.said: dict[str, list[str]] = defaultdict(list)
        self.listening: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)

    async def begin(self) -> None:
        """Nothing is needed."""

    async def say(self, room: str, text: str) -> int:
        self.said[room].append(text)
        self.tell(room, len(self.said[room]))
        return len(self.said[room])

    async def since(self, room: str, after: int) -> list[tuple[int, str]]:
        return list(enumerate(self.said[room], 1))[after : after + 50]

    def tell(self, room: str, sequence: int) -> None:
        for queue in self.listening[room]:
            queue.put_nowait(json.dumps({"room": room, "sequence": sequence}))


class ByHand(Memory):
    """The same with a row for each message, over a pool, heard of by NOTIFY."""

    async def begin(self) -> None:
        url = os.environ["DATABASE_URL"]
        self.pool = AsyncConnectionPool(url, min_size=2, max_size=10, open=False)
        await self.pool.open()
        async with self.pool.connection() as line:
            await line.execute(TABLE)
        self.heard = await psycopg.AsyncConnection.connect(url, autocommit=True)
        await self.heard.execute("LISTEN bare")
        self.hearing = asyncio.create_task(self.hear())

    async def hear(self) -> None:
        async for told in self.heard.notifies():
            room, _, sequence = told.payload.partition(" ")
            self.tell(room, int(sequence))

    async def say(self, room: str, text: str) -> int:
        async with self.pool.connection() as line:
            await line.execute(LOCK, {"room": room})
            found = await (await line.execute(INSERT, {"room": room, "text": text})).fetchone()
            sequence = found[0] if found else 0
            await line.execute("SELECT pg_notify('bare', %s)", [f"{room} {sequence}"])
        return int(sequence)

    async def since(self, room: str, after: int) -> list[tuple[int, str]]:
        async with self.pool.connection() as line:
            return [(row[0], row[1]) for row in await (await line.execute(SINCE, [room, after])).fetchall()]


class Application:
    """Streams at ``/events/``, messages at the addresses of ours."""

    def __init__(self, kind: type[Memory]) -> None:
        self.kind = kind

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self.house = self.kind()
            await self.house.begin()
            await send({"type": "lifespan.startup.complete"})
        elif scope["path"] == "/events/":
            await self.stream(scope, receive, send)
        elif scope["path"].endswith("/messages/"):
            await self.messages(scope, receive, send)

    async def messages(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        room = scope["path"].split("/")[3]
        if scope["method"] == "POST":
            text = json.loads((await receive())["body"])["text"]
            answer: dict[str, Any] = {"sequence": await self.house.say(room, text)}
        else:
            after = int(parse_qs(scope["query_string"].decode())["after"][0])
            found = [
                {"sequence": number, "text": text} for number, text in await self.house.since(room, after)
            ]
            last = found[-1]["sequence"] if found else after
            answer = {"messages": found, "last_sequence": last, "read_by_others": 0}
        body = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def stream(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        cookie = dict(scope["headers"])[b"cookie"].decode()
        rooms = self.house.house[cookie.partition("sessionid=")[2].partition(";")[0]]
        queue: asyncio.Queue[str] = asyncio.Queue()
        for room in rooms:
            self.house.listening[room].add(queue)
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._event(send, "stream-open", "{}", 0)
        leaving = asyncio.create_task(self._wait_for_end(receive, queue))
        number = 0
        while told := await queue.get():
            number += 1
            await self._event(send, "message", told, number)
        await leaving

    async def _wait_for_end(self, receive: Any, queue: asyncio.Queue[str]) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        queue.put_nowait("")

    async def _event(self, send: Any, kind: str, data: str, number: int) -> None:
        body = f"event: {kind}\nid: {number}\ndata: {data}\n\n".encode()
        await send({"type": "http.response.body", "body": body, "more_body": True})


memory, by_hand = Application(Memory), Application(ByHand)
