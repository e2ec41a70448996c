"""From pressing Send to the other's screen in 200 open rooms, and 5,000 who only listen, on one process.

The same people write the same to two floors in the same run: a fan-out without storage, and INSERT and NOTIFY
by hand (``fanout``).
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path

import psutil

from config.benchmarks import history, scratch
from config.benchmarks.measuring import share
from config.benchmarks.pages import Line, Page, request, until
from config.benchmarks.reports import CannotMeasure, Report
from config.benchmarks.rooms import House, Person, furnish

ROOMS, ROOMS_OF_DOCTOR = 200, 5
MESSAGES, WARM_UP, A_SECOND = 1000, 100, 50
STREAMS, LOOKS = 5000, 200
OPENED_AT_ONCE = 50
TARGETS = {
    "told_p50": 2,  # times the floor by hand
    "told_p99_ms": 40,
    "idle_stream_kb": 45,
    "idle_threads": 20,
    "idle_connections": 15,
    "page_p99_meanwhile": 2,  # times its own without the streams
    **history.TARGETS,
}


def run() -> Report:
    report = Report(targets=dict(TARGETS))
    with scratch.database() as folder:
        print("Opening rooms …", file=sys.stderr)
        house = furnish([ROOMS_OF_DOCTOR] * (ROOMS // ROOMS_OF_DOCTOR))
        os.environ["HOUSE"] = str(_sessions(house, folder))
        for name, where in (
            ("bare", "config.benchmarks.fanout:memory"),
            ("by_hand", "config.benchmarks.fanout:by_hand"),
            ("", "config.asgi:application"),
        ):
            with scratch.served(where, PROCESS="web") as (port, _):
                print(f"Writing to {where} …", file=sys.stderr)
                measured = asyncio.run(Chat(house, port).measure())
            figures = report.floors if name else report.figures
            figures |= {f"{name}_{each}".lstrip("_"): value for each, value in measured.items()}
        for each in ("p50", "p99"):
            report.compare(f"told_{each}", f"told_{each}_ms", f"by_hand_told_{each}_ms")
            report.compare(f"shown_{each}", f"shown_{each}_ms", f"by_hand_shown_{each}_ms")
        history.measure(report, house)
        measure_idle(report, house)
    return report


def _sessions(house: House, folder: Path) -> Path:
    rooms: dict[str, list[str]] = {}
    for talk in house.talks:
        for person in talk.people:
            rooms.setdefault(person.session, []).append(talk.room)
    file = folder / "house.json"
    file.write_text(json.dumps(rooms))
    return file


class Chat:
    """All rooms open on both sides; a message is timed until the other's page hears of it, and shows it."""

    def __init__(self, house: House, port: int) -> None:
        sides = [(person, talk.room) for talk in house.talks for person in talk.people]
        self.pages = [Page(person, room, lambda: port) for person, room in sides]
        for page in self.pages:
            page.stream.last = ""  # from now on: what is told to the floors is not told to us
        self.sent: dict[str, float] = {}
        self.told: list[float] = []
        self.shown: list[float] = []
        self.count = 0

    async def measure(self) -> dict[str, float]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for page in self.pages for work in page.run()]
            await until(lambda: all(page.stream.is_open for page in self.pages), "all streams are open")
            await self.write(WARM_UP)
            self.told, self.shown = [], []
            began = time.perf_counter()
            await self.write(MESSAGES)
            taken = time.perf_counter() - began
            for task in tasks:
                task.cancel()
        return {
            "messages_per_s": MESSAGES / taken,
            **{f"told_{name}": value for name, value in _quantiles(self.told).items()},
            **{f"shown_{name}": value for name, value in _quantiles(self.shown).items()},
        }

    async def write(self, messages: int) -> None:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(messages):
                await asyncio.sleep(began + number / A_SECOND - time.perf_counter())
                self.count += 1
                writer = self.pages[self.count % len(self.pages)]
                # The two pages of a room are neighbours.
                reader = self.pages[(self.count % len(self.pages)) ^ 1]
                group.create_task(self.time(writer, reader, f"Message {self.count}"))

    async def time(self, writer: Page, reader: Page, text: str) -> None:
        told_before, began = len(reader.stream.told), time.perf_counter()
        saying = asyncio.create_task(writer.say(text))
        while not any(data.get("room") == reader.room for *_, data in reader.stream.told[told_before:]):
            await reader.stream.news.wait()
        self.told.append((time.perf_counter() - began) * 1000)
        while not any(said == text for _, said in reader.shown[-20:]):
            await reader.fetched.wait()
        self.shown.append((time.perf_counter() - began) * 1000)
        await saying


def _quantiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50_ms": cuts[49], "p99_ms": cuts[98]}


# Those who only listen


def measure_idle(report: Report, house: House) -> None:
    from django.db import connection  # noqa: PLC0415

    connection.close()  # ours is not one of those that are counted
    with scratch.served("config.asgi:application", PROCESS="web") as (port, pid):
        print(f"Opening {STREAMS} streams …", file=sys.stderr)
        asyncio.run(Crowd(house, port, pid, report).measure())


class Crowd:
    """Many open streams of people to whom nothing happens."""

    def __init__(self, house: House, port: int, pid: int, report: Report) -> None:
        self.people = [person for talk in house.talks for person in talk.people]
        self.looker = Line(house.talks[0].patient)
        self.port, self.process, self.report = port, psutil.Process(pid), report
        self.writers: list[asyncio.StreamWriter] = []

    async def measure(self) -> None:
        figures = self.report.figures
        await self.looks()  # warm
        alone = await self.looks()
        await self.open(20)
        before = share(self.process)
        await self.open(STREAMS)
        await asyncio.sleep(10)  # until the threads that opened them have gone
        figures["idle_stream_kb"] = (share(self.process) - before) / STREAMS / 1024
        meanwhile = await self.looks()
        figures["idle_threads"] = self.process.num_threads()
        figures["idle_connections"] = await asyncio.to_thread(_connections)
        figures["page_p99_ms"] = _quantiles(meanwhile)["p99_ms"]
        self.report.floors["page_alone_p99_ms"] = _quantiles(alone)["p99_ms"]
        self.report.compare("page_p99_meanwhile", "page_p99_ms", "page_alone_p99_ms")
        for writer in self.writers:
            writer.transport.abort()

    async def looks(self) -> list[float]:
        taken = []
        for _ in range(LOOKS):
            began = time.perf_counter()
            status, _ = await self.looker.ask(self.port, "/portal/rooms/")
            taken.append((time.perf_counter() - began) * 1000)
            if status != 200:
                raise CannotMeasure(f"A page answered {status}.")
        return taken

    async def open(self, count: int) -> None:
        at_once = asyncio.Semaphore(OPENED_AT_ONCE)

        async def one(person: Person) -> None:
            async with at_once:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                self.writers.append(writer)
                writer.write(request("/events/", person.headers))
                await reader.readuntil(b"stream-open")

        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(one(self.people[number % len(self.people)]))


def _connections() -> int:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        found = int(cursor.fetchone()[0])
    connection.close()  # the thread's
    return found
