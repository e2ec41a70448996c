"""How far it is from the first page to a visit that is booked and paid for, counted in taps."""

import re

import pytest
from playwright.sync_api import Locator, expect

from clinic.demo import people
from clinic.tests.journeys.actors import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
MOST = 6
LONG = 75_000  # milliseconds: the worker's schedule runs once a minute


def test_a_visit_is_booked_and_paid_for_in_six_taps(actor, stage):
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
