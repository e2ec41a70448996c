"""A crowd at the door of a clinic: patients who are signed in, and times to want.

``python -m config.benchmarks.crowd PATIENTS DOCTORS TIMES`` fills the database that ``DATABASE_URL`` names
and prints, as JSON, who they are and which times there are. The benchmarks use it, and the tests that
kill processes.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlencode

import django

if TYPE_CHECKING:
    from clinic.models import AppointmentType, Practitioner, Slot

CSRF = "c" * 32


class Person(TypedDict):
    session: str
    user: str
    patient: str


class Time(TypedDict):
    slot: str
    practitioner: str
    starts_at: str
    ends_at: str


class Crowd(TypedDict):
    people: list[Person]
    times: list[Time]
    yes: dict[str, str]  # what the page of any of the times sends when one of the people holds it


def gather(people: int, doctors: int, times: int) -> Crowd:
    """Register people and offer so many times of each doctor, all doctors at the same hours."""
    from billing import charging  # noqa: PLC0415  Django is up only now
    from billing.models import Fee  # noqa: PLC0415
    from clinic import booking, consenting  # noqa: PLC0415
    from clinic.models import AppointmentType, CancellationPolicy, Practice  # noqa: PLC0415

    practice = Practice.objects.add(by=None, name="Crowded Clinic")
    policy = CancellationPolicy.objects.create(effective_from=date(2020, 1, 1))
    for code, amount in [("consultation.new", "80.00"), ("consultation.returning", "50.00")]:
        since = date(2020, 1, 1)
        Fee.objects.add(
            by=None, code=code, description="Consultation", amount=Decimal(amount), effective_from=since
        )
    kind = AppointmentType.objects.add(by=None, name="Short consultation", minutes=15)
    offered = offer(doctors_named("doctor", doctors), kind, each=times)
    fee = charging.line_for(kind.new_fee, on=practice.today())
    words = consenting.mark(consenting.in_force(consenting.BEFORE_BOOKING))
    return {
        "people": _people("patient", people),
        "times": [
            {
                "slot": str(slot.pk),
                "practitioner": str(slot.practitioner_id),
                "starts_at": slot.starts_at.isoformat(" "),
                "ends_at": slot.ends_at.isoformat(" "),
            }
            for slot in offered
        ],
        "yes": {"agree": "on", "read": f"{booking.shown(policy, fee)}:{words}"},
    }


def doctors_named(name: str, count: int) -> list[Practitioner]:
    from clinic.models import Practitioner, User  # noqa: PLC0415

    first = 1_000_000_000 + Practitioner.objects.count()
    return [
        Practitioner.objects.add(
            by=None,
            user=User.objects.create_user(f"{name}-{number}@example.com", None, role="doctor"),
            ahpra_number=f"MED{first + number}",
            time_zone="Australia/Sydney",
        )
        for number in range(count)
    ]


def offer(doctors: Iterable[Practitioner], kind: AppointmentType, *, each: int) -> list[Slot]:
    """Times of each doctor, one after the other from the day after tomorrow on."""
    from django.utils import timezone  # noqa: PLC0415

    from clinic.models import Slot  # noqa: PLC0415

    first, length = timezone.now() + timedelta(days=2), timedelta(minutes=kind.minutes)
    return Slot.objects.bulk_create(
        [
            Slot(
                practitioner=doctor,
                appointment_type=kind,
                starts_at=first + number * length,
                ends_at=first + (number + 1) * length,
            )
            for doctor in doctors
            for number in range(each)
        ],
        batch_size=5000,
    )


def hold(doctors: int, each: int) -> None:
    """Have somebody hold every one of so many new times of so many new doctors."""
    from billing import charging  # noqa: PLC0415
    from clinic import booking  # noqa: PLC0415
    from clinic.models import Appointment, AppointmentType, Patient  # noqa: PLC0415

    kind = AppointmentType.objects.get()
    keys = [person["patient"] for person in _people("holder", doctors)]
    patients = Patient.objects.select_related("user").filter(pk__in=keys)
    held = []
    for patient, doctor in zip(patients, doctors_named("held", doctors), strict=True):
        fee = booking.fee_for(patient, kind)
        held += [
            Appointment(
                slot=slot,
                patient=patient,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                order=charging.open_order(payer=patient.user, lines=[fee], by=None),
                held_until=slot.created_at + timedelta(minutes=15),
            )
            for slot in offer([doctor], kind, each=each)[1:]
        ]
    Appointment.objects.bulk_create(held, batch_size=1000)


def _people(name: str, count: int) -> list[Person]:
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from clinic.models import Patient, User  # noqa: PLC0415

    found: list[Person] = []
    for number in range(count):
        user = User.objects.create_user(f"{name}-{number}@example.com", None, role="patient")
        patient = Patient.objects.add(by=None, user=user)
        browser = Client()
        browser.force_login(user)
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        found.append({"session": session, "user": str(user.pk), "patient": str(patient.pk)})
    return found


class Visitor:
    """One patient with a browser of sorts, who presses again where the server went away in the middle."""

    def __init__(self, web: str, session: str) -> None:
        self.host = web.removeprefix("http://")
        self.unanswered: set[str] = set()  # what they pressed when nobody answered; it may have been done
        self.headers = {
            "Cookie": f"sessionid={session}; csrftoken={CSRF}",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def look(self, path: str) -> int:
        return self._ask("GET", path, "")[0]

    def press(self, path: str, **fields: str) -> tuple[int, str]:
        """Send a form; the status, and where it leads or what it says."""
        return self._ask("POST", path, urlencode({"csrfmiddlewaretoken": CSRF, **fields}))

    def _ask(self, method: str, path: str, body: str) -> tuple[int, str]:
        with closing(http.client.HTTPConnection(self.host, timeout=30)) as connection:
            connection.request(method, path, body, self.headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        return answer.status, answer.headers.get("Location") or text

    def press_until_answered(self, path: str, *, until: float, **fields: str) -> tuple[int, str]:
        """Send a form, and once more each time that nobody answered.

        :raises TimeoutError: it is ``until``, and still nobody does
        """
        while time.monotonic() < until:
            try:
                return self.press(path, **fields)
            except (OSError, http.client.HTTPException):
                self.unanswered.add(path)
                time.sleep(0.1)
        raise TimeoutError(f"Nobody answers at {path}.")


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    print(json.dumps(gather(*map(int, sys.argv[1:]))))
