"""A crowd at the door of a running clinic: patients who are signed in, and times to want.

``python -m clinic.tests.journeys.crowd PATIENTS DOCTORS SLOTS`` fills the database that ``DATABASE_URL``
names and prints, as JSON, whose session is whose and which times there are. ``Visitor`` is one of them
with a browser of sorts.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlencode

CSRF = "c" * 32


def gather(patients: int, doctors: int, slots: int) -> dict[str, list]:
    """Register people and offer ``slots`` times of each doctor, all doctors at the same hours."""
    from django.utils import timezone  # noqa: PLC0415  Django is up only now

    from billing.models import Fee  # noqa: PLC0415
    from clinic.models import AppointmentType, Practice, Slot  # noqa: PLC0415

    Practice.objects.add(by=None, name="Crowded Clinic")
    for code, amount in [("consultation.new", "80.00"), ("consultation.returning", "50.00")]:
        since = date(2020, 1, 1)
        Fee.objects.add(
            by=None, code=code, description="Consultation", amount=Decimal(amount), effective_from=since
        )
    kind = AppointmentType.objects.add(by=None, name="Short consultation", minutes=15)
    first = timezone.now() + timedelta(days=2)
    offered = [
        Slot.objects.add(
            practitioner=practitioner,
            appointment_type=kind,
            starts_at=first + timedelta(minutes=15 * number),
            ends_at=first + timedelta(minutes=15 * (number + 1)),
            by=None,
        )
        for practitioner in _doctors(doctors)
        for number in range(slots)
    ]
    return {"sessions": _sessions(patients), "slots": [str(slot.pk) for slot in offered]}


def _doctors(count: int) -> list:
    from clinic.models import Practitioner, User  # noqa: PLC0415

    return [
        Practitioner.objects.add(
            by=None,
            user=User.objects.create_user(f"doctor-{number}@example.com", None, role="doctor"),
            ahpra_number=f"MED{1_000_000_000 + number}",
            time_zone="Australia/Sydney",
        )
        for number in range(count)
    ]


def _sessions(count: int) -> list[str]:
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from clinic.models import Patient, User  # noqa: PLC0415

    keys = []
    for number in range(count):
        person = User.objects.create_user(f"patient-{number}@example.com", None, role="patient")
        Patient.objects.add(by=None, user=person)
        browser = Client()
        browser.force_login(person)
        keys.append(browser.cookies[settings.SESSION_COOKIE_NAME].value)
    return keys


class Visitor:
    """One patient who presses buttons, and again where the server went away in the middle."""

    def __init__(self, web: str, session: str) -> None:
        self.host = web.removeprefix("http://")
        self.headers = {
            "Cookie": f"sessionid={session}; csrftoken={CSRF}",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def press(self, path: str, **fields: str) -> tuple[int, str]:
        """Send a form; the status, and where it leads or what it says."""
        body = urlencode({"csrfmiddlewaretoken": CSRF, **fields})
        with closing(http.client.HTTPConnection(self.host, timeout=30)) as connection:
            connection.request("POST", path, body, self.headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        return answer.status, answer.headers.get("Location") or text

    def press_until_answered(self, path: str, *, until: float, **fields: str) -> tuple[int, str]:
        """Send a form, and once more each time that nobody answered; status 0 when the time is up."""
        while time.monotonic() < until:
            try:
                return self.press(path, **fields)
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
        return 0, ""


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    print(json.dumps(gather(*map(int, sys.argv[1:]))))  # noqa: T201  what the test reads
