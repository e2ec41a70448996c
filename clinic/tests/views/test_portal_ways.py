"""Ways through the portal in real browsers: without a mouse, without a script, and with more time."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect

from clinic import answering, booking
from clinic.models import Appointment, Consent
from messaging.tests.live import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("files")]
PHONE = {"width": 320, "height": 640}
STOPS = 150  # of the Tab key, until one is where one wants to be
HERE = """() => {
  const here = document.activeElement;
  const same = here.name ? [...document.getElementsByName(here.name)] : [];
  return { type: here.type || here.localName, text: here.textContent.trim(), value: here.value || "",
           answered: same.some((one) => one.checked) };
}"""
RING = """() => {
  const style = getComputedStyle(document.activeElement);
  return document.activeElement.matches(":focus-visible") && style.outlineStyle !== "none";
}"""


@pytest.fixture(autouse=True)
def _shipped(patient, fees, client):
    call_command("migrate", verbosity=0)  # ships again what the test before took away
    client.force_login(patient.user)


def test_the_questions_before_a_visit_are_answered_by_keyboard_alone(request, patient, client, open_context):
    visit = request.getfixturevalue("confirmed")
    page = open_context(client, viewport=PHONE).new_page()
    page.goto(reverse("appointment-intake", args=[visit.pk]))

    for _ in range(STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here["type"] in {"textarea", "text"} and not here["value"]:
            page.keyboard.type("None")
        elif here["type"] == "radio" and not here["answered"]:
            page.keyboard.press("Space")
        elif here["text"] == "Save your answers":
            assert page.evaluate(RING)
            page.keyboard.press("Enter")
            break

    expect(page.get_by_text("Your answers are saved.")).to_be_visible()
    assert answering.how_far(visit, by=patient.user) == "done"


@pytest.mark.parametrize("script", [True, False], ids=["by-keyboard", "without-a-script"])
def test_a_time_is_chosen_agreed_to_and_held(patient, client, make_slot, open_context, script):
    make_slot(48)
    page = open_context(client, viewport=PHONE, java_script_enabled=script).new_page()
    page.goto("/portal/")

    go = _by_keyboard if script else _by_pointer
    go(page, page.get_by_role("link", name="Book", exact=True), "Enter")
    go(page, page.locator("a.time").first, "Enter")
    summary = page.locator("summary").filter(has_text="Fees and cancellation")
    go(page, summary, "Enter")
    expect(page.get_by_text("There is no Medicare rebate for this consultation.")).to_be_visible()
    go(page, page.get_by_role("checkbox"), "Space")
    go(page, page.get_by_role("button", name="Hold this time for me"), "Enter")

    expect(page.get_by_text("Held for you until")).to_be_visible()
    assert Appointment.objects.get().status == "held"
    assert Consent.objects.filter(answer="given").count() == 3


def test_a_yes_is_taken_back_without_a_script(patient, client, make_slot, open_context):
    booking.hold(make_slot(48), patient=patient, by=patient.user, consents=["telehealth"])
    page = open_context(client, viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(reverse("profile"))

    page.get_by_role("link", name="What you agreed to").click()
    page.get_by_role("button", name="Withdraw “Consultation by voice or video”").click()

    expect(page.get_by_text(re.compile("Withdrawn, and noted. Before your next booking"))).to_be_visible()
    assert patient.consents.newest().get().answer == "withdrawn"


def test_more_time_is_offered_before_it_runs_out_and_given_once(patient, client, make_slot, open_context):
    held = booking.hold(make_slot(48), patient=patient, by=patient.user)
    page = open_context(client, viewport=PHONE).new_page()
    page.clock.install(time=held.created_at)
    page.goto(reverse("appointment", args=[held.pk]))
    spoken = page.locator("[data-ending]")
    expect(page.locator(".countdown time")).to_be_visible()
    before = spoken.text_content()

    page.clock.fast_forward(
        int((held.held_until - held.created_at - timedelta(seconds=110)).total_seconds()) * 1000
    )
    expect(spoken).to_have_text(re.compile("Two minutes are left to pay. Press the button “More time”"))
    page.get_by_role("button", name="More time").click()

    expect(page.get_by_text("You have more time")).to_be_visible()
    expect(page.get_by_role("button", name="More time")).to_have_count(0)
    assert (before, spoken.get_attribute("role")) == ("", "status")
    wait_until(lambda: Appointment.objects.get().extended_at is not None, "the hold is extended")
    assert Appointment.objects.get().held_until > held.held_until


def _by_pointer(page, target, key: str) -> None:
    target.click()


def _by_keyboard(page, target, key: str) -> None:
    """Press Tab until one is at ``target``, see that one is there, and press ``key``."""
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            assert page.evaluate(RING), f"One does not see that one is at {target}"
            page.keyboard.press(key)
            page.wait_for_load_state()
            return
    raise AssertionError(f"The keyboard does not lead to {target}.")
