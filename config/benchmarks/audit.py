"""The audit trail: what it costs who saves, and how fast a million events are proved."""

from __future__ import annotations

import hashlib
import statistics
import sys
import threading
import time
from typing import Any

from config.benchmarks import scratch
from config.benchmarks.reports import Report

EVENTS = 1_000_000
SAVES, ROUNDS = 300, 7
# Saving may take a quarter more with the trail (0.8 of the saves), proving 1/0.3 of reading and hashing.
TARGETS = {"saving": 1.25, "verifying": 3.334, "verify_s": 60}


def run() -> Report:
    with scratch.database():
        return measure()


def measure() -> Report:
    report = Report(targets=TARGETS)
    saves(report)
    print(f"Loading {EVENTS:,} events …", file=sys.stderr)
    load(EVENTS)
    proving(report)
    return report


def saves(report: Report) -> None:
    """Saves of a record, in turns with the trail and without, while the chain is sealed."""
    with_trail: list[float] = []
    without: list[float] = []
    for _ in range(ROUNDS):
        set_trail("ENABLE")
        with_trail.append(save_many())
        set_trail("DISABLE")
        without.append(save_many())
    set_trail("ENABLE")
    report.figures["save_ms"] = statistics.median(with_trail) / SAVES * 1000
    report.floors["bare_save_ms"] = statistics.median(without) / SAVES * 1000
    report.compare("saving", "save_ms", "bare_save_ms")


def set_trail(verb: str) -> None:
    from django.db import connection  # noqa: PLC0415  Django is up only now

    with connection.cursor() as cursor:
        table = "clinic_historicalappointmenttype"
        cursor.execute(f"ALTER TABLE {table} {verb} TRIGGER {table}_audit")


def save_many() -> float:
    """Seconds for some saves, a seal going on beside them all the time."""
    from clinic.models import AppointmentType  # noqa: PLC0415  Django is up only now

    kind = AppointmentType.objects.first() or AppointmentType.objects.add(by=None, name="Visit", minutes=15)
    done = threading.Event()
    sealing = threading.Thread(target=seal_until, args=[done])
    sealing.start()
    began = time.perf_counter()
    for number in range(SAVES):
        kind.change(by=None, minutes=10 + number % 20)
    taken = time.perf_counter() - began
    done.set()
    sealing.join()
    return taken


def seal_until(done: threading.Event) -> None:
    from django.db import connection  # noqa: PLC0415  Django is up only now

    from clinic import chaining  # noqa: PLC0415  Django is up only now

    while not done.wait(0.2):
        chaining.seal()
    connection.close()


def load(count: int) -> None:
    """Events as they are written, and their seals."""
    from django.db import connection  # noqa: PLC0415  Django is up only now

    from clinic import chaining  # noqa: PLC0415  Django is up only now

    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO clinic_auditevent
                 (id, at, action, record_type, record_id, patient_id, role, why, trace, outcome)
               SELECT clinic_uuid7(), now() - interval '1 day', 'read', 'clinic.encounter',
                 gen_random_uuid(), gen_random_uuid(), 'doctor', '', jsonb_build_object(
                   'request', gen_random_uuid(), 'address', '203.0.113.7', 'device',
                   repeat('Mozilla/5.0 ', 8), 'session', md5(n::text)),
                 'done'
               FROM generate_series(1, %s) n""",
            [count],
        )
        began = time.perf_counter()
        while chaining.seal():
            pass
        print(f"Sealed in {time.perf_counter() - began:.1f} s.", file=sys.stderr)
        cursor.execute("ANALYZE clinic_auditevent, clinic_auditlink")


def proving(report: Report) -> None:
    from clinic import demonstrating  # noqa: PLC0415  Django is up only now

    began = time.perf_counter()
    outcome = demonstrating.verify()
    report.figures["verify_s"] = time.perf_counter() - began
    report.figures["events"] = outcome.events
    report.figures["faults"] = len(outcome.faults)
    report.floors["hash_s"] = bare_loop()
    report.compare("verifying", "verify_s", "hash_s")


def bare_loop() -> float:
    """Seconds to read what the events say, in their order, and to hash it."""
    from django.db import connection, transaction  # noqa: PLC0415  Django is up only now

    state: Any = b""
    began = time.perf_counter()
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            """SELECT clinic_audit_content(e) FROM clinic_auditlink l JOIN clinic_auditevent e ON e.id = l.id
               ORDER BY l.number"""
        )
        while rows := cursor.fetchmany(2_000):
            for (content,) in rows:
                state = hashlib.sha256(state + hashlib.sha256(content.encode()).digest()).digest()
    return time.perf_counter() - began
