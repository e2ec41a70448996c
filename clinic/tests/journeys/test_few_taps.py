"""How far it is from the first page to a visit that is booked and paid for, counted in taps."""

import re

import pytest
from playwright.sync_api import Locator, expect

from clinic.demo import people
from clinic.tests.journeys.actors import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
MOST = 6
LONG = 75_000  # milliseconds: the worker's schedule runs once a minute
OFFER = """
from datetime import timedelta
from django.utils import timezone
from clinic.models import AppointmentType, Practitioner, Slot, User
from clinic.demo import people
manager = User.objects.get(email=f"manager@{people.DOMAIN}")
doctor = Practitioner.objects.get(user__email=f"dr.hughes@{people.DOMAIN}")
kind = AppointmentType.objects.filter(is_offered=True).order_by("minutes").first()
at = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=40)
Slot.objects.add(practitioner=doctor, appointment_type=kind, starts_at=at,
                 ends_at=at + timedelta(minutes=kind.minutes), by=manager)
"""


def test_a_visit_is_booked_and_paid_for_in_six_taps(actor, stage):
    stage.manage("shell", "-v0", "-c", OFFER)
    patient = actor("patient", viewport=PHONE, is_mobile=True, has_touch=True)
    page = patient.page
    patient.sign_in(people.PATIENT)
    page.wait_for_url("**/portal/")
    taps = 0

    def tap(target: Locator) -> None:
        nonlocal taps
        target.tap()
        taps += 1

    tap(page.get_by_role("link", name="Book", exact=True))
    tap(page.locator("a.time").last)
    tap(page.get_by_role("checkbox"))
    tap(page.get_by_role("button", name="Hold this time for me"))
    tap(page.get_by_role("button", name=re.compile("Pay A")))
    expect(page.get_by_text("Simulated payment").first).to_be_visible()
    tap(page.get_by_role("button", name=re.compile("Pay A")))

    expect(page.get_by_text("Confirmed").first).to_be_visible(timeout=LONG)
    assert taps <= MOST
    assert (patient.troubles, stage.errors()) == ([], [])
