"""The auditor's desk on five million events: how long somebody waits for each page."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from config.benchmarks import scratch
from config.benchmarks.reports import CannotMeasure, Report

EVENTS, PATIENTS, DOCTORS = 5_000_000, 5_000, 30
ROUNDS = 15
# Two seconds at most for all about one patient in a period, and for the record as it stood.
TARGETS: dict[str, float] = {
    "patient_period_s": 2, "newest_s": 2, "outside_care_s": 2, "night_s": 2, "as_at_s": 2, "life_s": 2,
}  # fmt: skip


def run() -> Report:
    with scratch.database():
        return measure()


def measure() -> Report:
    report = Report(targets=TARGETS)
    print(f"Loading {EVENTS:,} events …", file=sys.stderr)
    patient = load()
    browser = signed_in_auditor()
    for name, address in pages(patient).items():
        report.figures[name] = slowest(lambda address=address: look(browser, address))  # type: ignore[misc]
    report.floors["by_hand_s"] = slowest(lambda: by_hand(patient))
    report.compare("patient_period", "patient_period_s", "by_hand_s")
    report.figures["events"] = EVENTS
    return report


def load() -> Any:
    """Events of a year, as many as a large practice writes; gives the patient that is looked at."""
    from django.db import connection  # noqa: PLC0415  Django is up only now

    from clinic.models import Patient, Practitioner, User  # noqa: PLC0415  Django is up only now

    people = [
        User.objects.add(by=None, email=f"p{n}@example.com", given_name="P", family_name=f"{n}")
        for n in range(PATIENTS // 100)
    ]
    patients = [Patient.objects.add(by=None, user=person) for person in people]
    for n in range(DOCTORS):
        doctor = User.objects.add(by=None, email=f"d{n}@example.com", family_name=f"D{n}", role="doctor")
        Practitioner.objects.add(by=None, user=doctor, ahpra_number=f"MED{n:010}")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE clinic_auditevent DISABLE TRIGGER USER")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(
            """INSERT INTO clinic_auditevent
                 (id, at, by_id, action, record_type, record_id, patient_id, role, practitioner_id, why,
                  trace, outcome, tx)
               SELECT clinic_uuid7(), now() - n * interval '6 seconds', d.users[1 + n %% %(doctors)s],
                 (ARRAY['read', 'read', 'read', 'update', 'create', 'print'])[1 + n %% 6], 'clinic.encounter',
                 gen_random_uuid(),
                 CASE WHEN n %% 7 = 0 THEN p.keys[1 + n %% array_length(p.keys, 1)]
                   ELSE gen_random_uuid() END,
                 'doctor', d.doctors[1 + n %% %(doctors)s], '', '{"address": "203.0.113.7"}', 'done', 1
               FROM generate_series(1, %(events)s) n,
                 (SELECT array_agg(id) AS doctors, array_agg(user_id) AS users FROM clinic_practitioner) d,
                 (SELECT array_agg(id) AS keys FROM clinic_patient) p""",
            {"events": EVENTS, "doctors": DOCTORS},
        )
        cursor.execute("ALTER TABLE clinic_auditevent ENABLE TRIGGER USER")
        cursor.execute("ANALYZE clinic_auditevent")
    return patients[0]


def signed_in_auditor() -> Any:
    from django.conf import settings  # noqa: PLC0415  Django is up only now
    from django.core.management import call_command  # noqa: PLC0415  Django is up only now
    from django.test import Client  # noqa: PLC0415  Django is up only now
    from django.utils import timezone  # noqa: PLC0415  Django is up only now
    from django_otp import DEVICE_ID_SESSION_KEY  # noqa: PLC0415  Django is up only now
    from django_otp.plugins.otp_totp.models import TOTPDevice  # noqa: PLC0415  Django is up only now

    from clinic.models import User  # noqa: PLC0415  Django is up only now

    settings.ALLOWED_HOSTS = ["*"]
    call_command("createcachetable", verbosity=0)
    auditor = User.objects.add(by=None, email="auditor@example.com", role="auditor")
    device = TOTPDevice.objects.create(user=auditor, name="App", confirmed=True)
    browser = Client()
    browser.force_login(auditor, backend=settings.AUTHENTICATION_BACKENDS[-1])
    session = browser.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session["second_factor_at"] = timezone.now().timestamp()
    session.save()
    return browser


def pages(patient: Any) -> dict[str, str]:
    from django.utils import timezone  # noqa: PLC0415  Django is up only now

    everything = "/admin/clinic/auditevent/"
    today = timezone.localdate()
    quarter, month = (today - timedelta(days=days) for days in (90, 31))
    return {
        "patient_period_s": f"{everything}?patient={patient.pk}&at_from_0={quarter:%d/%m/%Y}",
        "newest_s": everything,
        "outside_care_s": f"{everything}?odd=outside&at_from_0={month:%d/%m/%Y}",
        "night_s": f"{everything}?odd=night&at_from_0={month:%d/%m/%Y}",
        "as_at_s": f"/admin/clinic/patient/{patient.pk}/as-at/",
        "life_s": f"{everything}life/clinic.patient/{patient.pk}/",
    }


def look(browser: Any, address: str) -> None:
    answer = browser.get(address)
    if answer.status_code != 200:
        raise CannotMeasure(f"{address} answered {answer.status_code}.")


def by_hand(patient: Any) -> None:
    """The rows of one page, asked for by one statement."""
    from django.db import connection  # noqa: PLC0415  Django is up only now

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM clinic_auditevent WHERE patient_id = %s AND at >= now() - interval '90 days'"
            " ORDER BY at DESC, id DESC LIMIT 101",
            [patient.pk],
        )
        cursor.fetchall()


def slowest(do: Callable[[], None]) -> float:
    """Seconds within which 95 of 100 are answered."""
    do()
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        do()
        taken.append(time.perf_counter() - began)
    return statistics.quantiles(taken, n=20)[-1]
