"""Booking over HTTP, looking for a time among 100,000, and ending 10,000 holds, each beside its floor."""

from __future__ import annotations

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice

import psutil
import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from config.benchmarks import crowd, scratch
from config.benchmarks.measuring import p95, times
from config.benchmarks.recording import Recording
from config.benchmarks.reports import CannotMeasure, Report

CLIENTS = 8
BOOKINGS, WARM_UP, BY_HAND = 400, 40, 400
DOCTORS = 10
MANY_DOCTORS, MANY_TIMES = 50, 2_000  # 100,000 times in three weeks
SEARCHES = 60
OVERDUE_DOCTORS, OVERDUE_TIMES = 10, 1_001
TARGETS = {
    "statements_per_booking": 12,
    "cpu_ms_per_booking": 12,
    "bare_requests_per_booking": 16.7,  # 6 % of the bare server's throughput
    "search": 2,
    "sweep": 15,
}
DAYS_BY_HAND = """
SELECT (starts_at AT TIME ZONE 'Australia/Sydney')::date AS day, count(*) FROM clinic_slot AS slot
WHERE withdrawn_at IS NULL AND starts_at > now() AND appointment_type_id = %(kind)s
  AND EXISTS (SELECT 1 FROM clinic_practitioner AS doctor JOIN clinic_user ON clinic_user.id = doctor.user_id
              WHERE doctor.id = slot.practitioner_id AND accepts_patients AND is_active)
  AND NOT EXISTS (SELECT 1 FROM clinic_appointment WHERE slot_id = slot.id AND status IN
                  ('held', 'confirmed', 'arrived', 'in_consultation', 'completed', 'no_show'))
GROUP BY 1 ORDER BY 1 LIMIT 28
"""
TIMES_BY_HAND = """
SELECT slot.*, doctor.*, clinic_user.* FROM clinic_slot AS slot
JOIN clinic_practitioner AS doctor ON doctor.id = slot.practitioner_id
JOIN clinic_user ON clinic_user.id = doctor.user_id
WHERE withdrawn_at IS NULL AND appointment_type_id = %(kind)s AND accepts_patients AND is_active
  AND starts_at > now() AND starts_at >= %(day)s AND starts_at < %(day)s + interval '1 day'
  AND NOT EXISTS (SELECT 1 FROM clinic_appointment WHERE slot_id = slot.id AND status IN
                  ('held', 'confirmed', 'arrived', 'in_consultation', 'completed', 'no_show'))
ORDER BY slot.practitioner_id, starts_at
"""

SWEEP_BY_HAND = "UPDATE clinic_appointment SET status = 'expired' WHERE status = 'held' AND held_until <= %s"


def run() -> Report:
    report = Report(targets=dict(TARGETS))
    with scratch.database():
        say("Gathering a crowd …")
        people = 1 + WARM_UP + BOOKINGS + BY_HAND
        found = crowd.gather(people, DOCTORS, -(-people // DOCTORS))
        wants = iter(zip(found["people"], found["times"], strict=False))
        first, yes = next(wants), found["yes"]
        recording = record(*first, yes)
        report.figures["statements_per_booking"] = len(recording.statements)
        measure_booking(
            report, yes, warm_up=list(islice(wants, WARM_UP)), wants=list(islice(wants, BOOKINGS))
        )
        measure_by_hand(report, [recording.again(values(*first), values(*want)) for want in wants])
        measure_bare(report, yes)
        measure_search(report)
        measure_sweep(report)
    for ratio, floor in [("bare_requests_per_booking", "bare_requests_per_s"), ("by_hand", "by_hand_per_s")]:
        report.ratios[ratio] = report.floors[floor] / report.figures["bookings_per_s"]
    report.compare("search", "search_p50_ms", "search_sql_p50_ms")
    report.compare("sweep", "sweep_s", "bare_update_s")
    return report


def say(line: str) -> None:
    print(line, file=sys.stderr)


def record(person: crowd.Person, wanted: crowd.Time, yes: dict[str, str]) -> Recording:
    """Book one time for one person, and keep what that asked of the database."""
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = person["session"]
    browser.get("/portal/visits/")  # the session is awake, as it is in the middle of a visit
    with Recording() as recording:
        answer = browser.post(f"/portal/book/{wanted['slot']}/", yes)
    if answer.status_code != 302:
        raise CannotMeasure(f"Booking answered {answer.status_code}.")
    return recording


def values(person: crowd.Person, wanted: crowd.Time) -> list[str]:
    """That by which the statements of one booking differ from those of another."""
    return [*person.values(), *wanted.values()]  # type: ignore[list-item]  # all are text


def measure_booking(
    report: Report,
    yes: dict[str, str],
    *,
    warm_up: list[tuple[crowd.Person, crowd.Time]],
    wants: list[tuple[crowd.Person, crowd.Time]],
) -> None:
    """Eight browsers book one time after the other at one web process."""
    with scratch.served("config.asgi:application", PROCESS="web") as (port, pid):
        site = f"http://127.0.0.1:{port}"
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda want: visitor(site, want).look("/portal/visits/"), warm_up + wants))
            list(pool.map(lambda want: book(site, want, yes), warm_up))
            web = psutil.Process(pid)
            before, began = cpu_seconds(web), time.perf_counter()
            taken = list(pool.map(lambda want: book(site, want, yes), wants))
            seconds = time.perf_counter() - began
            report.figures["cpu_ms_per_booking"] = (cpu_seconds(web) - before) / len(wants) * 1000
    report.figures["bookings_per_s"] = len(wants) / seconds
    report.figures["booking_p50_ms"] = statistics.median(taken)
    report.figures["booking_p95_ms"] = p95(taken)


def visitor(site: str, want: tuple[crowd.Person, crowd.Time]) -> crowd.Visitor:
    return crowd.Visitor(site, want[0]["session"])


def book(site: str, want: tuple[crowd.Person, crowd.Time], yes: dict[str, str]) -> float:
    """Milliseconds that one booking took.

    :raises CannotMeasure: it was refused
    """
    browser = visitor(site, want)
    began = time.perf_counter()
    status, _ = browser.press(f"/portal/book/{want[1]['slot']}/", **yes)
    if status != 302:
        raise CannotMeasure(f"Booking answered {status}.")
    return (time.perf_counter() - began) * 1000


def cpu_seconds(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in family)


def measure_by_hand(report: Report, scripts: list[list[str]]) -> None:
    """The same statements for other people, sent by eight threads that do nothing else."""
    there = connection.get_connection_params()
    address = {name: there[name] for name in ("host", "port", "user", "dbname") if name in there}

    def work(number: int) -> None:
        with psycopg.connect(**address) as mine:
            for script in scripts[number::CLIENTS]:
                with mine.transaction():
                    for statement in script:
                        mine.execute(statement.encode())

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    report.floors["by_hand_per_s"] = len(scripts) / (time.perf_counter() - began)


def measure_bare(report: Report, yes: dict[str, str]) -> None:
    """An application that answers at once, on the same server, asked in the same way."""
    asked = BOOKINGS * 5
    with scratch.served("config.benchmarks.bare:application") as (port, _):
        browser = crowd.Visitor(f"http://127.0.0.1:{port}", "none")
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda _: browser.press("/", **yes), range(WARM_UP)))
            began = time.perf_counter()
            list(pool.map(lambda _: browser.press("/", **yes), range(asked)))
        report.floors["bare_requests_per_s"] = asked / (time.perf_counter() - began)


def measure_search(report: Report) -> None:
    """The days and times of one kind of appointment, among 100,000 times."""
    from clinic import offering  # noqa: PLC0415  Django is up only now
    from clinic.models import AppointmentType  # noqa: PLC0415

    say("Offering 100,000 times …")
    kind = AppointmentType.objects.get()
    crowd.offer(crowd.doctors_named("many", MANY_DOCTORS), kind, each=MANY_TIMES)

    def search() -> None:
        offering.choose(kind, practitioner=None, day=None, zone="Australia/Sydney")

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

        def by_hand() -> None:
            cursor.execute(DAYS_BY_HAND, {"kind": kind.pk})
            day = cursor.fetchall()[0][0]
            cursor.execute(TIMES_BY_HAND, {"kind": kind.pk, "day": day})
            cursor.fetchall()

        with Recording() as recording:
            search()
        report.figures["search_statements"] = len(recording.statements)
        report.figures["search_p50_ms"] = statistics.median(times(search, rounds=SEARCHES, warm_up=5))
        report.floors["search_sql_p50_ms"] = statistics.median(times(by_hand, rounds=SEARCHES, warm_up=5))


def measure_sweep(report: Report) -> None:
    """Ending 10,000 holds whose time has run out, beside one UPDATE of the same rows."""
    from clinic import expiring  # noqa: PLC0415
    from clinic.models import Appointment  # noqa: PLC0415

    say("Holding 10,000 times …")
    crowd.hold(OVERDUE_DOCTORS, OVERDUE_TIMES)
    now = timezone.now() + timedelta(hours=1)
    overdue = Appointment.objects.overdue(now)
    count = overdue.count()
    with transaction.atomic():
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(SWEEP_BY_HAND, [now])
        report.floors["bare_update_s"] = time.perf_counter() - began
        transaction.set_rollback(True)
    began = time.perf_counter()
    expired = expiring.expire_holds(now=now)
    report.figures["sweep_s"] = time.perf_counter() - began
    if not count == expired >= 10_000:
        raise CannotMeasure(f"The sweep ended {expired} of {count} holds.")
