"""A conversation of 10,000 messages beside one of ten: as many statements, and the time of its first page.

``python -m config.benchmarks.history`` measures this part of the benchmark of the chat alone.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import Any

from django.db import connection
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
    asked = statements(long)
    report.figures["history_statements"] = len(asked)
    report.figures["history_more_statements"] = len(asked) - len(statements(short))
    browser = browser_of(long)
    page: list[float] = []
    replay: list[float] = []
    for _ in range(TURNS):
        page += times(lambda: look(browser, long), rounds=ROUNDS, warm_up=WARM_UP)
        replay += times(lambda: carry_out(asked), rounds=ROUNDS, warm_up=WARM_UP)
    report.figures["history_page_ms"] = statistics.median(page)
    report.floors["history_sql_ms"] = statistics.median(replay)
    report.compare("history_page", "history_page_ms", "history_sql_ms")


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


def statements(talk: Talk) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        look(browser_of(talk), talk)
    return [query["sql"] for query in captured.captured_queries if query["sql"].startswith("SELECT")]


def carry_out(selects: list[str]) -> None:
    with connection.cursor() as cursor:
        for select in selects:
            cursor.execute(select)
            cursor.fetchall()


if __name__ == "__main__":
    surroundings.own()
    print(json.dumps(run().as_dict()))
