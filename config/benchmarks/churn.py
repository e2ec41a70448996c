"""Conversations while things break: every message once, in order, and nothing to those whom it is not for.

Three web processes and a worker under the eyes of the supervisor; people write in many rooms at once while
streams are cut, answers are lost, a web process is killed and the database is started again.

``python -m config.benchmarks.churn ROOMS MESSAGES TABLES`` does the same in another size, upon the tables of
a dump, and prints the report.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils import timezone

from config.benchmarks import findings, scratch
from config.benchmarks.pages import BROKEN, PATIENCE, Line, Page, Stream, until, until_asked
from config.benchmarks.reports import CannotMeasure, Report
from config.benchmarks.rooms import CSRF, House, Person, furnish
from config.supervisor import surroundings
from config.supervisor.programs import Program

if TYPE_CHECKING:
    from config.supervisor.postgres import Server

WEBS = 3
ROOMS, MESSAGES = 200, 3000
ROOMS_OF_DOCTOR = 5
A_SECOND = 50
"""Messages that are sent in a second, as far as the machine can."""
CUT_EVERY, LOSE_EVERY, WORRY_EVERY, KNOCK_EVERY = 5, 7, 20, 10
"""Every so many messages a stream is cut, an answer is lost, words call for help, strangers knock."""
SEEN_EVERY = 5
"""In every so many rooms both sides look at the page, so that messages are marked as read."""
TARGETS = {
    "missing": 0,  # messages that nobody can read
    "stored_twice": 0,
    "unwritten": 0,  # stored although nobody of the room wrote it
    "pages_amiss": 0,  # pages that do not show every message of their room once and in order
    "streams_amiss": 0,  # streams with a gap, a double or something out of order
    "events_of_others": 0,
    "events_after_going": 0,
    "let_in": 0,
    "amiss_in_concerns": 0,
    "closed_s": 5,
}


def run() -> Report:
    return churn(ROOMS, MESSAGES)


def churn(rooms: int, messages: int, *, tables: Path | None = None) -> Report:
    with scratch.place(tables=tables) as place:
        print("Opening rooms …", file=sys.stderr)
        # Two more rooms are of those who go in the middle of it.
        house = furnish([ROOMS_OF_DOCTOR] * (rooms // ROOMS_OF_DOCTOR) + [1, 1], strangers=2)
        with programs(place.folder) as running:
            day = Day(house, running, place.server, messages)
            asyncio.run(day.live())
            return findings.report(day.seen, day.pages, day.staying, day.outside, targets=TARGETS)


@dataclass
class Programs:
    """The clinic's processes, each started again when it ends."""

    ports: list[int]
    all: list[Program]

    async def watch(self) -> None:
        while True:
            for program in self.all:
                program.watch(time.monotonic())
            await asyncio.sleep(0.1)

    def port(self) -> int:
        return random.choice(self.ports)  # noqa: S311


@contextmanager
def programs(folder: Path) -> Iterator[Programs]:
    ports = [_free_port() for _ in range(WEBS)]
    server = ["-m", "uvicorn", "config.asgi:application", "--log-level", "error"]
    commands = [[*server, "--port", str(port), "--timeout-graceful-shutdown", "5"] for port in ports]
    commands.append(["manage.py", "qcluster"])
    found = []
    for number, command in enumerate(commands):
        name = "worker" if command[0] == "manage.py" else "web"
        log = folder / f"{name}-{number}.log"
        own = {"PROCESS": name, "POOL_SIZE": "4"}
        found.append(Program(f"{name} {number}", command, os.environ | own, log, patience=20))
    try:
        for program in found:
            program.start()
        for port in ports:
            _wait_for(port)
        yield Programs(ports, found)
    finally:
        for program in found:
            program.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), 1).close()
        time.sleep(0.1)
    raise CannotMeasure("A web process did not start.")


@dataclass
class Seen:
    """What everybody saw of a day, and what was done to them."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    """Rooms and the words that somebody wrote there."""
    counted: Counter[str] = field(default_factory=Counter)
    answers_outside: Counter[int] = field(default_factory=Counter)
    closed: list[float] = field(default_factory=list)
    gone: dict[str, datetime] = field(default_factory=dict)
    """People who may not be in any more, and since when."""


class Day:
    """Everybody's open pages, and what happens to them."""

    def __init__(self, house: House, running: Programs, server: Server, messages: int) -> None:
        self.house, self.running, self.server, self.messages = house, running, server, messages
        self.seen, self.turn = Seen(), asyncio.Lock()
        self.pages = [
            Page(person, talk.room, running.port, marks=number % SEEN_EVERY == 0)
            for number, talk in enumerate(house.talks)
            for person in talk.people
        ]
        *self.staying, patient, self.dismissed, self.leaving, doctor = self.pages
        self.staying += [patient, doctor]
        self.outside = [Stream(one, running.port, lambda *told: None) for one in house.strangers]

    async def live(self) -> None:
        background = [self.running.watch(), *(stream.run() for stream in self.outside)]
        background += [work for page in self.pages for work in page.run()]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in background]
            await until(lambda: all(page.stream.is_open for page in self.pages), "all streams are open")
            print("Writing, and breaking things …", file=sys.stderr)
            began = time.monotonic()
            await self.talk()
            self.seen.counted["messages_per_s"] = round(self.messages / (time.monotonic() - began))
            print("Waiting until everybody has everything …", file=sys.stderr)
            await until(self.is_all_shown, "all pages show every message")
            await until_asked(findings.last_letter_is_sent, "the last letter is sent")
            for task in tasks:
                task.cancel()

    async def talk(self) -> None:
        """Everybody writes in turn; at fixed places of the day something breaks."""
        breaks = dict(
            zip(
                (self.messages * part // 5 for part in (1, 2, 3)),
                (self.kill_a_web, self.restart_the_database, self.send_two_away),
                strict=True,
            )
        )
        lines: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in self.staying]
        taken = asyncio.Semaphore(0)
        began = time.monotonic()
        async with asyncio.TaskGroup() as group, asyncio.TaskGroup() as happens:
            writers = [
                group.create_task(self.write(page, line, taken))
                for page, line in zip(self.staying, lines, strict=True)
            ]
            for number in range(self.messages):
                await asyncio.sleep(began + number / A_SECOND - time.monotonic())
                lines[number % len(lines)].put_nowait(number)
                if number in breaks:
                    happens.create_task(self.in_turn(breaks[number]))
                if number % CUT_EVERY == 0:
                    random.choice(self.staying).stream.cut()  # noqa: S311
                if number % KNOCK_EVERY == 0:
                    happens.create_task(self.knock())
            for _ in range(self.messages):
                await taken.acquire()
            for writer in writers:
                writer.cancel()

    async def write(self, page: Page, line: asyncio.Queue[int], taken: asyncio.Semaphore) -> None:
        while True:
            number = await line.get()
            # The last ones call for help too: their letters show that the worker still works.
            worries = number % WORRY_EVERY == 0 or number >= self.messages - 2
            text = f"{findings.WORRY}, {number}" if worries else f"Line {number}"
            self.seen.sent.append((page.room, text))
            lose = random.uniform(0, 0.05) if number % LOSE_EVERY == 0 else None  # noqa: S311
            tries = await page.say(text, lose_answer_after=lose)
            self.seen.counted["tries"] += tries
            taken.release()

    async def in_turn(self, happen: Callable[[], Awaitable[None]]) -> None:
        async with self.turn:
            await happen()

    async def kill_a_web(self) -> None:
        victim = self.running.all[0].process
        if victim:
            victim.kill()
            self.seen.counted["webs_killed"] += 1

    async def restart_the_database(self) -> None:
        await asyncio.to_thread(self.server.stop)
        self.server.start()  # not in a thread: it ends with the one that started it
        self.seen.counted["databases_restarted"] += 1

    async def send_two_away(self) -> None:
        """The account of a doctor is closed; a patient signs out."""
        await until(lambda: self.dismissed.stream.is_open and self.leaving.stream.is_open, "both listen")
        await asyncio.to_thread(findings.dismiss, self.dismissed.person.user)
        await self.is_shut(self.dismissed)
        await self.sign_out(self.leaving.person)
        await self.is_shut(self.leaving)

    async def sign_out(self, person: Person) -> None:
        """Press it, again where nobody answers: a web process may just be on its way back."""
        form = urlencode({"csrfmiddlewaretoken": CSRF})
        while True:
            try:
                await Line(person).ask(self.running.port(), "/accounts/logout/", form)
            except BROKEN:
                await asyncio.sleep(0.2)
            else:
                return

    async def is_shut(self, page: Page) -> None:
        began = time.monotonic()
        self.seen.gone[page.person.user] = timezone.now()
        await until(lambda: not page.stream.is_open, "a stream is closed")
        self.seen.closed.append(time.monotonic() - began)
        await until(lambda: page.stream.answer == 401, "nobody may listen any more")

    async def knock(self) -> None:
        """Those whom it does not concern try to read and to write in a room."""
        talk, others = random.sample(self.house.talks[:-2], 2)
        tries = [(person, talk.room) for person in (*self.house.strangers, others.patient)]
        tries += [
            (page.person, page.room)
            for page in (self.dismissed, self.leaving)
            if page.person.user in self.seen.gone
        ]
        for person, room in tries:
            line = Line(person)
            for body in (None, json.dumps({"text": "Let me in"})):
                with suppress(*BROKEN):
                    status, _ = await line.ask(self.running.port(), f"/portal/rooms/{room}/messages/", body)
                    self.seen.answers_outside[status] += 1
            line.close()

    def is_all_shown(self) -> bool:
        expected = Counter(room for room, _ in self.seen.sent)
        return all(len(page.shown) >= expected[page.room] for page in self.staying)


if __name__ == "__main__":
    surroundings.own()
    numbers, dump = map(int, sys.argv[1:3]), Path(sys.argv[3])
    print(json.dumps(churn(*numbers, tables=dump).as_dict()))
