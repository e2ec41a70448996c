"""How the choice of letters and the outbox look and are worked: phone and desk, light and dark."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from messaging import choosing, mailing
from messaging.models import Delivery, Letter
from messaging.tests.views.test_room_screens import DESK, PHONE, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
CHOICES, OUTBOX = "/accounts/letters/", "/admin/messaging/letter/"


def picture(page, name: str) -> None:
    """Keep a picture where somebody asked for pictures."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture
def outbox(patient):
    for number, outcome in enumerate(["delivered", "bounced", "complained", None], start=1):
        sent = mailing.queue(
            "clinic/mail/appointment_moved", recipient=patient, to=f"p{number}@example.com", context={}
        )
        sent.move_to(
            Letter.Status.SENT,
            by=None,
            message_id=f"m-{number}",
            sent_at=timezone.now(),
            subject="Your appointment has a new time",
            body="Hello,\n\nyour appointment was moved.\n",
        )
        if outcome:
            Delivery.objects.create(
                event_id=str(number),
                message_id=f"m-{number}",
                to=sent.to,
                outcome=outcome,
                at=timezone.now() - timedelta(minutes=number),
                reason="550 5.1.1 No such user here",
            )
    unwanted = mailing.queue(
        "billing/mail/receipt_ready", recipient=patient, to=patient.email, context={"what": "receipt"}
    )
    unwanted.move_to(Letter.Status.DROPPED, by=None, dropped_for="unwanted")


@SCHEMES
def test_a_patient_chooses_on_a_small_phone(open_room, browser_of, patient, scheme):
    Delivery.objects.create(event_id="1", to=patient.email, outcome="bounced", at=timezone.now())
    page = open_room(
        browser_of(patient),
        CHOICES,
        viewport=PHONE,
        color_scheme=scheme,
        has_touch=True,
        is_mobile=True,
        java_script_enabled=True,
    )
    look(page)
    picture(page, f"choices-phone-{scheme}")

    page.get_by_label("Reminders before an appointment").uncheck()
    page.get_by_role("button", name="Save your choice").click()

    expect(page.get_by_text("Your choice is saved.")).to_be_visible()
    expect(page.get_by_label("Reminders before an appointment")).not_to_be_checked()
    look(page)
    picture(page, f"choices-saved-{scheme}")
    assert choosing.wanted_by(patient) == {"messages", "papers", "notices"}


def test_it_works_by_keyboard_without_a_script(open_room, browser_of, patient):
    page = open_room(browser_of(patient), CHOICES, viewport=PHONE, java_script_enabled=False)

    page.get_by_label("A message is waiting for you").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Your choice is saved.")).to_be_visible()
    assert choosing.wanted_by(patient) == {"reminders", "papers", "notices"}


@SCHEMES
def test_a_manager_reads_the_outbox(open_room, staff_client, manager, outbox, scheme):
    call_command("createcachetable", "shared_cache")  # the desk counts what waits there
    page = open_room(
        staff_client(manager), OUTBOX, viewport=DESK, color_scheme=scheme, reduced_motion="reduce"
    )
    expect(page.locator("#result_list tbody tr")).to_have_count(5)
    look(page)
    picture(page, f"outbox-{scheme}")

    page.goto(page.url + "?delivery=bounced")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    look(page)
    page.locator("#result_list tbody a").first.click()
    expect(page.get_by_text("550 5.1.1 No such user here")).to_be_visible()
    look(page)
    picture(page, f"letter-{scheme}")
