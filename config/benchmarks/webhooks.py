"""Taking Stripe's webhooks, beside INSERTs of the same rows and nothing else, and reading a large ledger."""

from __future__ import annotations

import http.client
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from billing.simulator.webhooks import sign
from config.benchmarks import ledger, scratch
from config.benchmarks.measuring import p95
from config.benchmarks.reports import CannotMeasure, Report

CLIENTS = 8
EVENTS, WARM_UP = 2000, 100
SAMPLE = Path("fixtures/stripe/checkout.session.completed.json")
TARGETS = {
    "inserts_per_webhook": 4,  # a quarter of the bare INSERTs' throughput
    "webhook_p95_ms": 50,
}


def run() -> Report:
    report = Report(targets=dict(TARGETS))
    with scratch.database(durable=True):
        measure_webhooks(report)
        measure_inserts(report)
        ledger.measure(report)
    report.ratios["inserts_per_webhook"] = report.floors["inserts_per_s"] / report.figures["webhooks_per_s"]
    return report


def measure_webhooks(report: Report) -> None:
    """Eight connections, kept open as Stripe's are, post one event after the other to one web process."""
    bodies = events("evt_web", WARM_UP + EVENTS)
    with scratch.served("config.asgi:application", PROCESS="web") as (port, _):
        print("Posting webhooks …", file=sys.stderr)
        post_all(port, bodies[:WARM_UP])
        began = time.perf_counter()
        taken = post_all(port, bodies[WARM_UP:])
        report.figures["webhooks_per_s"] = EVENTS / (time.perf_counter() - began)
        report.figures["webhook_p95_ms"] = p95(taken)


def events(name: str, count: int) -> list[str]:
    sample: dict[str, Any] = json.loads(SAMPLE.read_text())
    return [json.dumps(sample | {"id": f"{name}_{number}"}) for number in range(count)]


def post_all(port: int, bodies: list[str]) -> list[float]:
    """Milliseconds that each took.

    :raises CannotMeasure: one was not taken
    """

    def post_share(number: int) -> list[float]:
        taken = []
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
            for body in bodies[number::CLIENTS]:
                signed = sign(body.encode(), secret=settings.STRIPE_WEBHOOK_SECRET, at=int(time.time()))
                began = time.perf_counter()
                line.request("POST", "/webhook/stripe/", body, {"Stripe-Signature": signed})
                answer = line.getresponse()
                answer.read()
                taken.append((time.perf_counter() - began) * 1000)
                if answer.status != 200:
                    raise CannotMeasure(f"The webhook answered {answer.status}.")
        return taken

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [one for share in pool.map(post_share, range(CLIENTS)) for one in share]


def measure_inserts(report: Report) -> None:
    """The same rows, each by one INSERT that waits for the disk, on one connection that does nothing else."""
    there = connection.get_connection_params()
    address = {name: there[name] for name in ("host", "port", "user", "dbname") if name in there}
    bodies = events("evt_bare", EVENTS)
    with psycopg.connect(**address, autocommit=True) as line:
        line.execute("CREATE TABLE bare_event (id text PRIMARY KEY, payload text, received_at timestamptz)")
        began = time.perf_counter()
        for number, body in enumerate(bodies):
            line.execute("INSERT INTO bare_event VALUES (%s, %s, now())", [f"evt_bare_{number}", body])
        report.floors["inserts_per_s"] = EVENTS / (time.perf_counter() - began)
