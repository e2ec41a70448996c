"""Public pages: statements of a first look and of the next, requests a second, and how soon a change is read.

Beside them the least that Django could do: a view of a bare project that returns the same bytes.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

from config.benchmarks import scratch
from config.benchmarks.reports import CannotMeasure, Report

CONNECTIONS = 8
SECONDS, WARM_UP = 4.0, 1.0
ROUNDS = 3  # of each, in turn, so that a busy moment hurts both
CHANGES = 10
PATIENCE = 20
TARGETS = {
    "cold_statements": 6,
    "warm_statements": 0,
    "page": round(1 / 0.35, 3),  # at least 35 % of the requests a second
    "change_read_ms": 500,
}


def run() -> Report:
    report = Report(targets=dict(TARGETS))
    with scratch.database() as folder:
        addresses = write_site()
        report.figures |= {"pages": len(addresses), "cold_statements": cold(addresses)}
        report.figures["warm_statements"] = warm(addresses)
        with scratch.served("config.asgi:application", PROCESS="web") as (port, _):
            body = kept_page(port)
            whole = folder / "page.html"
            whole.write_bytes(body)
            measure_requests(report, port, whole)
            report.figures["change_read_ms"] = statistics.median(changes(port))
    return report


def write_site() -> list[str]:
    """The demo clinic's public site, with people and fees to tell of."""
    from clinic.demo import casting, hours, people, website  # noqa: PLC0415  Django is up only now
    from clinic.models import Page  # noqa: PLC0415
    from config.base import acting_as  # noqa: PLC0415

    print("Writing the site …", file=sys.stderr)
    casting._found_practice()
    manager = people.enrol_staff()["manager"]
    casting._set_fees(manager)
    with acting_as(manager):
        hours.offer(manager)
    website.write(manager)
    public = Page.objects.live().filter(is_for=Page.Readers.PUBLIC)
    return [str(address) for address in public.values_list("address", flat=True)]


def cold(addresses: list[str]) -> int:
    """The most statements that a page takes when nothing of it is kept."""
    return max(statements(address) for address in addresses)


def statements(address: str) -> int:
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client = Client()
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    if answer.status_code != 200:
        raise CannotMeasure(f"{address} answered {answer.status_code}.")
    return len(asked)


def warm(addresses: list[str]) -> int:
    """The same of the second look, in a process that keeps pages and hears of changes."""
    from django.conf import settings  # noqa: PLC0415

    from messaging import listening  # noqa: PLC0415

    settings.PAGES_KEPT = True
    listening.MANAGER.start()
    try:
        until = time.monotonic() + PATIENCE
        while not listening.MANAGER.hears:
            if time.monotonic() > until:
                raise CannotMeasure("The process does not hear of changes.")
            time.sleep(0.05)
        cold(addresses)
        return cold(addresses)
    finally:
        listening.MANAGER.stop()
        settings.PAGES_KEPT = False


def kept_page(port: int) -> bytes:
    """The start page, once the process keeps it."""
    until = time.monotonic() + PATIENCE
    first = fetch(port)
    while time.monotonic() < until:
        body, took = fetch(port), time.perf_counter()
        if body == fetch(port) and time.perf_counter() - took < 0.01:  # from memory, not made anew
            return body
        time.sleep(0.1)
    return first


def fetch(port: int, path: str = "/") -> bytes:
    line = HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", path)
    answer = line.getresponse()
    body = answer.read()
    line.close()
    if answer.status != 200:
        raise CannotMeasure(f"{path} answered {answer.status}.")
    return body


def measure_requests(report: Report, port: int, body: Path) -> None:
    ours, bare = [], []
    with scratch.served("config.benchmarks.plain:application", BODY=str(body)) as (bare_port, _):
        for _ in range(ROUNDS):
            ours.append(asyncio.run(requests_a_second(port)))
            bare.append(asyncio.run(requests_a_second(bare_port)))
    report.figures["requests_a_second"] = statistics.median(ours)
    report.floors["bare_requests_a_second"] = statistics.median(bare)
    report.figures["page_ms"] = 1000 / report.figures["requests_a_second"]
    report.floors["bare_page_ms"] = 1000 / report.floors["bare_requests_a_second"]
    report.figures["share_of_bare"] = report.floors["bare_page_ms"] / report.figures["page_ms"]
    report.compare("page", "page_ms", "bare_page_ms")


async def requests_a_second(port: int) -> float:
    """How many answers all connections together get in a second."""
    begun = time.perf_counter() + WARM_UP
    counts = await asyncio.gather(*(ask_on(port, begun, begun + SECONDS) for _ in range(CONNECTIONS)))
    return sum(counts) / SECONDS


async def ask_on(port: int, begun: float, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked, count = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 0
    while (now := time.perf_counter()) < until:
        writer.write(asked)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise CannotMeasure("The page did not answer.")
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        count += now >= begun
    writer.close()
    return count


def changes(port: int) -> list[float]:
    """Milliseconds from the commit of a publishing until another process shows it."""
    from clinic import publishing  # noqa: PLC0415
    from clinic.models import Page, User  # noqa: PLC0415

    page = Page.objects.get(slug="fees")
    manager = User.objects.filter(role="manager")[0]
    taken = []
    for number in range(CHANGES):
        title = f"Fees, change {number}"
        said = publishing.content(page) | {"title": title}
        publishing.rewrite(page, said, saw=publishing.mark(page), by=manager)
        fetch(port, "/fees/")
        publishing.publish(page, by=manager)
        begun = time.perf_counter()
        while title.encode() not in fetch(port, "/fees/"):
            if time.perf_counter() - begun > PATIENCE:
                raise CannotMeasure("A change was not read.")
        taken.append((time.perf_counter() - begun) * 1000)
    return taken
