"""Pages that stay true while they are open, in real browsers over a real web process."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clinic import attending, booking, cancelling, consulting
from messaging.tests.live import wait_until, wait_until_quiet

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATIENCE = 30_000  # milliseconds


@pytest.fixture
def open_page(chromium, web):
    """Open an address in a browser in which somebody is signed in, and wait until it hears of news."""
    contexts = []
    call_command("createcachetable", "shared_cache", verbosity=0)  # the web process's, not ours

    def open_one(client: Client, path: str):
        context = chromium.new_context(timezone_id="Australia/Sydney")
        contexts.append(context)
        address = f"http://127.0.0.1:{web.port}"
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        page = context.new_page()
        page.broken = []
        page.on("pageerror", lambda error: page.broken.append(str(error)))
        page.goto(f"{address}{path}")
        wait_until(lambda: page.evaluate("window.liveEvents?.state") == "open", "the page listens")
        page.evaluate("window.stays = true")  # gone where a page is loaded again
        return page

    yield open_one
    for context in contexts:
        context.close()
    wait_until_quiet()


@pytest.fixture
def client_of():
    def sign_in(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def expect_live(page):
    """It was not loaded again, and no script of it failed."""
    assert page.evaluate("window.stays")
    assert page.broken == []


@pytest.fixture
def visit(make_slot, patient, fees, settle, practice):
    """A visit that can be come to, and that is today by the practice's clock."""
    soon = timezone.now()
    zones = ["Australia/Sydney", "Australia/Perth"]
    zone = next(zone for zone in zones if 1 <= soon.astimezone(ZoneInfo(zone)).hour < 23)
    practice.change(by=None, time_zone=zone)
    return settle(booking.hold(make_slot(0.3), patient=patient, by=patient.user))


class TestTheWaitingRoom:
    def test_shows_the_doctor_and_reception_who_comes_in(
        self, open_page, staff_client, visit, doctor, patient, reception
    ):
        boards = [open_page(staff_client(user), "/admin/") for user in (doctor.user, reception)]
        for board in boards:
            expect(board.locator("[data-day-part='visits'] .desk-state")).to_have_text("Confirmed")

        attending.arrive(visit, by=patient.user)

        for board in boards:
            told = board.locator("[data-day-part='visits'] .desk-state")
            expect(told).to_contain_text("Waiting", timeout=PATIENCE)
            expect_live(board)

    def test_tells_the_patient_whose_turn_it_is(self, open_page, client_of, visit, doctor, patient):
        page = open_page(client_of(patient.user), reverse("appointment", args=[visit.pk]))
        expect(page.get_by_role("button", name="I’m here")).to_be_visible()

        attending.arrive(visit, by=patient.user)
        expect(page.get_by_role("heading", name="The doctor sees that you are here")).to_be_visible(
            timeout=PATIENCE
        )
        expect(page.get_by_role("button", name="I’m here")).to_have_count(0)
        consulting.open(visit, by=doctor.user)

        heading = "Your consultation is under way"
        expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=PATIENCE)
        expect(page.locator("[data-told]")).to_have_text(heading)
        expect_live(page)


class TestTheTimes:
    def test_that_somebody_takes_is_marked_and_offered_again_when_it_is_free(
        self, open_page, client_of, make_slot, make_patient, patient, fees, practice
    ):
        first, second = make_slot(48), make_slot(48.5)
        page = open_page(client_of(patient.user), f"{reverse('book')}?kind={first.appointment_type_id}")
        times = page.locator(".time")
        count = times.count()

        other = make_patient("other")
        held = booking.hold(first, patient=other, by=other.user)

        gone = page.locator(f".time[data-slot='{first.pk}']")
        expect(gone).to_contain_text("taken", timeout=PATIENCE)
        expect(gone).to_have_attribute("aria-disabled", "true")
        expect(page.locator("a.time[href]")).to_have_count(count - 1)
        cancelling.cancel(held, by=other.user, why="Changed their mind.")
        expect(page.locator("a.time[href]")).to_have_count(count, timeout=PATIENCE)
        expect(gone).not_to_contain_text("taken")
        assert second.pk
        expect_live(page)

    def test_that_somebody_takes_cannot_be_held_any_more(
        self, open_page, client_of, slot, make_patient, patient, fees, practice
    ):
        page = open_page(client_of(patient.user), reverse("slot", args=[slot.pk]))
        button = page.get_by_role("button", name="Hold this time for me")
        expect(button).to_be_enabled()

        other = make_patient("other")
        booking.hold(slot, patient=other, by=other.user)

        expect(page.get_by_role("alert")).to_contain_text(
            "Somebody has just taken this time.", timeout=PATIENCE
        )
        expect(button).to_be_disabled()
        expect_live(page)
