"""A conversation of 10,000 messages beside one of ten: as many statements, and the time of its first page.

``python -m config.benchmarks.history`` measures this part of the benchmark of the chat alone.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import JsonResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.benchmarks import scratch
from config.benchmarks.measuring import times
from config.benchmarks.reports import CannotMeasure, Report
from config.benchmarks.rooms import House, Talk, furnish
from config.supervisor import surroundings

LONG, SHORT = 10_000, 10
TURNS, ROUNDS, WARM_UP = 40, 5, 2
"""Page and statements take turns: what else the machine does meets both."""
TARGETS = {"history_more_statements": 0, "history_page": 2}
"""``history_page`` is the page of messages as JSON, times its own statements. ``history_request``, which is
the whole request, times all its statements, has no target: most of it is what any request costs."""


def run() -> Report:
    report = Report(targets=dict(TARGETS))
    with scratch.database():
        measure(report, furnish([2]))
    return report


def measure(report: Report, house: House) -> None:
    """The first page as its script asks for it, beside the statements that it consists of."""
    print("Filling a conversation …", file=sys.stderr)
    long, short = house.talks[-1], house.talks[-2]
    fill(long, LONG)
    fill(short, SHORT)
    page, browser = page_of(long), browser_of(long)
    page_asks, request_asks = statements(page), statements(lambda: look(browser, long))
    more = len(request_asks) - len(statements(lambda: look(browser_of(short), short)))
    report.figures["history_statements"] = len(request_asks)
    report.figures["history_more_statements"] = more
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(TURNS):
        for name, call in (
            ("page", page),
            ("page_sql", lambda: carry_out(page_asks)),
            ("request", lambda: look(browser, long)),
            ("request_sql", lambda: carry_out(request_asks)),
        ):
            taken[name] += times(call, rounds=ROUNDS, warm_up=WARM_UP)
    for name in ("page", "request"):
        report.figures[f"history_{name}_ms"] = statistics.median(taken[name])
        report.floors[f"history_{name}_sql_ms"] = statistics.median(taken[f"{name}_sql"])
        report.compare(f"history_{name}", f"history_{name}_ms", f"history_{name}_sql_ms")


def page_of(talk: Talk) -> Callable[[], Any]:
    """Reads the last page of a conversation and writes it as JSON, as the view does."""
    from clinic.models import User  # noqa: PLC0415  Django is up only now
    from messaging import reading  # noqa: PLC0415
    from messaging.models import Room  # noqa: PLC0415

    user = User.objects.get(pk=talk.patient.user)
    room = Room.objects.visible_to(user).get(pk=talk.room)
    return lambda: JsonResponse(reading.read(room, user, before=LONG + 1))


def fill(talk: Talk, count: int) -> None:
    from messaging.models import Message  # noqa: PLC0415  Django is up only now

    already = Message.objects.filter(room_id=talk.room).last_sequence()
    Message.objects.bulk_create(
        [
            Message(
                room_id=talk.room,
                sequence=number,
                recorded_by_id=talk.people[number % 2].user,
                text=f"What was said, number {number}.",
            )
            for number in range(already + 1, count + 1)
        ],
        batch_size=2000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messaging_message")


def browser_of(talk: Talk) -> Client:
    browser = Client()
    browser.cookies["sessionid"] = talk.patient.session
    return browser


def look(browser: Client, talk: Talk) -> Any:
    answer = browser.get(f"/portal/rooms/{talk.room}/messages/?before={LONG + 1}")
    if answer.status_code != 200:
        raise CannotMeasure(f"A conversation answered {answer.status_code}.")
    return answer


def statements(call: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"] for query in captured.captured_queries if query["sql"].startswith("SELECT")]


def carry_out(selects: list[str]) -> None:
    with connection.cursor() as cursor:
        for select in selects:
            cursor.execute(select)
            cursor.fetchall()


if __name__ == "__main__":
    surroundings.own()
    print(json.dumps(run().as_dict()))
