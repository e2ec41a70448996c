"""How conversations look and are worked by keyboard: on a small phone and at a desk, in light and in dark."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect

from messaging import chatting, withdrawing
from messaging.tests.live import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE, DESK = {"width": 320, "height": 640}, {"width": 1440, "height": 900}
LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3


@pytest.fixture
def told(room, patient, doctor):
    """A conversation with everything that a conversation can have."""
    chatting.post(room, by=doctor, text="Good morning. How did you sleep with the new dose of the oil?")
    chatting.post(room, by=patient, text=f"Well! {LONG}", answers=1)
    wrong = chatting.post(room, by=doctor, text="Meant for somebody else entirely")
    withdrawing.withdraw(wrong, by=doctor, reason="elsewhere")
    chatting.post(room, by=patient, text="What was that?", answers=3)
    chatting.post_system(room, text="A document from your doctor is ready. You find it under Documents.")
    chatting.post(room, by=patient, text="Thank you. The headache is gone.")
    return room


def look(page):
    """Ask axe, and whether the page is wider than the screen."""
    found = Axe().run(page, options=RULES).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    broken = [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found]
    assert (broken, wide, page.broken) == ([], 0, [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_patient_on_a_small_phone(open_room, browser_of, patient, told, scheme):
    page = open_room(
        browser_of(patient),
        viewport=PHONE,
        color_scheme=scheme,
        reduced_motion="reduce",
        has_touch=True,
        is_mobile=True,
    )
    expect(page.locator(".room-message")).to_have_count(6)
    look(page)

    page.locator("#message-1 [data-answer]").click()
    look(page)
    page.locator("#message-6 [data-withdraw]").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Keep the message").click()
    page.get_by_text("Search, or go to a day").click()
    look(page)
    page.get_by_label("Words in this conversation").fill("headache")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("mark")).to_have_text(["headache"])
    look(page)
    page.get_by_role("link", name="Thank you").click()
    expect(page.locator("#message-6")).to_be_in_viewport()
    page.get_by_role("link", name="All messages").click()
    look(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_doctor_at_the_desk_by_keyboard(open_room, staff_client, doctor, told, scheme):
    call_command("createcachetable", "shared_cache")  # the desk counts what waits there
    desk = reverse("admin:messaging_room_change", args=[told.pk])
    page = open_room(staff_client(doctor), desk, viewport=DESK, color_scheme=scheme, reduced_motion="reduce")
    expect(page.locator(".room-message")).to_have_count(6)

    page.locator("#message-6 [data-answer]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.type("Good to hear")
    page.keyboard.press("Enter")
    expect(page.locator("#message-7 .room-quote")).to_contain_text("The headache is gone.")
    page.locator("#message-7 [data-withdraw]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="There was a mistake in it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#message-7 [data-withdraw]")).to_be_focused()
    page.locator("#message-7 .room-quote").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#message-6")).to_be_focused()
    found = Axe().run(page, context=".room", options=RULES).response["violations"]

    assert ([rule["id"] for rule in found], page.broken) == ([], [])


def test_all_of_it_works_without_a_script(open_room, browser_of, patient, told):
    page = open_room(browser_of(patient), java_script_enabled=False, viewport=PHONE)

    page.locator("#message-1 [data-answer]").click()
    page.get_by_label("Your message").fill("Slept well")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#message-7 .room-quote")).to_contain_text("Good morning.")
    page.locator("#message-7 [data-withdraw]").click()
    page.get_by_label("It was sent twice").check()
    page.get_by_role("button", name="Withdraw the message").click()
    expect(page.locator("#message-7 [data-withdrawn]")).to_have_text(
        "Message withdrawn by you: it was sent twice."
    )
    page.get_by_text("Search, or go to a day").click()
    page.get_by_label("First message of a day").fill("2020-01-01")
    page.get_by_role("button", name="Go").click()

    assert page.url.endswith("/?around=1#message-1")
    wait_until(lambda: chatting.unread_for(patient) == {}, "the read mark")
